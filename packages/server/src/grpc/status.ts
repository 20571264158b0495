/** Errors as gRPC statuses: google.rpc.Status with one ErrorInfo in the standard trailer. */
import { Metadata, type StatusObject } from "@grpc/grpc-js";
import { type BridgeError, toWireError } from "@session-bridge/core/internal";
import { ErrorInfo } from "@session-bridge/protocol/google/rpc/error_details";
import { Status } from "@session-bridge/protocol/google/rpc/status";

/** The `domain` of every ErrorInfo that session-bridge sends. */
export const ERROR_DOMAIN = "session-bridge";

const ERROR_INFO_TYPE = "type.googleapis.com/google.rpc.ErrorInfo";

/** Trailers have to fit the header limits of every client (8 KiB); the text comes twice. */
const MAX_MESSAGE_LENGTH = 1_000;
const MAX_METADATA_LENGTH = 300;

/** The status of an error. Its cause stays behind; long texts are cut, and broken ones made well-formed, so that sending cannot fail. */
export function statusOf(error: BridgeError): StatusObject {
  const wire = toWireError(error);
  const message = text(wire.message, MAX_MESSAGE_LENGTH);
  const metadata = new Map(Object.entries(wire.metadata).map(([key, value]) => [key, text(value, MAX_METADATA_LENGTH)]));
  const info = ErrorInfo.encode({ reason: wire.reason, domain: ERROR_DOMAIN, metadata }).finish();
  const status = Status.encode({ code: wire.code, message, details: [{ typeUrl: ERROR_INFO_TYPE, value: info }] }).finish();
  const trailers = new Metadata();
  trailers.set("grpc-status-details-bin", Buffer.from(status));
  return { code: wire.code, details: message, metadata: trailers };
}

function text(value: string, maxLength: number): string {
  return (value.length > maxLength ? `${value.slice(0, maxLength)}…` : value).toWellFormed();
}
