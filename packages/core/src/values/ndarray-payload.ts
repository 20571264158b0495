/** Bytes of one element of each dtype, spelled as numpy's `dtype.str` spells them. */
const ITEM_SIZES: ReadonlyMap<string, number> = new Map([
  ["|b1", 1],
  ["|i1", 1],
  ["|u1", 1],
  ["<i2", 2],
  ["<u2", 2],
  ["<i4", 4],
  ["<u4", 4],
  ["<f4", 4],
  ["<i8", 8],
  ["<u8", 8],
  ["<f8", 8],
]);

/** numpy below version 2 has no arrays of more dimensions. */
const MAX_DIMENSIONS = 32;

/** The item size times all dimensions that are not 0 stays below this, so that no reader overflows. */
const MAX_EXTENT = 2 ** 31;

/** The parts of an ndarray's payload, its data still inside the bytes it was read from. */
export interface NdArrayParts {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly dataStart: number;
  readonly dataEnd: number;
}

/** What is wrong with a dtype, shape and data size together, or undefined when they fit. */
export function ndArrayProblem(dtype: string, shape: readonly number[], dataSize: number): string | undefined {
  const itemSize = ITEM_SIZES.get(dtype);
  if (itemSize === undefined) return "the dtype of an ndarray is not one of |b1 |i1 |u1 <i2 <u2 <i4 <u4 <i8 <u8 <f4 <f8";
  if (shape.length > MAX_DIMENSIONS) return `an ndarray has at most ${MAX_DIMENSIONS} dimensions`;
  let extent = itemSize;
  for (const length of shape) {
    if (!Number.isInteger(length) || length < 0) return "a dimension of an ndarray is not a length";
    extent *= Math.max(length, 1);
  }
  if (extent >= MAX_EXTENT) return "the dimensions of an ndarray are too large";
  const size = shape.includes(0) ? 0 : extent;
  return size === dataSize ? undefined : "the data of an ndarray does not have the size that its dtype and shape say";
}

/** What is wrong with the ndarray payload in bytes[start, end), or undefined when it is right. */
export function checkNdArray(bytes: Uint8Array, start: number, end: number): string | undefined {
  const parts = readNdArray(bytes, start, end);
  if (parts === undefined) return "the payload of an ndarray is not [dtype, shape, data]";
  const problem = ndArrayProblem(parts.dtype, parts.shape, parts.dataEnd - parts.dataStart);
  return problem ?? (parts.dtype === "|b1" ? booleanProblem(bytes, parts.dataStart, parts.dataEnd) : undefined);
}

/** What is wrong with bytes[start, end) as the data of a boolean ndarray. */
export function booleanProblem(bytes: Uint8Array, start: number, end: number): string | undefined {
  for (let at = start; at < end; at++) if ((bytes[at] as number) > 1) return "a boolean of an ndarray is neither 0 nor 1";
  return undefined;
}

/** The parts of the payload in bytes[start, end), undefined when it is not an array of dtype, shape and data. */
export function readNdArray(bytes: Uint8Array, start: number, end: number): NdArrayParts | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, end);
  const outer = readHeader(view, start, 0x90, 0x0f, 0xdc, 2);
  const name = outer?.count === 3 ? readHeader(view, outer.next, 0xa0, 0x1f, 0xd9, 1) : undefined;
  if (name === undefined || name.count !== 3 || name.next + 3 > end) return undefined;
  const dtype = String.fromCharCode(view.getUint8(name.next), view.getUint8(name.next + 1), view.getUint8(name.next + 2));
  const shape = readShape(view, name.next + 3);
  const data = shape === undefined ? undefined : readHeader(view, shape.next, -1, 0, 0xc4, 1);
  if (shape === undefined || data === undefined || data.next + data.count !== end) return undefined;
  return { dtype, shape: shape.lengths, dataStart: data.next, dataEnd: end };
}

function readShape(view: DataView, start: number): { lengths: number[]; next: number } | undefined {
  const header = readHeader(view, start, 0x90, 0x0f, 0xdc, 2);
  if (header === undefined || header.count > MAX_DIMENSIONS) return undefined;
  const lengths: number[] = [];
  let next = header.next;
  for (let i = 0; i < header.count; i++) {
    const length = readUnsigned(view, next);
    if (length === undefined) return undefined;
    lengths.push(length.value);
    next = length.next;
  }
  return { lengths, next };
}

/** A count and where the content begins: one byte `fixed | count`, or a tag from `firstTag` on and a count of doubling width. */
function readHeader(view: DataView, at: number, fixed: number, mask: number, firstTag: number, firstWidth: number) {
  if (at >= view.byteLength) return undefined;
  const lead = view.getUint8(at);
  if (fixed >= 0 && (lead & ~mask) === fixed) return { count: lead & mask, next: at + 1 };
  const width = firstWidth << (lead - firstTag);
  if (lead < firstTag || width > 4 || lead - firstTag > 2 || at + 1 + width > view.byteLength) return undefined;
  return { count: readBigEndian(view, at + 1, width), next: at + 1 + width };
}

/** A dimension: an integer that is not negative, in any of its encodings. */
function readUnsigned(view: DataView, at: number): { value: number; next: number } | undefined {
  if (at >= view.byteLength) return undefined;
  const lead = view.getUint8(at);
  if (lead < 0x80) return { value: lead, next: at + 1 };
  if (lead < 0xcc || lead > 0xd3) return undefined;
  const width = 1 << (lead & 3);
  if (at + 1 + width > view.byteLength) return undefined;
  const isNegative = lead >= 0xd0 && view.getUint8(at + 1) >= 0x80;
  return isNegative ? undefined : { value: readBigEndian(view, at + 1, width), next: at + 1 + width };
}

function readBigEndian(view: DataView, at: number, width: number): number {
  let value = 0;
  for (let i = 0; i < width; i++) value = value * 256 + view.getUint8(at + i);
  return value;
}
