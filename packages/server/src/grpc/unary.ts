/** The one place where a request meets a service function. Nothing that is thrown beyond it reaches grpc-js, where it would end the process. */
import type { handleUnaryCall, ServerUnaryCall, StatusObject, sendUnaryData } from "@grpc/grpc-js";
import {
  BridgeError,
  type Clock,
  InternalServerError,
  InvalidArgumentError,
  LimitExceededError,
  type Random,
  type RequestIdentity,
  StoreUnavailableError,
} from "@session-bridge/core/internal";
import type { Logger } from "../logger.ts";
import type { Answer, Caller } from "../service/caller.ts";
import { requestIdentity } from "../service/request-identity.ts";
import { callSignal } from "./call-signal.ts";
import { statusOf } from "./status.ts";

/** A request that is no message of its type. */
export const MALFORMED: unique symbol = Symbol("malformed request");

/** A request as it came. */
export interface Received<Request> {
  readonly message: Request | typeof MALFORMED;
  readonly bytes: Uint8Array;
}

/** What every call is answered with. */
export interface UnaryContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** A caller's longer deadline is cut to this. */
  readonly deadlineMs: number;
  readonly requestsInFlight: number;
}

/** A service function. */
export type Serve<Request, Response> = (request: Request, caller: Caller) => Answer<Response>;

/** Makes handlers that share one count of requests in flight. */
export function unaryWrapper(context: UnaryContext) {
  const { clock, logger } = context;
  let inFlight = 0;

  return function wrapUnary<Request, Response>(
    method: string,
    serve: Serve<Request, Response>,
  ): handleUnaryCall<Received<Request>, Response> {
    return (call, callback) => {
      const startedAtMs = clock.monotonic();
      inFlight += 1;
      const succeed = (response: Response): void => {
        inFlight -= 1;
        if (logger.isLevelEnabled("debug"))
          logger.debug({ ...about(method, call), code: 0, durationMs: clock.monotonic() - startedAtMs }, "answered");
        send(callback, null, response);
      };
      const fail = (thrown: unknown): void => {
        inFlight -= 1;
        const error = asBridgeError(thrown, context);
        const status = statusOf(error);
        const fields = { ...about(method, call), code: status.code, reason: error.reason, durationMs: clock.monotonic() - startedAtMs };
        logFailure(logger, fields, error, thrown);
        send(callback, status);
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

function wellFormed<Request>(request: Request | typeof MALFORMED): Request {
  if (request === MALFORMED) throw new InvalidArgumentError("INVALID_ARGUMENT", "the request is not a valid protobuf message of its type");
  return request;
}

/** The tenant is "" until authentication exists. */
function callerOf(call: ServerUnaryCall<unknown, unknown>, { deadlineMs }: UnaryContext, request: RequestIdentity | undefined): Caller {
  // The caller's deadline is on the wall clock, as grpc-js counts it. An infinite one leaves the server's own.
  const askedMs = Number(call.getDeadline()) - Date.now();
  return { tenant: "", signal: callSignal(call), timeoutMs: Math.max(0, Math.min(askedMs, deadlineMs)), request };
}

function overloaded(limit: number): LimitExceededError {
  return new LimitExceededError("OVERLOADED", "the server is answering as many requests as it can; try again", {
    details: { limit: "requestsInFlight", limitValue: limit, actual: limit + 1 },
  });
}

/** Errors that are ours travel as they are; anything else becomes a fixed text with an incident id that names its log line. */
function asBridgeError(thrown: unknown, { random }: UnaryContext): BridgeError {
  if (thrown instanceof BridgeError && !(thrown instanceof InternalServerError)) return thrown;
  const incidentId = Buffer.from(random.bytes(8)).toString("hex");
  return new InternalServerError(`an internal error; the server's log has its cause under incident ${incidentId}`, {
    outcome: "unknown",
    details: { incidentId },
  });
}

function logFailure(logger: Logger, fields: object, error: BridgeError, thrown: unknown): void {
  if (error instanceof InternalServerError)
    logger.error({ ...fields, incidentId: error.details.incidentId, err: thrown ?? String(thrown) }, "internal error");
  else if (error instanceof StoreUnavailableError || error.reason === "DATA_LOSS")
    logger.error({ ...fields, err: error.cause }, "store failure");
  else logger.debug(fields, "refused");
}

/** What a log line says of a call: never more than the operation and the session's id. */
function about(method: string, call: ServerUnaryCall<Received<unknown>, unknown>): { operation: string; sessionId?: string } {
  const { message } = call.request;
  const sessionId = typeof message === "object" && message !== null && "sessionId" in message ? message.sessionId : undefined;
  return typeof sessionId === "string" ? { operation: method, sessionId: sessionId.slice(0, 128) } : { operation: method };
}
