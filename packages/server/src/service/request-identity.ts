/** Which call a request is, however often it is sent: its id, and a digest of what it asks. */
import { createHash, hash } from "node:crypto";
import type { RequestIdentity } from "@session-bridge/core/internal";
import { invalidArgument } from "./messages.ts";

/** The fields of a mutating request that say which call it is: `request_id` and `resent_after_ms`. */
const IDENTITY_FIELDS: ReadonlySet<number> = new Set([14, 15]);
const ID_BYTES = 16;
/** A message of up to so many bytes is hashed at once: to feed a hash piece by piece costs more than all else about a small request. */
const JOINED_BYTES = 16 * 1024;

/** A request as every mutation has it. */
interface Identified {
  readonly requestId: Uint8Array;
  readonly resentAfterMs?: bigint | undefined;
}

const isIdentified = (message: unknown): message is Identified =>
  typeof message === "object" && message !== null && "requestId" in message && message.requestId instanceof Uint8Array;

/**
 * The identity of a request, undefined when it has none. `bytes` is the message as it came: hashing it costs no encoding, and a client
 * that sends a request again writes the same bytes but for the identity itself. Throws INVALID_ARGUMENT.
 */
export function requestIdentity(method: string, message: unknown, bytes: Uint8Array): RequestIdentity | undefined {
  if (!isIdentified(message)) return undefined;
  const { requestId, resentAfterMs } = message;
  if (requestId.length === 0) {
    if (resentAfterMs !== undefined) throw invalidArgument("a request that is sent again needs its request_id");
    return undefined;
  }
  if (requestId.length !== ID_BYTES) throw invalidArgument(`a request_id has ${ID_BYTES} bytes, not ${requestId.length}`);
  if (resentAfterMs !== undefined && resentAfterMs < 0n) throw invalidArgument("resent_after_ms is 0 or greater");
  return {
    id: Buffer.from(requestId.buffer, requestId.byteOffset, ID_BYTES).toString("base64url"),
    digest: digestOf(method, bytes),
    resentAfterMs: resentAfterMs === undefined ? undefined : Number(resentAfterMs),
  };
}

/** SHA-256 of the method and of every field but the identity's. */
function digestOf(method: string, bytes: Uint8Array): Uint8Array {
  const parts = [Buffer.from(method, "latin1"), ...withoutIdentity(bytes)];
  if (bytes.length <= JOINED_BYTES) {
    // As text, since a buffer that OpenSSL fills costs twice as much as the hash.
    return Buffer.from(hash("sha256", Buffer.concat(parts), "binary"), "binary");
  }
  const hashed = createHash("sha256");
  for (const part of parts) hashed.update(part);
  return hashed.digest();
}

/** What a message has before, between and after the fields of its identity. It has been decoded, so its bytes are well formed. */
function withoutIdentity(bytes: Uint8Array): readonly Uint8Array[] {
  const parts: Uint8Array[] = [];
  let taken = 0;
  for (let at = 0; at < bytes.length; ) {
    const [tag, body] = varint(bytes, at);
    const end = fieldEnd(bytes, body, tag & 7);
    if (IDENTITY_FIELDS.has(tag >>> 3)) {
      if (taken < at) parts.push(bytes.subarray(taken, at));
      taken = end;
    }
    at = end;
  }
  if (taken < bytes.length) parts.push(bytes.subarray(taken));
  return parts;
}

/** Where a field's value ends, by its wire type (https://protobuf.dev/programming-guides/encoding/). */
function fieldEnd(bytes: Uint8Array, at: number, wireType: number): number {
  if (wireType === 0) return varint(bytes, at)[1];
  if (wireType === 1) return at + 8;
  if (wireType === 5) return at + 4;
  if (wireType !== 2) return bytes.length;
  const [length, start] = varint(bytes, at);
  return start + length;
}

/** A varint and where it ends; of the longest ones only the end matters here. */
function varint(bytes: Uint8Array, at: number): [value: number, end: number] {
  let value = 0;
  let end = at;
  for (let scale = 1; ; scale *= 128) {
    const byte = bytes[end++] ?? 0;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return [value, end];
  }
}
