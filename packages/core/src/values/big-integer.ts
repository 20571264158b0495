const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** The payload of a big integer: big-endian two's complement in the fewest bytes. */
export function bigIntegerPayload(value: bigint): Uint8Array {
  const magnitude = (value < 0n ? -value - 1n : value).toString(16);
  // One more bit than the magnitude has, for the sign.
  const topBit = magnitude.length % 2 === 0 && Number.parseInt(magnitude[0] as string, 16) >= 8;
  const size = Math.ceil(magnitude.length / 2) + (topBit ? 1 : 0);
  const hex = BigInt.asUintN(size * 8, value)
    .toString(16)
    .padStart(size * 2, "0");
  return Uint8Array.from({ length: size }, (_, i) => Number.parseInt(hex.slice(i * 2, i * 2 + 2), 16));
}

/** The integer that a payload in bytes[start, end) is. */
export function readBigIntegerPayload(bytes: Uint8Array, start: number, end: number): bigint {
  const unsigned = BigInt(`0x${hexOf(bytes, start, end)}`);
  return BigInt.asIntN((end - start) * 8, unsigned);
}

/** Lower case hex of bytes[start, end), of all bytes when no range is given. */
export function hexOf(bytes: Uint8Array, start = 0, end = bytes.length): string {
  let hex = "";
  for (let at = start; at < end; at++) hex += HEX[bytes[at] as number];
  return hex;
}
