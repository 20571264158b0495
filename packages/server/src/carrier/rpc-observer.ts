/** The door through which a server tells of its calls, whoever listens. */

/** What a call has in its headers of the trace that it belongs to, as its caller wrote it. */
export interface TraceHeaders {
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
}

/** How a call ended. */
export interface RpcOutcome {
  /** The name of the gRPC status, such as `OK` or `NOT_FOUND`. */
  readonly status: string;
  /** The reason of the error, such as `REVISION_MISMATCH`; "" when it succeeded or was refused before anybody could give one. */
  readonly reason: string;
  /** From its arrival to its answer. */
  readonly durationMs: number;
  /** How long protobuf took to decode the request and to encode the response, of a stream all of them; undefined when it did not come to that. */
  readonly decodeMs?: number | undefined;
  readonly encodeMs?: number | undefined;
  /** The lengths of the messages; undefined when there was none. */
  readonly requestBytes?: number | undefined;
  readonly responseBytes?: number | undefined;
}

/** A call that has begun. */
export interface RpcCall {
  /** What the engine is given as `trace`. */
  readonly trace: unknown;
  end(outcome: RpcOutcome): void;
}

/** Watches the calls of a server, on the server's own thread: it has to return at once. What it throws is swallowed. */
export interface RpcObserver {
  /** A call begins; `method` is its full name without the first slash, such as `session_bridge.v1.VariableService/GetVariable`. */
  begin(method: string, headers?: TraceHeaders): RpcCall;
}
