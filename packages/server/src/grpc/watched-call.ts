/** What is known of a call while it lasts, told to the observer when it is over. */
import { type Metadata, status } from "@grpc/grpc-js";
import type { Clock } from "@session-bridge/core/internal";
import type { RpcCall, RpcObserver, TraceHeaders } from "./rpc-observer.ts";

/** What a handler sees of the observer of its call. */
export interface HandledCall {
  /** What the engine is given as `trace`. */
  readonly trace: unknown;
  /** The handler has begun: even if its caller is answered before it has finished, as at a deadline, the call is told when it has. */
  handling(): void;
  /** The handler has finished; `reason` is that of its error, or "". */
  handled(reason: string): void;
}

/** The whole life of a call. A class, since one is made for each call: closures would cost several times as much. */
export class WatchedCall implements HandledCall {
  readonly #clock: Clock;
  readonly #startedAtMs: number;
  readonly #call: RpcCall;
  #working = false;
  #told = false;
  #reason = "";
  #status: string | undefined;
  #durationMs = 0;
  #decodeMs: number | undefined;
  #encodeMs: number | undefined;
  #requestBytes: number | undefined;
  #responseBytes: number | undefined;

  /** A call of `method`, its full name, begins. */
  constructor(method: string, headers: Metadata, observer: RpcObserver, clock: Clock) {
    this.#clock = clock;
    this.#startedAtMs = clock.monotonic();
    this.#call = observer.begin(method, traceHeaders(headers));
  }

  get trace(): unknown {
    return this.#call.trace;
  }

  handling(): void {
    this.#working = true;
  }

  handled(reason: string): void {
    this.#working = false;
    this.#reason = reason;
    this.#tell();
  }

  /** A request took so long to decode, and is so long. */
  decoded(ms: number, bytes: number): void {
    this.#decodeMs = (this.#decodeMs ?? 0) + ms;
    this.#requestBytes = (this.#requestBytes ?? 0) + bytes;
  }

  /** A response took so long to encode, and is so long. */
  encoded(ms: number, bytes: number): void {
    this.#encodeMs = (this.#encodeMs ?? 0) + ms;
    this.#responseBytes = (this.#responseBytes ?? 0) + bytes;
  }

  /** The caller is given this status, a number of gRPC's; only the first one counts. */
  answered(code: number): void {
    if (this.#status !== undefined) return;
    this.#status = status[code] ?? String(code);
    this.#durationMs = this.#clock.monotonic() - this.#startedAtMs;
    this.#tell();
  }

  #tell(): void {
    if (this.#status === undefined || this.#working || this.#told) return;
    this.#told = true;
    this.#call.end({
      status: this.#status,
      reason: this.#reason,
      durationMs: this.#durationMs,
      decodeMs: this.#decodeMs,
      encodeMs: this.#encodeMs,
      requestBytes: this.#requestBytes,
      responseBytes: this.#responseBytes,
    });
  }
}

/** An observer whose failures are its own. */
export function harmless(observer: RpcObserver): RpcObserver {
  return {
    begin(method, headers) {
      try {
        return new HarmlessCall(observer.begin(method, headers));
      } catch {
        return { trace: undefined, end: () => {} };
      }
    },
  };
}

class HarmlessCall implements RpcCall {
  readonly #call: RpcCall;

  constructor(call: RpcCall) {
    this.#call = call;
  }

  get trace(): unknown {
    return this.#call.trace;
  }

  end(outcome: Parameters<RpcCall["end"]>[0]): void {
    try {
      this.#call.end(outcome);
    } catch {
      // An observer can never harm what it observes.
    }
  }
}

const NO_TRACE: TraceHeaders = {};

function traceHeaders(headers: Metadata): TraceHeaders {
  const traceparent = header(headers, "traceparent");
  return traceparent === undefined ? NO_TRACE : { traceparent, tracestate: header(headers, "tracestate") };
}

function header(headers: Metadata, name: string): string | undefined {
  const [value] = headers.get(name);
  return typeof value === "string" ? value : undefined;
}
