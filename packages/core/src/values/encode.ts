import { writeBigInt, writeExtension, writeNumber, writeObjectScalar, writeString } from "./encode-scalar.ts";
import { headerSize, writeHeader } from "./layout.ts";
import { NdArray } from "./ndarray.ts";
import { Extension } from "./types.ts";
import { ROOT_PATH } from "./value-path.ts";
import { checkDepth, countNode, refuse, reserve, takeFrom, type Writer, writeBytes, writeRaw } from "./writer.ts";

/** How values are encoded. */
export interface EncodeOptions {
  /** The variable's name, with which paths in errors begin; without it they begin with `value`. */
  readonly name?: string;
}

/**
 * One msgpack value by the type table of docs/values.md. A property that is undefined is left out.
 * @throws SerializationError UNSUPPORTED_TYPE, INVALID_STRING, VALUE_TOO_DEEP (cycles too) or VALUE_TOO_COMPLEX, with `details.path`.
 */
export function encode(value: unknown, options: EncodeOptions = {}): Uint8Array {
  return writeBytes(options.name ?? ROOT_PATH, (writer) => writeValue(writer, value, 0));
}

/** Writes a value that `level` containers enclose. */
export function writeValue(writer: Writer, value: unknown, level: number): void {
  countNode(writer, level);
  switch (typeof value) {
    case "string":
      writeString(writer, value, level);
      return;
    case "number":
      writeNumber(writer, value);
      return;
    case "boolean":
      writeByte(writer, value ? 0xc3 : 0xc2);
      return;
    case "bigint":
      writeBigInt(writer, value);
      return;
    case "object":
      if (value === null) writeByte(writer, 0xc0);
      else writeObject(writer, value, level);
      return;
    default:
      throw refuse(writer, level, "UNSUPPORTED_TYPE", `a value of type ${typeof value} cannot be encoded`);
  }
}

function writeByte(writer: Writer, byte: number): void {
  reserve(writer, 1);
  writer.buffer[writer.position++] = byte;
}

function writeObject(writer: Writer, value: object, level: number): void {
  if (Array.isArray(value)) writeList(writer, value, level);
  else if (isPlainObject(value)) writePlainObject(writer, value, level);
  else if (value instanceof Map) writeMap(writer, value, level);
  else if (value instanceof Set)
    writeSet(
      writer,
      Array.from(value, (item, i) => encodeSetItem(writer, item, i, level)),
      level,
    );
  else {
    if (value instanceof NdArray) checkDepth(writer, level);
    if (!writeObjectScalar(writer, value, level)) throw refuse(writer, level, "UNSUPPORTED_TYPE", describeRefused(value));
  }
}

/** Whether it was made by `{}`, `JSON.parse`, `Object.create(null)`, or the like in another realm; a Map with string keys is none. */
export function isPlainObject(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return true;
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, "isPrototypeOf");
}

function describeRefused(value: object): string {
  const name = (value as { constructor?: { name?: unknown } }).constructor?.name;
  const hint = ArrayBuffer.isView(value) ? "; wrap it: NdArray.from(array)" : "";
  return `an instance of ${typeof name === "string" && name !== "" ? name : "a class"} cannot be encoded${hint}`;
}

function writeList(writer: Writer, list: readonly unknown[], level: number): void {
  openContainer(writer, "list", list.length, level);
  for (let i = 0; i < list.length; i++) {
    writer.keys[level] = i;
    writeValue(writer, list[i], level + 1);
  }
}

function writePlainObject(writer: Writer, value: Record<string, unknown>, level: number): void {
  const keys = Object.keys(value);
  const start = writer.position;
  openContainer(writer, "map", keys.length, level);
  const contentStart = writer.position;
  let count = 0;
  for (const key of keys) {
    const item = value[key];
    if (item === undefined) continue;
    writeEntry(writer, key, item, level);
    count++;
  }
  if (count === keys.length) return;
  const content = takeFrom(writer, contentStart);
  writer.position = writeHeader(writer.buffer, start, "map", count);
  writeRaw(writer, content);
}

function writeMap(writer: Writer, map: ReadonlyMap<unknown, unknown>, level: number): void {
  openContainer(writer, "map", map.size, level);
  for (const [key, item] of map) {
    if (typeof key !== "string") throw refuse(writer, level, "UNSUPPORTED_TYPE", `a Map has a key of type ${typeof key}; keys are strings`);
    writeEntry(writer, key, item, level);
  }
}

function writeEntry(writer: Writer, key: string, item: unknown, level: number): void {
  writer.keys[level] = key;
  writeString(writer, key, level + 1);
  writeValue(writer, item, level + 1);
}

/** Writes the header of a list or map that `level` containers enclose. */
export function openContainer(writer: Writer, kind: "list" | "map", count: number, level: number): void {
  checkDepth(writer, level);
  reserve(writer, 5);
  writer.position = writeHeader(writer.buffer, writer.position, kind, count);
}

/** The encoded item of a set, the `index`-th in iteration order: a scalar, or a tuple for an array, since a set holds no list. */
export function encodeSetItem(writer: Writer, item: unknown, index: number, level: number): Uint8Array {
  checkDepth(writer, level);
  const start = writer.position;
  writer.keys[level] = index;
  writeHashable(writer, item, level + 1);
  return takeFrom(writer, start);
}

function writeHashable(writer: Writer, item: unknown, level: number): void {
  if (!Array.isArray(item)) {
    const isContainer = typeof item === "object" && item !== null && (isPlainObject(item) || item instanceof Map || item instanceof Set);
    if (isContainer || item instanceof NdArray)
      throw refuse(writer, level, "UNSUPPORTED_TYPE", "a set holds only scalars and arrays of them");
    writeValue(writer, item, level);
    return;
  }
  countNode(writer, level);
  const start = writer.position;
  openContainer(writer, "list", item.length, level);
  for (let i = 0; i < item.length; i++) {
    writer.keys[level] = i;
    writeHashable(writer, item[i], level + 1);
  }
  writeExtension(writer, Extension.tuple, takeFrom(writer, start));
}

/** Writes a set of encoded items: sorted by their bytes, each once. */
export function writeSet(writer: Writer, items: readonly Uint8Array[], level: number): void {
  checkDepth(writer, level);
  const sorted = [...items].sort(compareBytes);
  const distinct = sorted.filter((item, i) => i === 0 || compareBytes(sorted[i - 1] as Uint8Array, item) !== 0);
  const start = writer.position;
  reserve(writer, headerSize("list", distinct.length));
  writer.position = writeHeader(writer.buffer, start, "list", distinct.length);
  for (const item of distinct) writeRaw(writer, item);
  writeExtension(writer, Extension.set, takeFrom(writer, start));
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
