/** What an observer is told of loading: what the store was asked for, how long that took, and what came. */
import type { Clock } from "./clock.ts";
import { sizesOf } from "./commit-events.ts";
import { type Ending, followed, reasonOf } from "./followed.ts";
import { type LoadEvent, since, type Tell, type Timed } from "./observer.ts";
import type { LoadedVariable, SessionKey, SessionPersistence } from "./persistence.ts";

/** The part of a store that sessions are loaded from. */
export type SessionSource = Pick<SessionPersistence, "capabilities" | "load" | "loadValues">;

type Came = Pick<LoadEvent, "outcome" | "variables" | "sizeBytes" | "reason">;

/** Tells of every load of `source`, and of every session that came. */
export function observedLoads(source: SessionSource, tell: Tell, clock: Clock): SessionSource {
  const told = (what: LoadEvent["what"], key: SessionKey, came: Came, timed: Timed) =>
    tell({ kind: "load", key: { ...key }, what, ...came, ...timed });

  return {
    capabilities: source.capabilities,
    load(key) {
      const startedAtMs = clock.monotonic();
      return followed(
        () => source.load(key),
        (ending) => {
          const timed = since(clock, startedAtMs);
          if ("error" in ending) return told("session", key, failed(ending.error), timed);
          if (ending.answer === undefined) return told("session", key, MISSING, timed);
          const { record, variables } = ending.answer;
          told("session", key, { ...FOUND, variables: variables.length, sizeBytes: bytesCome(variables) }, timed);
          tell({ kind: "session.loaded", key: { ...key }, revision: record.revision, ...sizesOf(record), ...timed });
        },
      );
    },
    loadValues(key, refs) {
      const startedAtMs = clock.monotonic();
      return followed(
        () => source.loadValues(key, refs),
        (ending) => told("values", key, valuesCame(ending, refs.length), since(clock, startedAtMs)),
      );
    },
  };
}

const MISSING: Came = { outcome: "missing", variables: 0, sizeBytes: 0, reason: "" };
const FOUND = { outcome: "found", reason: "" } as const;

const failed = (error: unknown): Came => ({ ...MISSING, outcome: "failed", reason: reasonOf(error, "STORE_UNAVAILABLE") });

/** Large values do not come along. */
const bytesCome = (variables: readonly LoadedVariable[]): number => variables.reduce((sum, { bytes }) => sum + (bytes?.length ?? 0), 0);

function valuesCame(ending: Ending<ReadonlyMap<string, Uint8Array | undefined>>, asked: number): Came {
  if ("error" in ending) return failed(ending.error);
  const values = [...ending.answer.values()].filter((bytes) => bytes !== undefined);
  const sizes = { variables: values.length, sizeBytes: values.reduce((sum, bytes) => sum + bytes.length, 0) };
  if (values.length < ending.answer.size) return { ...sizes, outcome: "failed", reason: "DATA_LOSS" };
  return { ...sizes, outcome: values.length < asked ? "missing" : "found", reason: "" };
}
