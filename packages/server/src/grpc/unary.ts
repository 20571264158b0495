/** The one place where a request meets a service function. Nothing that is thrown beyond it reaches grpc-js, where it would end the process. */
import type { handleUnaryCall, ServerUnaryCall, StatusObject, sendUnaryData } from "@grpc/grpc-js";
import type { RequestIdentity } from "@session-bridge/core/internal";
import { type CallContext, failureOf, logEnd } from "../carrier/failure.ts";
import type { InFlight } from "../carrier/in-flight.ts";
import type { Serve } from "../carrier/methods.ts";
import { type Received, wellFormed } from "../carrier/received.ts";
import type { Caller } from "../service/caller.ts";
import { requestIdentity } from "../service/request-identity.ts";
import { callSignal } from "./call-signal.ts";
import { grpcStatus } from "./status.ts";

/** What every unary call is answered with. */
export interface UnaryContext extends CallContext {
  /** A caller's longer deadline is cut to this. */
  readonly deadlineMs: number;
  /** Shared with the other carriers. */
  readonly inFlight: InFlight;
}

/** Makes handlers. */
export function unaryWrapper(context: UnaryContext) {
  const { inFlight } = context;

  return function wrapUnary(method: string, serve: Serve): handleUnaryCall<Received<unknown>, unknown> {
    return (call, callback) => {
      const begun = { method, message: call.request.message, startedAtMs: context.clock.monotonic() };
      const { watched } = call.request;
      watched?.handling();
      const succeed = (response: unknown): void => {
        inFlight.end();
        logEnd(begun, "answered", context);
        send(callback, null, response);
        watched?.handled("");
      };
      const fail = (thrown: unknown): void => {
        inFlight.end();
        const { status, reason } = failureOf(begun, thrown, context);
        send(callback, grpcStatus(status));
        watched?.handled(reason);
      };
      try {
        inFlight.begin();
        const { message, bytes } = call.request;
        const answer = serve(wellFormed(message), callerOf(call, context, requestIdentity(method, message, bytes)));
        if (answer instanceof Promise) answer.then(succeed, fail);
        else succeed(answer);
      } catch (thrown) {
        fail(thrown);
      }
    };
  };
}

/** Sends an answer; a call that has ended meanwhile, or cannot be written to, is nobody's business any more. */
function send<Response>(callback: sendUnaryData<Response>, status: Partial<StatusObject> | null, response?: Response): void {
  try {
    callback(status, response ?? null);
  } catch {
    // The stream is gone.
  }
}

/** The tenant is "" until authentication exists. */
function callerOf(
  call: ServerUnaryCall<Received<unknown>, unknown>,
  { deadlineMs }: UnaryContext,
  request: RequestIdentity | undefined,
): Caller {
  // The caller's deadline is on the wall clock, as grpc-js counts it. An infinite one leaves the server's own.
  const askedMs = Number(call.getDeadline()) - Date.now();
  const timeoutMs = Math.max(0, Math.min(askedMs, deadlineMs));
  return { tenant: "", signal: callSignal(call), timeoutMs, request, trace: call.request.watched?.trace };
}
