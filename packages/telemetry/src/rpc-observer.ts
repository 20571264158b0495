/** The door through which a server tells telemetry of its calls. */

/** What a call has in its headers of the trace that it belongs to. */
export interface TraceHeaders {
  /** W3C `traceparent`; what is no valid one is as good as none. */
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
}

/** How a call ended, when its answer is on its way. */
export interface RpcOutcome {
  /** The name of the gRPC status, such as `OK` or `NOT_FOUND`. */
  readonly status: string;
  /** The reason of the error, such as `REVISION_MISMATCH`; "" when it succeeded. */
  readonly reason: string;
  /** From its arrival to its answer. */
  readonly durationMs: number;
  /** How long protobuf took to decode the request and to encode the response; undefined when it did not come to that. */
  readonly decodeMs?: number | undefined;
  readonly encodeMs?: number | undefined;
  /** The lengths of the messages; undefined when there was none. */
  readonly requestBytes?: number | undefined;
  readonly responseBytes?: number | undefined;
}

/** A call that has begun. */
export interface RpcCall {
  /** What the engine is to be given as `trace`; undefined when the call is not traced. */
  readonly trace: unknown;
  /** Tells how it ended; only the first time counts. */
  end(outcome: RpcOutcome): void;
}

/** Watches the calls of a server. Nothing here throws or waits. */
export interface RpcObserver {
  /** A call begins; `method` is its full name without the first slash, such as `session_bridge.v1.VariableService/GetVariable`. */
  begin(method: string, headers?: TraceHeaders): RpcCall;
}
