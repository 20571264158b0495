/** What is known of a call while it lasts, told to the observer when it is over. */
import { type Metadata, status } from "@grpc/grpc-js";
import type { Clock } from "@session-bridge/core/internal";
import type { RpcCall, RpcObserver } from "./rpc-observer.ts";

/** What a handler sees of the observer of its call. */
export interface HandledCall {
  /** What the engine is given as `trace`. */
  readonly trace: unknown;
  /** The handler has begun: even if its caller is answered before it has finished, as at a deadline, the call is told when it has. */
  handling(): void;
  /** The handler has finished; `reason` is that of its error, or "". */
  handled(reason: string): void;
}

/** The whole life of a call. */
export interface WatchedCall extends HandledCall {
  begin(headers: Metadata): void;
  /** A request took so long to decode, and is so long. */
  decoded(ms: number, bytes: number): void;
  encoded(ms: number, bytes: number): void;
  /** The caller is given this status, a number of gRPC's; only the first one counts. */
  answered(code: number): void;
}

/** Follows a call of `method`, its full name. */
export function watchedCall(method: string, observer: RpcObserver, clock: Clock): WatchedCall {
  let call: RpcCall | undefined;
  let startedAtMs = 0;
  let answer: { readonly status: string; readonly durationMs: number } | undefined;
  let working = false;
  let reason = "";
  const request = sums();
  const response = sums();

  const tell = (): void => {
    if (answer === undefined || working) return;
    const [decodeMs, requestBytes, encodeMs, responseBytes] = [request.ms, request.bytes, response.ms, response.bytes];
    call?.end({ ...answer, reason, decodeMs, requestBytes, encodeMs, responseBytes });
    call = undefined;
  };

  return {
    get trace() {
      return call?.trace;
    },
    begin(headers) {
      startedAtMs = clock.monotonic();
      call = observer.begin(method, { traceparent: header(headers, "traceparent"), tracestate: header(headers, "tracestate") });
    },
    decoded: (ms, bytes) => add(request, ms, bytes),
    encoded: (ms, bytes) => add(response, ms, bytes),
    handling() {
      working = true;
    },
    handled(why) {
      working = false;
      reason = why;
      tell();
    },
    answered(code) {
      answer ??= { status: status[code] ?? String(code), durationMs: clock.monotonic() - startedAtMs };
      tell();
    },
  };
}

/** An observer whose failures are its own. */
export function harmless(observer: RpcObserver): RpcObserver {
  return {
    begin(method, headers) {
      try {
        const call = observer.begin(method, headers);
        return { trace: call.trace, end: (outcome) => quietly(() => call.end(outcome)) };
      } catch {
        return { trace: undefined, end: () => {} };
      }
    },
  };
}

function quietly(tell: () => void): void {
  try {
    tell();
  } catch {
    // An observer can never harm what it observes.
  }
}

/** Of all messages in one direction; undefined while there was none. */
interface Sums {
  ms: number | undefined;
  bytes: number | undefined;
}

const sums = (): Sums => ({ ms: undefined, bytes: undefined });

function add(to: Sums, ms: number, bytes: number): void {
  to.ms = (to.ms ?? 0) + ms;
  to.bytes = (to.bytes ?? 0) + bytes;
}

function header(headers: Metadata, name: string): string | undefined {
  const [value] = headers.get(name);
  return typeof value === "string" ? value : undefined;
}
