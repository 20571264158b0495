/** The four kinds of value whose first bytes hold a count: of bytes, of items or of entries. */
export type Counted = "string" | "bytes" | "list" | "map";

/** For each kind: the first byte of its short form, the counts below which that is used, and the tag of its first long form. */
const FORMS = {
  string: { fixed: 0xa0, fixedBelow: 32, tag: 0xd9, firstWidth: 1 },
  bytes: { fixed: 0, fixedBelow: 0, tag: 0xc4, firstWidth: 1 },
  list: { fixed: 0x90, fixedBelow: 16, tag: 0xdc, firstWidth: 2 },
  map: { fixed: 0x80, fixedBelow: 16, tag: 0xde, firstWidth: 2 },
} as const;

/** A count, and where what it counts begins. */
export interface Header {
  readonly count: number;
  readonly next: number;
}

/** How many bytes the shortest header for a count takes. */
export function headerSize(kind: Counted, count: number): number {
  const { fixedBelow, firstWidth } = FORMS[kind];
  if (count < fixedBelow) return 1;
  if (firstWidth === 1 && count < 0x100) return 2;
  return count < 0x10000 ? 3 : 5;
}

/** Writes the shortest header for a count at an offset and returns where it ends. */
export function writeHeader(target: Uint8Array, offset: number, kind: Counted, count: number): number {
  const { fixed, tag, firstWidth } = FORMS[kind];
  const size = headerSize(kind, count);
  if (size === 1) {
    target[offset] = fixed | count;
    return offset + 1;
  }
  const width = size - 1;
  target[offset] = tag + (width === firstWidth ? 0 : width === firstWidth * 2 ? 1 : 2);
  for (let at = offset + width, rest = count; at > offset; at--, rest = Math.floor(rest / 256)) target[at] = rest & 0xff;
  return offset + size;
}

/** The header of the valid string, bytes, list or map at an offset. */
export function readHeader(bytes: Uint8Array, offset: number): Header {
  const lead = bytes[offset] as number;
  if (lead < 0xa0) return { count: lead & 0x0f, next: offset + 1 };
  if (lead < 0xc0) return { count: lead & 0x1f, next: offset + 1 };
  const width = lead < 0xc7 ? 1 << (lead - 0xc4) : lead < 0xdc ? 1 << (lead - 0xd9) : 2 << (lead & 1);
  return { count: readBigEndian(bytes, offset + 1, width), next: offset + 1 + width };
}

/** Where the valid value at an offset ends. */
export function skipValue(bytes: Uint8Array, offset: number): number {
  let at = offset;
  for (let pending = 1; pending > 0; pending--) {
    const lead = bytes[at] as number;
    if (lead < 0x80 || lead >= 0xe0) at += 1;
    else if (lead < 0xa0 || lead >= 0xdc) {
      const { count, next } = readHeader(bytes, at);
      pending += lead < 0x90 || lead >= 0xde ? count * 2 : count;
      at = next;
    } else at = skipScalar(bytes, at, lead);
  }
  return at;
}

/** Where a value that is no list and no map ends; an extension is skipped with its payload. */
function skipScalar(bytes: Uint8Array, offset: number, lead: number): number {
  if (lead < 0xc0) return offset + 1 + (lead & 0x1f);
  if (lead < 0xc4) return offset + 1;
  if (lead < 0xc7 || lead >= 0xd9) {
    const { count, next } = readHeader(bytes, offset);
    return next + count;
  }
  if (lead < 0xca) {
    const width = 1 << (lead - 0xc7);
    return offset + 2 + width + readBigEndian(bytes, offset + 1, width);
  }
  if (lead < 0xcc) return offset + 1 + (4 << (lead - 0xca));
  return lead < 0xd4 ? offset + 1 + (1 << (lead & 3)) : offset + 2 + (1 << (lead - 0xd4));
}

/** An unsigned big-endian number of up to 6 bytes. */
export function readBigEndian(bytes: Uint8Array, offset: number, width: number): number {
  let value = 0;
  for (let at = offset; at < offset + width; at++) value = value * 256 + (bytes[at] as number);
  return value;
}

/** One array of bytes out of several. */
export function concat(chunks: readonly Uint8Array[]): Uint8Array {
  let size = 0;
  for (const chunk of chunks) size += chunk.length;
  const joined = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    joined.set(chunk, at);
    at += chunk.length;
  }
  return joined;
}
