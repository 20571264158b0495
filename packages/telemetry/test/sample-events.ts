/** Events as core tells them, with everything that a test does not care about filled in. */
import { EVENT_CATALOGUE, type EventKind, type EventOf, type ObserverEvent } from "@session-bridge/core/internal";

const key = { tenant: "", id: "session-1" };
const timed = { startedAtMs: 0, durationMs: 2 };
const sizes = { sessionVariables: 3, sessionBytes: 300 };
const call = { ...timed, ...sizes, key, reason: "", trace: undefined };
const variable = { ...call, name: "temperature", found: true, applied: true, type: "float", sizeBytes: 9 };

const SAMPLES: { readonly [K in EventKind]: EventOf<K> } = {
  "variable.get": { kind: "variable.get", operation: "get", ...variable, applied: false },
  "variable.set": { kind: "variable.set", operation: "set", ...variable },
  "variable.delete": { kind: "variable.delete", operation: "delete", ...variable, type: "", sizeBytes: 0 },
  "variable.update": { kind: "variable.update", operation: "append", ...variable, type: "list" },
  "variable.check": { kind: "variable.check", operation: "check", ...variable, applied: false },
  "variable.expired": { kind: "variable.expired", operation: "expire", ...variable, found: false, type: "", sizeBytes: 0 },
  "variable.batch": { kind: "variable.batch", operation: "update", atomic: true, operations: 2, succeeded: 2, sizeBytes: 18, ...call },
  "session.created": { kind: "session.created", key, revision: 1, ...sizes },
  "session.loaded": { kind: "session.loaded", key, revision: 1, ...timed, ...sizes },
  "session.touched": { kind: "session.touched", key, revision: 1, ...sizes },
  "session.expired": { kind: "session.expired", key, revision: 1, ...sizes },
  "session.deleted": { kind: "session.deleted", key, revision: 1, ...sizes },
  "session.evicted": { kind: "session.evicted", key, revision: 1, ...sizes },
  "session.call": { kind: "session.call", operation: "get", found: true, ...call },
  "sessions.crowded": { kind: "sessions.crowded", sessions: 8000, limit: 10_000 },
  commit: {
    kind: "commit",
    ...timed,
    outcome: "saved",
    deltas: 2,
    conflicts: 0,
    operations: 3,
    sizeBytes: 27,
    waitMs: 1,
    traces: [],
    cause: undefined,
  },
  load: { kind: "load", ...timed, key, what: "session", outcome: "found", variables: 3, sizeBytes: 27, reason: "" },
  sweep: { kind: "sweep", ...timed, outcome: "swept", due: 1 },
};

/** Every kind of event. */
export const KINDS = Object.keys(EVENT_CATALOGUE) as EventKind[];

/** An event of a kind, with these fields different. */
export const event = <K extends EventKind>(kind: K, fields: Partial<EventOf<K>> = {}): EventOf<K> => ({ ...SAMPLES[kind], ...fields });

/** One event of every kind. */
export const everyEvent = (): ObserverEvent[] => KINDS.map((kind) => event(kind));
