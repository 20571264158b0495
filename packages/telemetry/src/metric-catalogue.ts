/** Every metric, its unit and its attributes: the one place they come from. docs/telemetry.md and the dashboard are checked against it. */

/** A metric as OpenTelemetry knows it; the Prometheus page has `_` for `.` and `_total` behind counters. */
export interface Metric {
  readonly name: string;
  readonly kind: "counter" | "histogram" | "gauge";
  /** In UCUM; what is counted stands in braces. */
  readonly unit: string;
  readonly description: string;
  /** Names of METRIC_ATTRIBUTES, in the order in which a recording gives their values. */
  readonly attributes: readonly MetricAttribute[];
  /** Upper bounds of the buckets of a histogram. */
  readonly boundaries?: readonly number[];
}

/** The attributes, each with the values it can have: all of them are few, and none is an id, a name or a part of a value. */
export const METRIC_ATTRIBUTES = {
  operation:
    "What was asked for: a variable's `get`, `set`, `delete`, `increment` …, a session's `create`, `get` …, a batch's `get`, `list`, `update`",
  type: "Type name of the value, as in docs/values.md; `custom` for custom encodings, `other` for what this version does not know; absent when there is none",
  outcome:
    "How it ended. Operations: `ok`, `missing` (there is no such variable or session), `unchanged`, `failed`. Commits: `saved`, `failed`. Loads: `found`, `missing`, `failed`. Sweeps: `swept`, `failed`",
  what: "What was loaded: `session` or `values`",
  direction: "`decode` of requests, `encode` of responses",
  cause: "Why an event was not exported: `rate_limit` or `sink_failed`",
  "error.type": "Only on failures: the reason of the error, such as `REVISION_MISMATCH`, the gRPC status, or `_OTHER`",
  "db.system.name": "The store, such as `sqlite`",
  "db.operation.name": "`save` or `load`",
  "rpc.system.name": "`grpc`, also over the direct protocol, whose calls have the same methods and statuses",
  "rpc.method":
    "Full name of the method, such as `session_bridge.v1.VariableService/GetVariable`; `_OTHER` for methods that the server does not have",
  "rpc.response.status_code": "Name of the gRPC status, such as `OK` or `NOT_FOUND`",
} as const;

/** The name of an attribute of a metric. */
export type MetricAttribute = keyof typeof METRIC_ATTRIBUTES;

/** Seconds, from 10 µs to 10 s. */
const SECONDS = [
  0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
] as const;

/** Bytes, from 16 B to 16 MiB. */
const BYTES = [16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216] as const;

/** Numbers of things that go together. */
const COUNTS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] as const;

const seconds = (name: string, description: string, attributes: readonly MetricAttribute[]) =>
  ({ name, kind: "histogram", unit: "s", description, attributes, boundaries: SECONDS }) as const satisfies Metric;
const bytes = (name: string, description: string, attributes: readonly MetricAttribute[]) =>
  ({ name, kind: "histogram", unit: "By", description, attributes, boundaries: BYTES }) as const satisfies Metric;
const counts = (name: string, unit: string, description: string, attributes: readonly MetricAttribute[] = []) =>
  ({ name, kind: "histogram", unit, description, attributes, boundaries: COUNTS }) as const satisfies Metric;
const counter = (name: string, unit: string, description: string, attributes: readonly MetricAttribute[] = []) =>
  ({ name, kind: "counter", unit, description, attributes }) as const satisfies Metric;
const gauge = (name: string, unit: string, description: string) =>
  ({ name, kind: "gauge", unit, description, attributes: [] }) as const satisfies Metric;

const RPC = ["rpc.system.name", "rpc.method"] as const;

