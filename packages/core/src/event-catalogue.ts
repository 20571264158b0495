/** Every event that an observer can be told, as data: telemetry and docs/telemetry.md are made from it or checked against it. */
import type { ObserverEvent } from "./observer.ts";

/** What tells events apart. */
export type EventKind = ObserverEvent["kind"];

/** The event of a kind. */
export type EventOf<K extends EventKind, E extends ObserverEvent = ObserverEvent> = E extends ObserverEvent
  ? K extends E["kind"]
    ? E
    : never
  : never;

type KeysOf<E> = E extends ObserverEvent ? keyof E : never;

/** Every field of every event but `kind`. */
export type EventField = Exclude<KeysOf<ObserverEvent>, "kind">;

/** A number that can be summed up and put into histograms. */
export interface MeasurementDescription {
  /** In UCUM, as OpenTelemetry writes units; what is counted stands in braces. */
  readonly unit: string;
  readonly description: string;
}

/** Something that an event says beside its measurements. */
export interface AttributeDescription {
  readonly description: string;
  /**
   * - `label`: one of a few values, fit for a metric's label;
   * - `identity`: a session's id or a variable's name, unbounded, told only where that was asked for;
   * - `detail`: unbounded, for spans and logs.
   */
  readonly use: "label" | "identity" | "detail";
}

/** The measurements, by the field that has them. A field means the same in every event. */
export const EVENT_MEASUREMENTS = {
  durationMs: { unit: "ms", description: "From the beginning until the outcome was known" },
  waitMs: { unit: "ms", description: "How long the first of the changes waited until their save began" },
  sizeBytes: { unit: "By", description: "Length of the encoded value; of several values, the sum" },
  sessionVariables: { unit: "{variable}", description: "Variables in the session" },
  sessionBytes: { unit: "By", description: "Names and encoded values in the session" },
  operations: { unit: "{operation}", description: "Operations asked for in a batch; variables written or removed by a commit" },
  succeeded: { unit: "{operation}", description: "Operations of a batch that found or changed something" },
  deltas: { unit: "{delta}", description: "Changes of sessions that were saved together" },
  conflicts: { unit: "{delta}", description: "Changes that the store refused because it has another base; they are carried out again" },
  variables: { unit: "{variable}", description: "Variables or values that came from the store" },
  due: { unit: "{session}", description: "Sessions that were due, or had variables that were" },
  sessions: { unit: "{session}", description: "Sessions in memory" },
  limit: { unit: "{session}", description: "Sessions that there may be in memory" },
} as const satisfies Partial<Record<EventField, MeasurementDescription>>;

/** A field with a measurement. */
export type MeasurementField = keyof typeof EVENT_MEASUREMENTS;

/** A field with an attribute. */
export type AttributeField = Exclude<EventField, MeasurementField>;

/** The attributes, by the field that has them. */
export const EVENT_ATTRIBUTES: Readonly<Record<AttributeField, AttributeDescription>> = {
  key: { use: "identity", description: "Tenant and id of the session; the id is empty when it was refused" },
  name: { use: "identity", description: "Name of the variable; empty when it was refused, or when there is no one name" },
  operation: { use: "label", description: "What was asked for, such as get, set, increment or pop_last" },
  type: { use: "label", description: "Type name of the value, custom for custom encodings; empty when there is none" },
  found: { use: "label", description: "Whether there is such a variable or session; for deletions, whether there was" },
  applied: { use: "label", description: "Whether something changed" },
  atomic: { use: "label", description: "Whether the batch took effect, or was read, as one" },
  reason: { use: "label", description: "The stable reason of the error; empty when it succeeded" },
  outcome: { use: "label", description: "How it ended" },
  what: { use: "label", description: "What was asked of the store: a session, or values of one" },
  revision: { use: "detail", description: "Revision of the session" },
  startedAtMs: { use: "detail", description: "When it began, on the engine's monotonic clock, in milliseconds" },
  trace: { use: "detail", description: "What the call carried to be recognized by, as it was given" },
  traces: { use: "detail", description: "The different traces of the calls that were saved together" },
  cause: { use: "detail", description: "Why the save failed; for logs alone" },
};

