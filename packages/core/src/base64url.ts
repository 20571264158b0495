/** Bytes as text that fits ids and addresses. */

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Bytes as base64url without padding. */
export function base64url(bytes: Uint8Array): string {
  let bits = 0;
  let held = 0;
  let text = "";
  for (const byte of bytes) {
    bits = (bits << 8) | byte;
    for (held += 8; held >= 6; held -= 6) text += DIGITS[(bits >> (held - 6)) & 63];
    bits &= 0xff;
  }
  return held > 0 ? text + DIGITS[(bits << (6 - held)) & 63] : text;
}
