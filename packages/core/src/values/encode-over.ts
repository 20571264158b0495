import { hexOf } from "./big-integer.ts";
import { readValue } from "./decode.ts";
import { type EncodeOptions, encodeSetItem, isPlainObject, openContainer, writeSet, writeValue } from "./encode.ts";
import { writeExtension, writeString } from "./encode-scalar.ts";
import { readHeader, skipValue } from "./layout.ts";
import { NdArray } from "./ndarray.ts";
import { isFloatLead } from "./numbers.ts";
import { scanValue } from "./scan.ts";
import { typeNameAt } from "./type-name.ts";
import { Extension } from "./types.ts";
import { readUtf8 } from "./utf8.ts";
import { ROOT_PATH } from "./value-path.ts";
import { Decimal, Duration, Float, PlainDate, PlainTime, Uuid } from "./wrappers.ts";
import { countNode, takeFrom, type Writer, writeBytes, writeRaw } from "./writer.ts";

/**
 * Encodes a value that takes the place of a previous one, so that whatever equals what `previous` decodes to keeps its bytes there [P3]:
 * whole floats stay floats, finer timestamps and tuples stay. A changed array stays a tuple where one was, and a whole number a float.
 * @throws as `encode` does, and as `scanValue` does when `previous` is malformed.
 */
export function encodeOver(value: unknown, previous: Uint8Array, options: EncodeOptions = {}): Uint8Array {
  scanValue(previous);
  return writeBytes(options.name ?? ROOT_PATH, (writer) => {
    writeOver(writer, value, previous, 0);
  });
}

/** Writes a value over the bytes of one previous value, and answers whether it wrote exactly those. */
function writeOver(writer: Writer, value: unknown, previous: Uint8Array, level: number): boolean {
  const start = writer.position;
  const isSame = writeChanged(writer, value, previous, level);
  if (isSame) {
    writer.position = start;
    writeRaw(writer, previous);
  }
  return isSame;
}

/** Writes a value part by part, or answers that it is the previous one; what was written then does not matter. */
function writeChanged(writer: Writer, value: unknown, previous: Uint8Array, level: number): boolean {
  const kind = typeNameAt(previous, 0);
  if ((kind === "list" || kind === "tuple") && Array.isArray(value)) return writeListOver(writer, value, previous, kind === "tuple", level);
  if (kind === "set" && value instanceof Set) return writeSetOver(writer, value, previous, level);
  const entries = kind === "map" ? entriesOf(value) : undefined;
  if (entries !== undefined) return writeMapOver(writer, entries, previous, level);
  if (isSameScalar(value, previous)) {
    countNode(writer, level);
    return true;
  }
  writeValue(writer, kind === "float" && typeof value === "number" ? new Float(value) : value, level);
  return false;
}

function writeListOver(writer: Writer, value: readonly unknown[], previous: Uint8Array, isTuple: boolean, level: number): boolean {
  countNode(writer, level);
  const items = itemsOf(previous, isTuple);
  const start = writer.position;
  openContainer(writer, "list", value.length, level);
  let isSame = value.length === items.length;
  for (let i = 0; i < value.length; i++) {
    writer.keys[level] = i;
    const item = items[i];
    if (item === undefined) writeValue(writer, value[i], level + 1);
    else isSame = writeOver(writer, value[i], item, level + 1) && isSame;
  }
  if (isTuple && !isSame) writeExtension(writer, Extension.tuple, takeFrom(writer, start));
  return isSame;
}

/** Keys that were there keep their order and their bytes; new ones follow. */
function writeMapOver(writer: Writer, value: ReadonlyMap<string, unknown>, previous: Uint8Array, level: number): boolean {
  countNode(writer, level);
  openContainer(writer, "map", value.size, level);
  const rest = new Map(value);
  let { count, next } = readHeader(previous, 0);
  let isSame = value.size === count;
  for (; count > 0; count--) {
    const keyHeader = readHeader(previous, next);
    const valueStart = keyHeader.next + keyHeader.count;
    const key = readUtf8(previous, keyHeader.next, valueStart);
    const end = skipValue(previous, valueStart);
    if (rest.has(key)) {
      writer.keys[level] = key;
      writeRaw(writer, previous.subarray(next, valueStart));
      isSame = writeOver(writer, rest.get(key), previous.subarray(valueStart, end), level + 1) && isSame;
      rest.delete(key);
    } else isSame = false;
    next = end;
  }
  for (const [key, item] of rest) {
    writer.keys[level] = key;
    writeString(writer, key, level + 1);
    writeValue(writer, item, level + 1);
  }
  return isSame;
}

