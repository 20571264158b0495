/** Every attribute that a span can have: the one place they come from. docs/telemetry.md is checked against it. */
import { EVENT_CATALOGUE } from "@session-bridge/core/internal";

/** The spans of what the engine does, by the event that they are made of; they have the events' names. A call's span has its method's name. */
export const ENGINE_SPANS = EVENT_CATALOGUE;

/** The names of the attributes of spans. Those that name a session or a variable obey `--telemetry-names`; none is a value. */
export const SPAN_ATTRIBUTES = {
  rpcSystem: "rpc.system.name",
  rpcMethod: "rpc.method",
  rpcStatus: "rpc.response.status_code",
  reason: "session_bridge.reason",
  decode: "session_bridge.rpc.decode.duration",
  encode: "session_bridge.rpc.encode.duration",
  requestSize: "session_bridge.rpc.request.size",
  responseSize: "session_bridge.rpc.response.size",
  spansDropped: "session_bridge.spans.dropped",
  operation: "session_bridge.operation",
  outcome: "session_bridge.outcome",
  session: "session_bridge.session.id",
  variable: "session_bridge.session.variable.name",
  type: "session_bridge.session.variable.type",
  size: "session_bridge.size",
  sessionSize: "session_bridge.session.size",
  sessionVariables: "session_bridge.session.variables",
  operations: "session_bridge.operations",
  deltas: "session_bridge.commit.deltas",
  conflicts: "session_bridge.commit.conflicts",
  wait: "session_bridge.commit.wait",
} as const;

/** What the attributes say, by their names. */
export const SPAN_ATTRIBUTE_DESCRIPTIONS: Readonly<Record<(typeof SPAN_ATTRIBUTES)[keyof typeof SPAN_ATTRIBUTES], string>> = {
  "rpc.system.name": "`grpc`, also over the direct protocol",
  "rpc.method": "Full name of the method; `_OTHER` for one that the server does not have",
  "rpc.response.status_code": "Name of the gRPC status",
  "session_bridge.reason": "Reason of the error; absent on success",
  "session_bridge.rpc.decode.duration": "Seconds that protobuf took to decode the request",
  "session_bridge.rpc.encode.duration": "Seconds that protobuf took to encode the response",
  "session_bridge.rpc.request.size": "Bytes of the request",
  "session_bridge.rpc.response.size": "Bytes of the response",
  "session_bridge.spans.dropped": "Operations of this call beyond the 32 that have spans; absent when there are none",
  "session_bridge.operation": "What was asked for, such as `set`",
  "session_bridge.outcome": "How it ended, as in the metrics",
  "session_bridge.session.id": "Id of the session, as `--telemetry-names` says; absent with `off`",
  "session_bridge.session.variable.name": "Name of the variable, as `--telemetry-names` says; absent with `off`",
  "session_bridge.session.variable.type": "Type name of the value; empty when there is none",
  "session_bridge.size": "Bytes of the encoded value, or of all values of a batch or a commit",
  "session_bridge.session.size": "Bytes of the session's names and encoded values",
  "session_bridge.session.variables": "Variables in the session",
  "session_bridge.operations": "Operations of a batch, or variables written or removed by a commit",
  "session_bridge.commit.deltas": "Changes of sessions that were saved together",
  "session_bridge.commit.conflicts": "Changes that the store refused because it has another base",
  "session_bridge.commit.wait": "Seconds that the first of them waited until the save began",
};
