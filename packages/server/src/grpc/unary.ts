/** The one place where a request meets a service function. Nothing that is thrown beyond it reaches grpc-js, where it would end the process. */
import type { handleUnaryCall, ServerUnaryCall, StatusObject, sendUnaryData } from "@grpc/grpc-js";
import { LimitExceededError, type RequestIdentity } from "@session-bridge/core/internal";
import type { Answer, Caller } from "../service/caller.ts";
import { requestIdentity } from "../service/request-identity.ts";
import { callSignal } from "./call-signal.ts";
import { type CallContext, failureOf, logEnd } from "./failure.ts";
import { type Received, wellFormed } from "./received.ts";

/** What every unary call is answered with. */
export interface UnaryContext extends CallContext {
  /** A caller's longer deadline is cut to this. */
  readonly deadlineMs: number;
  readonly requestsInFlight: number;
}

/** A service function. */
export type Serve<Request, Response> = (request: Request, caller: Caller) => Answer<Response>;

/** Makes handlers that share one count of requests in flight. */
export function unaryWrapper(context: UnaryContext) {
  let inFlight = 0;

  return function wrapUnary<Request, Response>(
    method: string,
    serve: Serve<Request, Response>,
  ): handleUnaryCall<Received<Request>, Response> {
    return (call, callback) => {
      const begun = { method, request: call.request, startedAtMs: context.clock.monotonic() };
      const { watched } = call.request;
      inFlight += 1;
      watched?.handling();
      const succeed = (response: Response): void => {
        inFlight -= 1;
        logEnd(begun, "answered", context);
        send(callback, null, response);
        watched?.handled("");
      };
      const fail = (thrown: unknown): void => {
        inFlight -= 1;
        const { status, reason } = failureOf(begun, thrown, context);
        send(callback, status);
        watched?.handled(reason);
      };
      try {
        if (inFlight > context.requestsInFlight) throw overloaded(context.requestsInFlight);
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

function overloaded(limit: number): LimitExceededError {
  return new LimitExceededError("OVERLOADED", "the server is answering as many requests as it can; try again", {
    details: { limit: "requestsInFlight", limitValue: limit, actual: limit + 1 },
  });
}