/** Every metric. `rpc.server.*` and `db.client.*` are OpenTelemetry's semantic conventions 1.45. */
export const METRICS = {
  variableDuration: seconds(
    "session_bridge.session.variable.operation.duration",
    "Operations on variables, until their outcome was known; those of a batch all take as long as the batch",
    ["operation", "type", "outcome", "error.type"],
  ),
  variableSize: bytes("session_bridge.session.variable.size", "Encoded values that were read or written", ["operation", "type"]),
  variableExpired: counter("session_bridge.session.variable.expired", "{variable}", "Variables whose deadline passed"),
  batchDuration: seconds(
    "session_bridge.session.variable.batch.duration",
    "Calls that read, list or change many variables, until their outcome was known",
    ["operation", "outcome", "error.type"],
  ),
  batchOperations: counts("session_bridge.session.variable.batch.operations", "{operation}", "Operations in one such call", ["operation"]),
  batchSize: bytes("session_bridge.session.variable.batch.size", "Encoded values that one such call read, listed or wrote", ["operation"]),
  sessionDuration: seconds(
    "session_bridge.session.operation.duration",
    "Calls about sessions as a whole, and listings, until their outcome was known",
    ["operation", "outcome", "error.type"],
  ),
  sessionSize: bytes("session_bridge.session.size", "Names and encoded values of a session, after each change of a variable", []),
  sessionCreated: counter("session_bridge.session.created", "{session}", "Sessions created, by a call or by their first write"),
  sessionLoaded: counter("session_bridge.session.loaded", "{session}", "Sessions that came into memory from the store"),
  sessionTouched: counter("session_bridge.session.touched", "{session}", "Sessions whose life a call extended or changed"),
  sessionExpired: counter("session_bridge.session.expired", "{session}", "Sessions whose deadline passed"),
  sessionDeleted: counter("session_bridge.session.deleted", "{session}", "Sessions deleted by a call"),
  sessionEvicted: counter("session_bridge.session.evicted", "{session}", "Sessions that left memory; the store has them"),
  sessionsCrowded: counter(
    "session_bridge.sessions.crowded",
    "{event}",
    "How often a server without a store has come to 80 % of the sessions it may have",
  ),
  sessionsInMemory: gauge("session_bridge.sessions.in_memory", "{session}", "Sessions in memory now"),
  sessionsMemory: gauge("session_bridge.sessions.memory", "By", "What the sessions in memory are counted as against the memory budget"),
  commitDuration: seconds("session_bridge.commit.duration", "Saves of changes that went to the store together", ["outcome"]),
  commitWait: seconds("session_bridge.commit.wait", "How long the first change of a commit waited until its save began", []),
  commitDeltas: counts("session_bridge.commit.deltas", "{delta}", "Changes of sessions in one commit"),
  commitOperations: counts("session_bridge.commit.operations", "{operation}", "Variables written or removed by one commit"),
  commitSize: bytes("session_bridge.commit.size", "Encoded values saved by one commit", []),
  commitConflicts: counter("session_bridge.commit.conflicts", "{delta}", "Changes that the store refused because it has another base"),
  loadDuration: seconds("session_bridge.load.duration", "Questions to the store for a session or for large values", [
    "what",
    "outcome",
    "error.type",
  ]),
  loadSize: bytes("session_bridge.load.size", "Encoded values that one load brought", ["what"]),
  sweepDuration: seconds("session_bridge.sweep.duration", "Looking for what is due, and expiring it", ["outcome"]),
  sweepDue: counter("session_bridge.sweep.due", "{session}", "Sessions that sweeps found due, or with variables that were"),
  dbDuration: seconds("db.client.operation.duration", "Operations of the store", ["db.system.name", "db.operation.name", "error.type"]),
  rpcDuration: seconds("rpc.server.call.duration", "Calls from their arrival to their answer", [
    ...RPC,
    "rpc.response.status_code",
    "error.type",
  ]),
  rpcRequestSize: bytes("rpc.server.request.size", "Requests, as protobuf messages", RPC),
  rpcResponseSize: bytes("rpc.server.response.size", "Responses, as protobuf messages", RPC),
  rpcSerialization: seconds("session_bridge.rpc.serialization.duration", "Decoding a request or encoding a response, protobuf alone", [
    "direction",
    "rpc.method",
  ]),
  eventsExported: counter("session_bridge.telemetry.events.exported", "{event}", "Event records that were given to the sink"),
  eventsDropped: counter(
    "session_bridge.telemetry.events.dropped",
    "{event}",
    "Event records that should have been exported but were not",
    ["cause"],
  ),
  telemetryErrors: counter("session_bridge.telemetry.errors", "{error}", "Failures inside telemetry itself; none of them reached its host"),
} as const satisfies Record<string, Metric>;
