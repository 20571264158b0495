/** The calls of a server, counted. */

import type { Count, Meter } from "./meter.ts";
import { METRICS } from "./metric-catalogue.ts";
import type { RpcOutcome } from "./rpc-observer.ts";

/** What stands for every method and status that there is not. */
export const OTHER = "_OTHER";

const GRPC = "grpc";

/** The statuses of gRPC that say that the server failed, not the caller: OpenTelemetry's list. */
const SERVER_ERRORS = new Set(["UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"]);

const STATUSES = new Set([
  "OK",
  "CANCELLED",
  "INVALID_ARGUMENT",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNAUTHENTICATED",
  ...SERVER_ERRORS,
]);

/** The status as a label: `_OTHER` for one that there is not. */
const statusLabel = (status: string): string => (STATUSES.has(status) ? status : OTHER);

/** The status when it says that the server failed, else "". */
export const serverError = (status: string): string => (SERVER_ERRORS.has(status) || !STATUSES.has(status) ? statusLabel(status) : "");

/** What is counted of the calls of one method. */
interface MethodCounts {
  readonly ok: Count;
  readonly requestSize: Count;
  readonly responseSize: Count;
  readonly decode: Count;
  readonly encode: Count;
}

/** Makes what counts calls; the method is one that there is, or OTHER. */
export function rpcMetrics(meter: Meter): (method: string, outcome: RpcOutcome) => void {
  const duration = meter.histogram(METRICS.rpcDuration);
  const requestSize = meter.histogram(METRICS.rpcRequestSize);
  const responseSize = meter.histogram(METRICS.rpcResponseSize);
  const serialization = meter.histogram(METRICS.rpcSerialization);
  const methods = new Map<string, MethodCounts>();

  function countsOf(method: string): MethodCounts {
    const counts: MethodCounts = {
      ok: duration.of(GRPC, method, "OK", ""),
      requestSize: requestSize.of(GRPC, method),
      responseSize: responseSize.of(GRPC, method),
      decode: serialization.of("decode", method),
      encode: serialization.of("encode", method),
    };
    methods.set(method, counts);
    return counts;
  }

  return (method, { status, durationMs, decodeMs, encodeMs, requestBytes, responseBytes }) => {
    const counts = methods.get(method) ?? countsOf(method);
    if (status === "OK") counts.ok(durationMs / 1000);
    else duration(durationMs / 1000, GRPC, method, statusLabel(status), serverError(status));
    if (requestBytes !== undefined) counts.requestSize(requestBytes);
    if (responseBytes !== undefined) counts.responseSize(responseBytes);
    if (decodeMs !== undefined) counts.decode(decodeMs / 1000);
    if (encodeMs !== undefined) counts.encode(encodeMs / 1000);
  };
}
