/** What is known of a call while it lasts, told to the observer when it is over. */
import { type Clock, CODES } from "@session-bridge/core/internal";
import type { RpcCall, RpcObserver, TraceHeaders } from "./rpc-observer.ts";

const STATUS_NAMES: ReadonlyMap<number, string> = new Map([
  [0, "OK"],
  ...Object.entries(CODES).map(([name, code]) => [code, name] as const),
]);

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
  readonly #method: string;
  readonly #observer: RpcObserver;
  readonly #clock: Clock;
  #startedAtMs = 0;
  /** Undefined before the call has begun, and once it has been told. */
  #call: RpcCall | undefined;
  #trace: unknown;
  #working = false;
  #reason = "";
  #status: string | undefined;
  #durationMs = 0;
  #decodeMs: number | undefined;
  #encodeMs: number | undefined;
  #requestBytes: number | undefined;
  #responseBytes: number | undefined;

  /** A call of `method`, its full name. */
  constructor(method: string, observer: RpcObserver, clock: Clock) {
    this.#method = method;
    this.#observer = observer;
    this.#clock = clock;
  }

  /** Its headers are here. */
  begin(headers: TraceHeaders): void {
    this.#startedAtMs = this.#clock.monotonic();
    try {
      this.#call = this.#observer.begin(this.#method, headers);
      this.#trace = this.#call.trace;
    } catch {
      // An observer can never harm what it observes.
    }
  }

  get trace(): unknown {
    return this.#trace;
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

  /** The caller is given this status, 0 or one of google.rpc.Code; only the first one counts. */
  answered(code: number): void {
    if (this.#status !== undefined) return;
    this.#status = STATUS_NAMES.get(code) ?? String(code);
    this.#durationMs = this.#clock.monotonic() - this.#startedAtMs;
    this.#tell();
  }

  #tell(): void {
    const call = this.#call;
    if (this.#status === undefined || this.#working || call === undefined) return;
    this.#call = undefined;
    const outcome = {
      status: this.#status,
      reason: this.#reason,
      durationMs: this.#durationMs,
      decodeMs: this.#decodeMs,
      encodeMs: this.#encodeMs,
      requestBytes: this.#requestBytes,
      responseBytes: this.#responseBytes,
    };
    try {
      call.end(outcome);
    } catch {
      // An observer can never harm what it observes.
    }
  }
}
