/** What a failed call is answered with, and what the log says of it. */
import { BridgeError, type Clock, InternalServerError, type Random, StoreUnavailableError } from "@session-bridge/core/internal";
import type { Logger } from "../logger.ts";
import { statusOf, type WireStatus } from "./status.ts";

/** What every call needs to be answered and logged. */
export interface CallContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** A call that was begun. */
export interface BegunCall {
  /** The path of its method, such as `/session_bridge.v1.VariableService/GetVariable`. */
  readonly method: string;
  /** The request, or what stands for one that does not decode. */
  readonly message: unknown;
  /** By `clock.monotonic()`. */
  readonly startedAtMs: number;
}

/** How a call has failed. */
export interface Failure {
  readonly status: WireStatus;
  readonly reason: string;
}

/** How a call fails with whatever was thrown, which is logged: in full what should not happen, at debug level what was only refused. */
export function failureOf(call: BegunCall, thrown: unknown, context: CallContext): Failure {
  const error = asBridgeError(thrown, context);
  const status = statusOf(error);
  const durationMs = context.clock.monotonic() - call.startedAtMs;
  const fields = { ...about(call), code: status.code, reason: error.reason, durationMs };
  logFailure(context.logger, fields, error, thrown);
  return { status, reason: error.reason };
}

/** Logs, at debug level, that a call has ended as it should. */
export function logEnd(call: BegunCall, ending: string, { logger, clock }: CallContext): void {
  if (!logger.isLevelEnabled("debug")) return;
  logger.debug({ ...about(call), code: 0, durationMs: clock.monotonic() - call.startedAtMs }, ending);
}

/** Errors that are ours travel as they are; anything else becomes a fixed text with an incident id that names its log line. */
function asBridgeError(thrown: unknown, { random }: CallContext): BridgeError {
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
function about({ method, message }: BegunCall): { operation: string; sessionId?: string } {
  const sessionId = typeof message === "object" && message !== null && "sessionId" in message ? message.sessionId : undefined;
  return typeof sessionId === "string" ? { operation: method, sessionId: sessionId.slice(0, 128) } : { operation: method };
}
