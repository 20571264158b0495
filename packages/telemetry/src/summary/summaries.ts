/** What sessions do, summed up: everything here takes a fixed amount of memory, whatever is thrown at it. */
import type { ObserverEvent, VariableEvent } from "@session-bridge/core/internal";
import { outcomeOf } from "../engine-metrics.ts";
import type { NamesMode, ShowName } from "../names.ts";
import { typeLabel } from "../type-label.ts";
import { growth } from "./growth.ts";
import { type QuantileSketch, quantileSketch } from "./quantile-sketch.ts";
import { sessionSample } from "./session-sample.ts";
import type { NamedCount, Quantiles, Summary } from "./summary.ts";
import { type TopK, topK } from "./top-k.ts";

/** How many names are shown, and how many are counted to find them. */
const SHOWN_NAMES = 50;
const COUNTED_NAMES = 1000;
const SAMPLED_SESSIONS = 4096;
const GROWTH_PERIODS = 120;
const FIRST_PERIOD_MS = 10_000;

/** What they are made with. */
export interface SummaryParts {
  readonly mode: NamesMode;
  readonly show: ShowName;
  readonly now: () => number;
  readonly monotonic: () => number;
  /** Any number; different in each process. */
  readonly seed: number;
}

/** Sums up events. */
export interface Summaries {
  observe(event: ObserverEvent): void;
  summary(): Summary;
}

type Life = "created" | "loaded" | "touched" | "expired" | "deleted" | "evicted";

/** Summaries of nothing yet. */
export function summaries({ mode, show, now, monotonic, seed }: SummaryParts): Summaries {
  const startedAtMs = now();
  const startedMonotonicMs = monotonic();
  const byOperation = new Map<string, { count: number; failed: number }>();
  const types = new Map<string, { writes: number; bytes: number }>();
  const lives: Record<Life, number> = { created: 0, loaded: 0, touched: 0, expired: 0, deleted: 0, evicted: 0 };
  const reads = { hits: 0, misses: 0 };
  const written = quantileSketch();
  const read = quantileSketch();
  const sessionBytes = quantileSketch();
  const sessionVariables = quantileSketch();
  const sizes = growth(GROWTH_PERIODS, FIRST_PERIOD_MS, startedAtMs, startedMonotonicMs);
  const perSession = sessionSample(SAMPLED_SESSIONS, seed);
  const [mostRead, mostWritten, busiest] = [topK(COUNTED_NAMES), topK(COUNTED_NAMES), topK(COUNTED_NAMES)];
  const named = mode !== "off";

  function variable(event: VariableEvent): void {
    const { operation, name, key, applied, sizeBytes } = event;
    const outcome = outcomeOf(event);
    const counted = byOperation.get(operation) ?? { count: 0, failed: 0 };
    byOperation.set(operation, counted);
    counted.count += 1;
    if (outcome === "failed") counted.failed += 1;
    if (key.id !== "" && operation !== "expire") {
      perSession.add(key.tenant, key.id);
      if (named) busiest.add(key.tenant === "" ? key.id : `${key.tenant}/${key.id}`);
    }
    if (outcome === "failed") return;
    if (operation === "get") {
      if (event.found) {
        reads.hits += 1;
        read.add(sizeBytes);
      } else reads.misses += 1;
      if (named && name !== "") mostRead.add(name);
    } else if (applied) change(event);
  }

  function change({ name, operation, type: typeName, sizeBytes, ...event }: VariableEvent): void {
    if (named && name !== "" && operation !== "expire") mostWritten.add(name);
    sessionBytes.add(event.sessionBytes);
    sessionVariables.add(event.sessionVariables);
    sizes.add(event.startedAtMs + event.durationMs, event.sessionBytes, event.sessionVariables);
    const type = typeLabel(typeName);
    if (type === "") return;
    written.add(sizeBytes);
    const of = types.get(type) ?? { writes: 0, bytes: 0 };
    types.set(type, of);
    of.writes += 1;
    of.bytes += sizeBytes;
  }

  const namesOf = (sketch: TopK): readonly NamedCount[] =>
    sketch.top(SHOWN_NAMES).map(({ key, count, error }) => ({ name: show(key) ?? "", count, error }));

  return {
    observe(event) {
      if ("name" in event) variable(event);
      else if (event.kind.startsWith("session.") && event.kind !== "session.call") {
        const life = event.kind.slice("session.".length) as Life;
        lives[life] += 1;
      }
    },
    summary: () => ({
      startedAtMs,
      durationMs: monotonic() - startedMonotonicMs,
      names: mode,
      operations: Object.fromEntries([...byOperation].map(([name, of]) => [name, { ...of }])),
      reads: { ...reads, hitRatio: reads.hits + reads.misses === 0 ? null : reads.hits / (reads.hits + reads.misses) },
      types: Object.fromEntries([...types].map(([name, of]) => [name, { ...of }])),
      sizes: {
        writtenBytes: quantilesOf(written),
        readBytes: quantilesOf(read),
        sessionBytes: quantilesOf(sessionBytes),
        sessionVariables: quantilesOf(sessionVariables),
      },
      growth: sizes.periods(),
      sessions: { ...lives, active: perSession.sessions, sampled: perSession.sampled, operations: quantilesOf(perSession.operations()) },
      mostRead: namesOf(mostRead),
      mostWritten: namesOf(mostWritten),
      busiestSessions: namesOf(busiest),
    }),
  };
}

function quantilesOf(sketch: QuantileSketch): Quantiles {
  const { count, sum, max } = sketch;
  const [p50, p90, p99] = [0.5, 0.9, 0.99].map((q) => sketch.quantile(q) ?? 0) as [number, number, number];
  return { count, mean: count === 0 ? 0 : sum / count, p50, p90, p99, max };
}
