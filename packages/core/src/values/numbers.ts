/** The smallest and the largest integer of the dialect; beyond them a value is a big integer. */
export const MIN_INTEGER = -(2n ** 63n);
export const MAX_INTEGER = 2n ** 64n - 1n;

/** Whether the first byte of a value begins an integer. */
export function isIntegerLead(lead: number): boolean {
  return lead < 0x80 || lead >= 0xe0 || (lead >= 0xcc && lead <= 0xd3);
}

/** Whether the first byte of a value begins a float. */
export function isFloatLead(lead: number): boolean {
  return lead === 0xca || lead === 0xcb;
}

/** The valid integer at an offset: a number where it is a safe one, else a bigint. */
export function readInteger(bytes: Uint8Array, offset: number): number | bigint {
  const lead = bytes[offset] as number;
  if (lead < 0x80) return lead;
  if (lead >= 0xe0) return lead - 0x100;
  const at = offset + 1;
  switch (lead) {
    case 0xcc:
      return bytes[at] as number;
    case 0xcd:
      return readUint16(bytes, at);
    case 0xce:
      return readUint32(bytes, at);
    case 0xd0:
      return ((bytes[at] as number) << 24) >> 24;
    case 0xd1:
      return (readUint16(bytes, at) << 16) >> 16;
    case 0xd2:
      return readUint32(bytes, at) | 0;
    default: {
      const high = lead === 0xd3 ? readUint32(bytes, at) | 0 : readUint32(bytes, at);
      const low = readUint32(bytes, at + 4);
      const value = high * 2 ** 32 + low;
      return Number.isSafeInteger(value) ? value : (BigInt(high) << 32n) | BigInt(low);
    }
  }
}

/** The valid float at an offset, of 32 or 64 bits. */
export function readFloat(bytes: Uint8Array, offset: number): number {
  if (bytes[offset] === 0xca) return new DataView(bytes.buffer, bytes.byteOffset + offset + 1, 4).getFloat32(0);
  for (let i = 0; i < 8; i++) scratchBytes[i] = bytes[offset + 1 + i] as number;
  return scratch.getFloat64(0);
}

/** A number is moved through here, which costs less than a DataView for each. */
const scratchBytes = new Uint8Array(8);
const scratch = new DataView(scratchBytes.buffer);

/** Writes a float64 at an offset and returns where it ends. */
export function writeFloat(target: Uint8Array, offset: number, value: number): number {
  target[offset] = 0xcb;
  scratch.setFloat64(0, value);
  // A NaN may carry any payload bits through the engine; one spelling is written.
  if (Number.isNaN(value)) scratch.setBigUint64(0, 0x7ff8000000000000n);
  for (let i = 0; i < 8; i++) target[offset + 1 + i] = scratchBytes[i] as number;
  return offset + 9;
}

/** How many bytes the shortest form of a safe integer takes. */
function integerSize(value: number): number {
  if (value >= 0) return value < 0x80 ? 1 : value < 0x100 ? 2 : value < 0x10000 ? 3 : value < 0x100000000 ? 5 : 9;
  return value >= -0x20 ? 1 : value >= -0x80 ? 2 : value >= -0x8000 ? 3 : value >= -0x80000000 ? 5 : 9;
}

/** Writes the shortest form of a safe integer at an offset and returns where it ends. */
export function writeInteger(target: Uint8Array, offset: number, value: number): number {
  const size = integerSize(value);
  if (size === 1) {
    target[offset] = value & 0xff;
    return offset + 1;
  }
  const tag = value >= 0 ? 0xcc : 0xd0;
  target[offset] = tag + (size === 2 ? 0 : size === 3 ? 1 : size === 5 ? 2 : 3);
  if (size < 9) for (let at = offset + size - 1, rest = value; at > offset; at--, rest >>= 8) target[at] = rest & 0xff;
  else writeInteger64(target, offset + 1, BigInt(value));
  return offset + size;
}

/** Writes an integer of the dialect's range that a number may not hold at an offset, in its shortest form, and returns where it ends. */
export function writeBigInteger(target: Uint8Array, offset: number, value: bigint): number {
  if (value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER) return writeInteger(target, offset, Number(value));
  target[offset] = value >= 0n ? 0xcf : 0xd3;
  writeInteger64(target, offset + 1, value);
  return offset + 9;
}

function writeInteger64(target: Uint8Array, offset: number, value: bigint): void {
  scratch.setBigUint64(0, BigInt.asUintN(64, value));
  target.set(scratchBytes, offset);
}

function readUint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

function readUint32(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) * 0x1000000 + (((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number))
  );
}
