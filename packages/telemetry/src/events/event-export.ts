/** Events as records for a log or a file, so many a second and no more; what is left out is counted. */
import { EVENT_ATTRIBUTES, EVENT_CATALOGUE, type EventKind, type ObserverEvent } from "@session-bridge/core/internal";
import type { Meter } from "../meter.ts";
import { METRICS } from "../metric-catalogue.ts";
import type { ShowName } from "../names.ts";
import { tokenBucket } from "./token-bucket.ts";

/** An event as the world gets it. It has no value, no part of one, and no text of an error. */
export interface EventRecord {
  /** Its public name, such as `session_bridge.session.variable.set`. */
  readonly name: string;
  /** When its outcome was known, in milliseconds since the epoch. */
  readonly atMs: number;
  /** Measurements and attributes, by core's names of them; `session`, `tenant` and `name` are shown as the names mode says. */
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly limiter: LimiterState;
}

/** What the limiter did to the events around this one. */
export interface LimiterState {
  /** How many more could follow at once. */
  readonly tokensLeft: number;
  /** How many should have come between the record before and this one, but were too many or found the sink failing. */
  readonly droppedSinceLast: number;
  /** The share of events of this kind that are exported at all. */
  readonly sampleRatio: number;
}

/** How events are exported. */
export interface EventExportOptions {
  /** Gets each record, at once, on the engine's thread: it has to return quickly. What it throws is counted as a drop. */
  readonly sink: (record: EventRecord) => void;
  /** How many a second in the long run; 100. */
  readonly perSecond?: number | undefined;
  /** How many at once; twice `perSecond`, and at least 1. */
  readonly burst?: number | undefined;
  /** The share of the events of a kind that are exported, 0 … 1; 1 for a kind that is not given. */
  readonly sample?: Readonly<Partial<Record<EventKind, number>>> | undefined;
}

/** What exporting events takes beside its options. */
export interface EventExportParts {
  readonly meter: Meter;
  readonly show: ShowName;
  readonly now: () => number;
  readonly monotonic: () => number;
  /** A number in [0, 1). */
  readonly fraction: () => number;
}

/** The default of `perSecond`. */
const EVENTS_PER_SECOND = 100;

/** What of an event is for others to interpret, or for our own log alone. */
const KEPT_BACK = new Set<string>(["trace", "traces", "cause", "startedAtMs"]);

/** Makes what exports events. */
export function eventExport(options: EventExportOptions, parts: EventExportParts): (event: ObserverEvent) => void {
  const { sink, perSecond = EVENTS_PER_SECOND, burst = Math.max(1, 2 * perSecond), sample = {} } = options;
  const { meter, show, now, monotonic, fraction } = parts;
  const bucket = tokenBucket(perSecond, burst, monotonic);
  const exported = meter.counter(METRICS.eventsExported);
  const dropped = meter.counter(METRICS.eventsDropped);
  // So that the page has them from the start.
  for (const cause of ["rate_limit", "sink_failed"]) dropped(0, cause);
  exported(0);
  let droppedSinceLast = 0;
  const drop = (cause: "rate_limit" | "sink_failed") => {
    droppedSinceLast += 1;
    dropped(1, cause);
  };
  return (event) => {
    const sampleRatio = sample[event.kind] ?? 1;
    if (sampleRatio < 1 && fraction() >= sampleRatio) return;
    if (!bucket.take()) return drop("rate_limit");
    const limiter = { tokensLeft: bucket.tokens, droppedSinceLast, sampleRatio };
    try {
      sink({ name: EVENT_CATALOGUE[event.kind].name, atMs: now(), attributes: attributesOf(event, show), limiter });
    } catch {
      return drop("sink_failed");
    }
    droppedSinceLast = 0;
    exported(1);
  };
}

function attributesOf(event: ObserverEvent, show: ShowName): EventRecord["attributes"] {
  const { measurements, attributes } = EVENT_CATALOGUE[event.kind];
  const fields = event as unknown as Readonly<Record<string, unknown>>;
  const record: Record<string, string | number | boolean> = {};
  const put = (name: string, value: unknown) => {
    if (typeof value === "number" || typeof value === "boolean" || (typeof value === "string" && value !== "")) record[name] = value;
  };
  for (const name of attributes) {
    if (KEPT_BACK.has(name)) continue;
    if (name === "key" && "key" in event) {
      if (event.key.tenant !== "") put("tenant", show(event.key.tenant));
      if (event.key.id !== "") put("session", show(event.key.id));
    } else if (EVENT_ATTRIBUTES[name].use === "identity") {
      if (fields[name] !== "") put(name, show(String(fields[name])));
    } else put(name, fields[name]);
  }
  for (const name of measurements) put(name, fields[name]);
  return record;
}
