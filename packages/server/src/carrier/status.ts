/** Errors as they travel on every carrier: google.rpc.Status with one ErrorInfo. */
import { type BridgeError, toWireError } from "@session-bridge/core/internal";
import { ErrorInfo } from "@session-bridge/protocol/google/rpc/error_details";
import { Status } from "@session-bridge/protocol/google/rpc/status";

/** The `domain` of every ErrorInfo that session-bridge sends. */
const ERROR_DOMAIN = "session-bridge";

const ERROR_INFO_TYPE = "type.googleapis.com/google.rpc.ErrorInfo";

/** gRPC sends it in trailers, which have to fit the header limits of every client (8 KiB); the text comes twice there. */
const MAX_MESSAGE_LENGTH = 1_000;
const MAX_METADATA_LENGTH = 300;

/** A status that can be sent. */
export interface WireStatus {
  readonly code: number;
  readonly message: string;
  /** All of it, as a google.rpc.Status. */
  readonly bytes: Uint8Array;
}

/** The status of an error. Its cause stays behind; long texts are cut, and broken ones made well-formed, so that sending cannot fail. */
export function statusOf(error: BridgeError): WireStatus {
  const wire = toWireError(error);
  const message = text(wire.message, MAX_MESSAGE_LENGTH);
  const metadata = new Map(Object.entries(wire.metadata).map(([key, value]) => [key, text(value, MAX_METADATA_LENGTH)]));
  const info = ErrorInfo.encode({ reason: wire.reason, domain: ERROR_DOMAIN, metadata }).finish();
  return { code: wire.code, message, bytes: encoded(wire.code, message, [{ typeUrl: ERROR_INFO_TYPE, value: info }]) };
}

/** A status that says nothing but its code and a text, as one that a carrier gives by itself. */
export const bareStatus = (code: number, message: string): WireStatus => ({ code, message, bytes: encoded(code, message, []) });

const encoded = (code: number, message: string, details: Status["details"]): Uint8Array =>
  Status.encode({ code, message, details }).finish();

function text(value: string, maxLength: number): string {
  return (value.length > maxLength ? `${value.slice(0, maxLength)}…` : value).toWellFormed();
}
