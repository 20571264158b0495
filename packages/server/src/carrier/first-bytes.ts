/** Who speaks on a connection, by its first bytes. */
import { MAGIC } from "@session-bridge/client/frames";

/** The carriers of a port. */
export type CarrierName = "grpc" | "direct";

/** The client's preface of HTTP/2 (RFC 9113, 3.4). */
const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

/** Which carrier the first bytes begin: undefined when more are needed, "none" when they begin neither. */
export function carrierOf(bytes: Uint8Array): CarrierName | "none" | undefined {
  if (begins(PREFACE, bytes)) return bytes.length >= PREFACE.length ? "grpc" : undefined;
  if (begins(MAGIC, bytes)) return bytes.length >= MAGIC.length ? "direct" : undefined;
  return "none";
}

/** Whether two texts of bytes are the same as far as both go. */
function begins(whole: Uint8Array, bytes: Uint8Array): boolean {
  const length = Math.min(whole.length, bytes.length);
  return Buffer.compare(whole.subarray(0, length), bytes.subarray(0, length)) === 0;
}