/** Items are matched by what they decode to. */
function writeSetOver(writer: Writer, value: ReadonlySet<unknown>, previous: Uint8Array, level: number): boolean {
  countNode(writer, level);
  const originals = new Map<string, Uint8Array[]>();
  const nodes = writer.nodes;
  for (const bytes of itemsOf(previous, true)) {
    const key = hexOf(encodeSetItem(writer, decodeScanned(bytes), 0, level));
    const alike = originals.get(key);
    if (alike === undefined) originals.set(key, [bytes]);
    else alike.push(bytes);
  }
  writer.nodes = nodes;
  const chosen = new Map<string, readonly Uint8Array[]>();
  for (const [i, item] of [...value].entries()) {
    const bytes = encodeSetItem(writer, item, i, level);
    const key = hexOf(bytes);
    chosen.set(key, originals.get(key) ?? [bytes]);
  }
  writeSet(writer, [...chosen.values()].flat(), level);
  return chosen.size === originals.size && [...chosen.keys()].every((key) => originals.has(key));
}

/** Whether a value is the scalar or ndarray that the previous bytes decode to. */
function isSameScalar(value: unknown, previous: Uint8Array): boolean {
  switch (typeof value) {
    case "number":
      return isNumeric(previous) && Object.is(value, decodeScanned(previous));
    case "bigint":
      return !isFloatLead(previous[0] as number) && isNumeric(previous) && BigInt(decodeScanned(previous) as number | bigint) === value;
    case "string":
      return typeNameAt(previous, 0) === "string" && value === decodeScanned(previous);
    case "boolean":
      return previous[0] === (value ? 0xc3 : 0xc2);
    case "object":
      return value === null ? previous[0] === 0xc0 : isSameObject(value, previous);
    default:
      return false;
  }
}

function isNumeric(previous: Uint8Array): boolean {
  const kind = typeNameAt(previous, 0);
  return kind === "integer" || kind === "float" || kind === "big_integer";
}

function isSameObject(value: object, previous: Uint8Array): boolean {
  if (value instanceof Float) return isFloatLead(previous[0] as number) && Object.is(value.value, decodeScanned(previous));
  if (value instanceof Date)
    return typeNameAt(previous, 0) === "timestamp" && (decodeScanned(previous) as Date).getTime() === value.getTime();
  if (value instanceof Uint8Array) return typeNameAt(previous, 0) === "bytes" && isSameBytes(value, decodeScanned(previous) as Uint8Array);
  return isWrapper(value) && value.type === typeNameAt(previous, 0) && value.equals(decodeScanned(previous));
}

/** Whether two arrays hold the same bytes. */
export function isSameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function isWrapper(value: object): value is Decimal | Uuid | PlainDate | PlainTime | Duration | NdArray {
  return [Decimal, Uuid, PlainDate, PlainTime, Duration, NdArray].some((wrapper) => value instanceof wrapper);
}

/** A plain object's entries that are not undefined, or a Map's when its keys are strings. */
function entriesOf(value: unknown): ReadonlyMap<string, unknown> | undefined {
  if (value instanceof Map) return [...value.keys()].every((key) => typeof key === "string") ? value : undefined;
  if (typeof value !== "object" || value === null || Array.isArray(value) || !isPlainObject(value)) return undefined;
  return new Map(Object.entries(value).filter(([, item]) => item !== undefined));
}

/** The encoded items of a list, or of the array in a tuple or set. */
function itemsOf(bytes: Uint8Array, isExtension: boolean): Uint8Array[] {
  const lead = bytes[0] as number;
  const start = !isExtension ? 0 : lead >= 0xd4 ? 2 : 2 + (1 << (lead - 0xc7));
  const { count, next } = readHeader(bytes, start);
  const items: Uint8Array[] = [];
  for (let i = 0, at = next; i < count; i++) {
    const end = skipValue(bytes, at);
    items.push(bytes.subarray(at, end));
    at = end;
  }
  return items;
}

function decodeScanned(bytes: Uint8Array): unknown {
  return readValue({ bytes, position: 0, bigints: false });
}
