import { InvalidArgumentError } from "../errors.ts";
import { type Header, headerSize, readHeader, writeHeader } from "./layout.ts";
import { invalid, scanKeyAt, scanValueAt } from "./scan.ts";
import { typeNameAt } from "./type-name.ts";
import type { TypeName } from "./types.ts";
import { readKey, utf8Size, writeUtf8 } from "./utf8.ts";

/** A variable's name and its msgpack bytes. */
export interface PackedEntry {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** An entry of a packed map that was looked through. */
export interface ScannedEntry extends PackedEntry {
  readonly type: TypeName;
}

/** The bytes that an entry adds to a packed map, for budgeting pages; the map's own header adds at most 5 more. */
export const packedEntrySize = (name: string, valueBytes: number): number => keySize(utf8Size(name)) + valueBytes;

const keySize = (nameBytes: number): number => headerSize("string", nameBytes) + nameBytes;

/**
 * One msgpack map of names to values, made by concatenation: names and bytes are taken as they are.
 * @throws InvalidArgumentError INVALID_NAME for a name with a lone surrogate, which UTF-8 cannot hold.
 */
export function packMap(entries: Iterable<PackedEntry>): Uint8Array {
  // Of a stored variable, `bytes` are made each time they are asked for.
  const list = Array.from(entries, ({ name, bytes }) => ({ name, bytes, nameBytes: utf8Size(name) }));
  let size = headerSize("map", list.length);
  for (const { name, bytes, nameBytes } of list) {
    if (!name.isWellFormed())
      throw new InvalidArgumentError("INVALID_NAME", `the name ${JSON.stringify(name)} holds a lone surrogate`, { details: { name } });
    size += keySize(nameBytes) + bytes.length;
  }
  const packed = new Uint8Array(size);
  let at = writeHeader(packed, 0, "map", list.length);
  for (const { name, bytes, nameBytes } of list) {
    at = writeHeader(packed, at, "string", nameBytes);
    writeUtf8(name, packed, at);
    packed.set(bytes, at + nameBytes);
    at += nameBytes + bytes.length;
  }
  return packed;
}

/** How many entries a packed map declares, so that too many are refused before any is looked at. Throws as `unpackMap` does. */
export function packedCount(packed: Uint8Array): number {
  return readMapHeader(packed).count;
}

/**
 * The names and values of a packed map, in its order; the values are views into `packed`. Each value is scanned by itself, so depth and nodes count per value.
 * @throws InvalidArgumentError as `scanValue` does, with `details.name` where one variable's value is at fault.
 */
export function unpackMap(packed: Uint8Array): ScannedEntry[] {
  const { count, next } = readMapHeader(packed);
  const entries: ScannedEntry[] = [];
  const seen = new Set<string>();
  let at = next;
  for (let i = 0; i < count; i++) {
    const keyEnd = scanKeyAt(packed, at);
    const name = readKey(packed, readHeader(packed, at).next, keyEnd);
    seen.add(name);
    if (seen.size === i) throw named(invalid("duplicate_key", "the same name is given twice", at), name);
    at = scanNamed(packed, keyEnd, name);
    entries.push({ name, bytes: packed.subarray(keyEnd, at), type: typeNameAt(packed, keyEnd) });
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

function readMapHeader(packed: Uint8Array): Header {
  if (packed.length === 0) throw invalid("empty", "a packed map has at least one byte", 0);
  const lead = packed[0] as number;
  if (!((lead >= 0x80 && lead < 0x90) || lead === 0xde || lead === 0xdf))
    throw invalid("key_type", "packed values are not a map of names", 0);
  const width = lead < 0x90 ? 0 : 2 << (lead - 0xde);
  if (packed.length < 1 + width) throw invalid("truncated", "the bytes end in the middle of a header", packed.length);
  return readHeader(packed, 0);
}
