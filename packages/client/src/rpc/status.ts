/** From gRPC statuses to errors: by the ErrorInfo of the status details, without one by the code, never by the text. */
import { status as codes, type ServiceError } from "@grpc/grpc-js";
import type { BridgeError, Outcome } from "@session-bridge/core";
import { fromWireError } from "@session-bridge/core/internal";
import { ErrorInfo } from "@session-bridge/protocol/google/rpc/error_details";
import { Status } from "@session-bridge/protocol/google/rpc/status";

/** Whether a call changes something, which decides what an unexplained failure means. */
export type CallKind = "read" | "mutation";

const DETAILS = "grpc-status-details-bin";
const DOMAIN = "session-bridge";
const ERROR_INFO = "type.googleapis.com/google.rpc.ErrorInfo";

/** Statuses that a server or gRPC itself gives before anything is applied. */
const NOT_APPLIED: ReadonlySet<number> = new Set([
  codes.INVALID_ARGUMENT,
  codes.NOT_FOUND,
  codes.ALREADY_EXISTS,
  codes.PERMISSION_DENIED,
  codes.UNAUTHENTICATED,
  codes.RESOURCE_EXHAUSTED,
  codes.FAILED_PRECONDITION,
  codes.OUT_OF_RANGE,
  codes.UNIMPLEMENTED,
]);

/** The error that a failed call means. */
export function errorOfStatus(error: ServiceError, kind: CallKind): BridgeError {
  const info = errorInfo(error);
  // Nobody but this client cancels a call of its own, and it does not ask what became of it then: the connection was torn down.
  const code = error.code === codes.CANCELLED && info === undefined ? codes.UNAVAILABLE : error.code;
  const outcome: Outcome = kind === "read" || NOT_APPLIED.has(code) ? "not_applied" : "unknown";
  return fromWireError(
    { code, message: error.details, reason: info?.reason ?? "", metadata: info === undefined ? {} : Object.fromEntries(info.metadata) },
    outcome,
  );
}

function errorInfo(error: ServiceError): ErrorInfo | undefined {
  const encoded = error.metadata?.get(DETAILS)[0];
  if (encoded === undefined || typeof encoded === "string") return undefined;
  try {
    for (const detail of Status.decode(encoded).details) {
      if (detail.typeUrl !== ERROR_INFO) continue;
      const info = ErrorInfo.decode(detail.value);
      if (info.domain === DOMAIN) return info;
    }
  } catch {
    // A trailer that is no google.rpc.Status says nothing; the code still does.
  }
  return undefined;
}