/** What is known of a kind of event. */
export interface EventDescription<K extends EventKind = EventKind> {
  /** The name under which the world knows it. */
  readonly name: `session_bridge.${string}`;
  readonly description: string;
  readonly measurements: readonly Extract<keyof EventOf<K>, MeasurementField>[];
  readonly attributes: readonly Extract<keyof EventOf<K>, AttributeField>[];
}

const VARIABLE = {
  measurements: ["durationMs", "sizeBytes", "sessionVariables", "sessionBytes"],
  attributes: ["key", "name", "operation", "type", "found", "applied", "reason", "startedAtMs", "trace"],
} as const;
const SESSION = { measurements: ["sessionVariables", "sessionBytes"], attributes: ["key", "revision"] } as const;

/** Every kind of event. */
export const EVENT_CATALOGUE: { readonly [K in EventKind]: EventDescription<K> } = {
  "variable.get": {
    name: "session_bridge.session.variable.get",
    description: "A variable was read, or is missing",
    ...VARIABLE,
  },
  "variable.set": {
    name: "session_bridge.session.variable.set",
    description: "A variable was set, or was not",
    ...VARIABLE,
  },
  "variable.delete": {
    name: "session_bridge.session.variable.delete",
    description: "Variables were deleted: by name, by prefix (clear), or the last one (pop_last)",
    ...VARIABLE,
  },
  "variable.update": {
    name: "session_bridge.session.variable.update",
    description: "A variable was changed from what it was; or a rollback, a checkpoint or a declaration was made",
    ...VARIABLE,
  },
  "variable.check": {
    name: "session_bridge.session.variable.check",
    description: "A bare precondition of an update was judged",
    ...VARIABLE,
  },
  "variable.expired": {
    name: "session_bridge.session.variable.expired",
    description: "A variable's deadline passed, and it is gone",
    ...VARIABLE,
  },
  "variable.batch": {
    name: "session_bridge.session.variable.batch",
    description: "Many variables were read, listed or changed by one call; told after the events of its operations",
    measurements: ["durationMs", "operations", "succeeded", "sizeBytes", "sessionVariables", "sessionBytes"],
    attributes: ["key", "operation", "atomic", "reason", "startedAtMs", "trace"],
  },
  "session.created": {
    name: "session_bridge.session.created",
    description: "A session was created, by a call or by its first write",
    ...SESSION,
  },
  "session.loaded": {
    name: "session_bridge.session.loaded",
    description: "A session came into memory from the store",
    measurements: ["durationMs", ...SESSION.measurements],
    attributes: [...SESSION.attributes, "startedAtMs"],
  },
  "session.touched": {
    name: "session_bridge.session.touched",
    description: "A session's life was extended or changed by a call",
    ...SESSION,
  },
  "session.expired": { name: "session_bridge.session.expired", description: "A session's deadline passed, and it is gone", ...SESSION },
  "session.deleted": { name: "session_bridge.session.deleted", description: "A session was deleted by a call", ...SESSION },
  "session.evicted": { name: "session_bridge.session.evicted", description: "A session left memory; the store has it", ...SESSION },
  "session.call": {
    name: "session_bridge.session.call",
    description: "A call about a session as a whole, or a listing of sessions, was answered",
    measurements: ["durationMs", "sessionVariables", "sessionBytes"],
    attributes: ["key", "operation", "found", "reason", "startedAtMs", "trace"],
  },
  "sessions.crowded": {
    name: "session_bridge.sessions.crowded",
    description: "A server without a store has used 80 % of the sessions it may have",
    measurements: ["sessions", "limit"],
    attributes: [],
  },
  commit: {
    name: "session_bridge.commit",
    description: "Changes were saved together; without any delta, the store was asked whether it works again",
    measurements: ["durationMs", "waitMs", "deltas", "conflicts", "operations", "sizeBytes"],
    attributes: ["outcome", "startedAtMs", "traces", "cause"],
  },
  load: {
    name: "session_bridge.load",
    description: "The store was asked for a session, or for large values of one",
    measurements: ["durationMs", "variables", "sizeBytes"],
    attributes: ["key", "what", "outcome", "reason", "startedAtMs"],
  },
  sweep: {
    name: "session_bridge.sweep",
    description: "What was due was looked for and expired",
    measurements: ["durationMs", "due"],
    attributes: ["outcome", "startedAtMs"],
  },
};
