/** From a call's status to an error: by the ErrorInfo of its details, without one by the code, never by the text. */
import type { BridgeError, Outcome } from "@session-bridge/core";
import { CODES, fromWireError } from "@session-bridge/core/internal";
import { ErrorInfo } from "@session-bridge/protocol/google/rpc/error_details";
import { Status } from "@session-bridge/protocol/google/rpc/status";
import type { CallStatus } from "./carrier.ts";

/** Whether a call changes something, which decides what an unexplained failure means. */
export type CallKind = "read" | "mutation";

const DOMAIN = "session-bridge";
const ERROR_INFO = "type.googleapis.com/google.rpc.ErrorInfo";

/** Statuses that a server or its carrier gives before anything is applied. */
const NOT_APPLIED: ReadonlySet<number> = new Set([
  CODES.INVALID_ARGUMENT,
  CODES.NOT_FOUND,
  CODES.ALREADY_EXISTS,
  CODES.PERMISSION_DENIED,
  CODES.UNAUTHENTICATED,
  CODES.RESOURCE_EXHAUSTED,
  CODES.FAILED_PRECONDITION,
  CODES.OUT_OF_RANGE,
  CODES.UNIMPLEMENTED,
]);

/** The error that a failed call means. */
export function errorOfStatus(status: CallStatus, kind: CallKind): BridgeError {
  const info = errorInfo(status.details);
  // Nobody but this client cancels a call of its own, and it does not ask what became of it then: the connection was torn down.
  const code = status.code === CODES.CANCELLED && info === undefined ? CODES.UNAVAILABLE : status.code;
  const isCertain = kind === "read" || status.isUnseen || NOT_APPLIED.has(code);
  const outcome: Outcome = isCertain ? "not_applied" : "unknown";
  return fromWireError(
    { code, message: status.message, reason: info?.reason ?? "", metadata: info === undefined ? {} : Object.fromEntries(info.metadata) },
    outcome,
  );
}

function errorInfo(details: Uint8Array | undefined): ErrorInfo | undefined {
  if (details === undefined) return undefined;
  try {
    for (const detail of Status.decode(details).details) {
      if (detail.typeUrl !== ERROR_INFO) continue;
      const info = ErrorInfo.decode(detail.value);
      if (info.domain === DOMAIN) return info;
    }
  } catch {
    // What is no google.rpc.Status says nothing; the code still does.
  }
  return undefined;
}
