import { InvalidArgumentError } from "../errors.ts";
import { invalid, scanKeyAt, scanValueAt } from "./scan.ts";
import { readUtf8, utf8Size, writeUtf8 } from "./utf8.ts";

/** A variable's name and its msgpack bytes. */
export interface PackedEntry {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The bytes that an entry adds to a packed map, for budgeting pages; the map's own header adds at most 5 more. */
export function packedEntrySize(name: string, bytes: Uint8Array): number {
  const size = utf8Size(name);
  return stringHeaderSize(size) + size + bytes.length;
}

/** One msgpack map of names to values, made by concatenation: names and bytes are taken as they are. */
export function packMap(entries: Iterable<PackedEntry>): Uint8Array {
  const list = [...entries];
  const headerSize = list.length < 16 ? 1 : list.length < 0x10000 ? 3 : 5;
  let size = headerSize;
  for (const { name, bytes } of list) size += packedEntrySize(name, bytes);
  const packed = new Uint8Array(size);
  if (headerSize === 1) packed[0] = 0x80 | list.length;
  else writeHeader(packed, 0, headerSize === 3 ? 0xde : 0xdf, list.length, headerSize - 1);
  let at = headerSize;
  for (const { name, bytes } of list) {
    at = writeName(packed, at, name);
    packed.set(bytes, at);
    at += bytes.length;
  }
  return packed;
}

/**
 * The names and values of a packed map, in its order; the values are views into `packed`. Each value is scanned by itself, so depth and nodes count per value.
 * @throws InvalidArgumentError as `scanValue` does, with `details.name` where one variable's value is at fault.
 */
export function unpackMap(packed: Uint8Array): PackedEntry[] {
  if (packed.length === 0) throw invalid("empty", "a packed map has at least one byte", 0);
  const { count, next } = readMapHeader(packed);
  const entries: PackedEntry[] = [];
  const seen = new Set<string>();
  let at = next;
  for (let i = 0; i < count; i++) {
    const keyEnd = scanKeyAt(packed, at);
    const name = readUtf8(packed, keyStart(packed, at), keyEnd);
    seen.add(name);
    if (seen.size === i) throw named(invalid("duplicate_key", "the same name is given twice", at), name);
    at = scanNamed(packed, keyEnd, name);
    entries.push({ name, bytes: packed.subarray(keyEnd, at) });
  }
  if (at !== packed.length) throw invalid("trailing", "bytes follow the packed map", at);
  return entries;
}

function scanNamed(packed: Uint8Array, start: number, name: string): number {
  try {
    return scanValueAt(packed, start);
  } catch (error) {
    throw error instanceof InvalidArgumentError ? named(error, name) : error;
  }
}

/** The same error, saying which variable it is about. */
function named(error: InvalidArgumentError, name: string): InvalidArgumentError {
  return new InvalidArgumentError(error.reason, `${JSON.stringify(name)}: ${error.message}`, { details: { ...error.details, name } });
}

function readMapHeader(packed: Uint8Array): { count: number; next: number } {
  const lead = packed[0] as number;
  if (lead >= 0x80 && lead < 0x90) return { count: lead & 0x0f, next: 1 };
  if (lead !== 0xde && lead !== 0xdf) throw invalid("key_type", "packed values are not a map of names to values", 0);
  const width = 2 << (lead - 0xde);
  if (packed.length < 1 + width) throw invalid("truncated", "the bytes end in the middle of a header", packed.length);
  let count = 0;
  for (let i = 1; i <= width; i++) count = count * 256 + (packed[i] as number);
  return { count, next: 1 + width };
}

/** Where the text of the scanned key at an offset begins. */
function keyStart(packed: Uint8Array, at: number): number {
  const lead = packed[at] as number;
  return lead < 0xc0 ? at + 1 : at + 1 + (1 << (lead - 0xd9));
}

function stringHeaderSize(size: number): number {
  return size < 32 ? 1 : size < 0x100 ? 2 : size < 0x10000 ? 3 : 5;
}

function writeName(packed: Uint8Array, offset: number, name: string): number {
  const size = utf8Size(name);
  const headerSize = stringHeaderSize(size);
  if (headerSize === 1) packed[offset] = 0xa0 | size;
  else writeHeader(packed, offset, headerSize === 2 ? 0xd9 : headerSize === 3 ? 0xda : 0xdb, size, headerSize - 1);
  writeUtf8(name, packed, offset + headerSize);
  return offset + headerSize + size;
}

function writeHeader(packed: Uint8Array, offset: number, tag: number, count: number, width: number): void {
  packed[offset] = tag;
  for (let i = 0, rest = count; i < width; i++, rest = Math.floor(rest / 256)) packed[offset + width - i] = rest & 0xff;
}
