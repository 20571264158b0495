import { InvalidArgumentError } from "../errors.ts";
import { payloadProblem } from "./extension-payloads.ts";
import { checkNdArray } from "./ndarray-payload.ts";
import { typeNameAt } from "./type-name.ts";
import { type DialectRule, Extension, MAX_DEPTH, MAX_NODES, type TypeName } from "./types.ts";
import { isUtf8, readUtf8 } from "./utf8.ts";

/** Maps of up to this many keys are searched for duplicates pair by pair, which needs no hashing. */
const SMALL_MAP = 8;

/** Start and end of the keys of the small maps that enclose the position; scanning is synchronous, so one is enough. */
const keyRanges = new Float64Array((MAX_DEPTH + 1) * SMALL_MAP * 2);

interface Cursor {
  readonly bytes: Uint8Array;
  position: number;
  /** Nothing is read from here on: the end of the bytes, or of the enclosing extension's payload. */
  end: number;
  nodes: number;
  /** How many sets enclose the position: only scalars and tuples may follow. */
  sets: number;
}

/**
 * Checks that the bytes are one value of the pinned msgpack dialect and returns its type name. Allocates nothing by a declared length.
 * @throws InvalidArgumentError INVALID_VALUE, VALUE_TOO_DEEP or VALUE_TOO_COMPLEX, with the broken law in `details.rule`.
 */
export function scanValue(bytes: Uint8Array): TypeName {
  if (bytes.length === 0) throw invalid("empty", "a value has at least one byte", 0);
  const end = scanValueAt(bytes, 0);
  if (end !== bytes.length) throw invalid("trailing", "bytes follow the value", end);
  return typeNameAt(bytes, 0);
}

/** Checks the one value that begins at `start` and returns where it ends; depth and nodes count from there. Throws as `scanValue` does. */
export function scanValueAt(bytes: Uint8Array, start: number): number {
  const cursor: Cursor = { bytes, position: start, end: bytes.length, nodes: 0, sets: 0 };
  scanNext(cursor, 0);
  return cursor.position;
}

/** Checks the map key, a string, that begins at `start` and returns where it ends. Throws as `scanValue` does. */
export function scanKeyAt(bytes: Uint8Array, start: number): number {
  const cursor: Cursor = { bytes, position: start, end: bytes.length, nodes: 0, sets: 0 };
  scanKey(cursor);
  return cursor.position;
}

/** The error for bytes that break a law of the dialect. */
export function invalid(rule: DialectRule, problem: string, offset: number): InvalidArgumentError {
  return new InvalidArgumentError("INVALID_VALUE", `not a valid value: ${problem} (at byte ${offset})`, { details: { rule } });
}

function scanNext(cursor: Cursor, level: number): void {
  if (cursor.position >= cursor.end) throw cutOff(cursor);
  if (++cursor.nodes > MAX_NODES) throw tooComplex();
  const lead = cursor.bytes[cursor.position++] as number;
  if (lead < 0x80 || lead >= 0xe0) return;
  if (lead < 0x90) scanMap(cursor, lead & 0x0f, level + 1);
  else if (lead < 0xa0) scanArray(cursor, lead & 0x0f, level + 1);
  else if (lead < 0xc0) scanText(cursor, lead & 0x1f);
  else scanTagged(cursor, lead, level);
}

/** The values whose first byte is only a tag, 0xc0 to 0xdf; the widths of lengths and numbers double from one tag to the next. */
function scanTagged(cursor: Cursor, lead: number, level: number): void {
  if (lead === 0xc1) throw invalid("reserved", "the byte 0xc1 is reserved", cursor.position - 1);
  if (lead < 0xc4) return;
  if (lead < 0xc7) skip(cursor, readLength(cursor, 1 << (lead - 0xc4)));
  else if (lead < 0xca) scanExtension(cursor, readLength(cursor, 1 << (lead - 0xc7)), level);
  else if (lead < 0xcc) skip(cursor, 4 << (lead - 0xca));
  else if (lead < 0xd4) skip(cursor, 1 << (lead & 3));
  else if (lead < 0xd9) scanExtension(cursor, 1 << (lead - 0xd4), level);
  else if (lead < 0xdc) scanText(cursor, readLength(cursor, 1 << (lead - 0xd9)));
  else if (lead < 0xde) scanArray(cursor, readLength(cursor, 2 << (lead - 0xdc)), level + 1);
  else scanMap(cursor, readLength(cursor, 2 << (lead - 0xde)), level + 1);
}

function scanArray(cursor: Cursor, count: number, level: number): void {
  if (cursor.sets > 0) throw notHashable(cursor);
  enterContainer(cursor, count, level);
  for (let i = 0; i < count; i++) scanNext(cursor, level);
}

function scanMap(cursor: Cursor, count: number, level: number): void {
  if (cursor.sets > 0) throw notHashable(cursor);
  enterContainer(cursor, count * 2, level);
  if (count > SMALL_MAP) scanLargeMap(cursor, count, level);
  else scanSmallMap(cursor, count, level);
}

function scanSmallMap(cursor: Cursor, count: number, level: number): void {
  const base = level * SMALL_MAP * 2;
  for (let i = 0; i < count; i++) {
    const start = scanKey(cursor);
    const end = cursor.position;
    for (let k = base; k < base + i * 2; k += 2) {
      if (isSame(cursor.bytes, keyRanges[k] as number, keyRanges[k + 1] as number, start, end)) throw duplicateKey(start);
    }
    keyRanges[base + i * 2] = start;
    keyRanges[base + i * 2 + 1] = end;
    scanNext(cursor, level);
  }
}

/** Keys of many go into the language's own hash set, whose seed an attacker does not know. */
function scanLargeMap(cursor: Cursor, count: number, level: number): void {
  const seen = new Set<string>();
  for (let i = 0; i < count; i++) {
    const start = scanKey(cursor);
    seen.add(readUtf8(cursor.bytes, start, cursor.position));
    if (seen.size === i) throw duplicateKey(start);
    scanNext(cursor, level);
  }
}

/** Steps over a map key and returns where its text begins; the text ends at the cursor. */
function scanKey(cursor: Cursor): number {
  if (cursor.position >= cursor.end) throw cutOff(cursor);
  const lead = cursor.bytes[cursor.position++] as number;
  let size = lead & 0x1f;
  if (lead >= 0xd9 && lead <= 0xdb) size = readLength(cursor, 1 << (lead - 0xd9));
  else if (lead === 0xc1) throw invalid("reserved", "the byte 0xc1 is reserved", cursor.position - 1);
  else if (lead < 0xa0 || lead > 0xbf) throw invalid("key_type", "a map key is not a string", cursor.position - 1);
  const start = cursor.position;
  scanText(cursor, size);
  return start;
}

function scanText(cursor: Cursor, size: number): void {
  const start = cursor.position;
  skip(cursor, size);
  if (!isUtf8(cursor.bytes, start, cursor.position)) throw invalid("utf8", "a string is not valid UTF-8", start);
}

function scanExtension(cursor: Cursor, size: number, level: number): void {
  if (cursor.position + 1 + size > cursor.end) throw cutOff(cursor);
  const code = ((cursor.bytes[cursor.position++] as number) << 24) >> 24;
  const start = cursor.position;
  if (code < Extension.timestamp || code === 0 || code > Extension.ndarray) {
    throw invalid("unknown_extension", `the extension code ${code} is unknown`, start - 1);
  }
  if (code < Extension.tuple) {
    const problem = payloadProblem(code, cursor.bytes, start, start + size);
    if (problem !== undefined) throw invalid("extension_payload", problem, start);
    cursor.position = start + size;
    return;
  }
  const outerEnd = cursor.end;
  cursor.end = start + size;
  if (code === Extension.tuple) scanTuple(cursor, level + 1);
  else if (cursor.sets > 0) throw notHashable(cursor);
  else if (code === Extension.set) scanSet(cursor, level + 1);
  else scanNdArray(cursor, level + 1);
  if (cursor.position !== cursor.end) throw invalid("extension_payload", "bytes follow an extension's array", cursor.position);
  cursor.end = outerEnd;
}

function scanTuple(cursor: Cursor, level: number): void {
  const count = readArrayHeader(cursor);
  enterContainer(cursor, count, level);
  for (let i = 0; i < count; i++) scanNext(cursor, level);
}

function scanSet(cursor: Cursor, level: number): void {
  const count = readArrayHeader(cursor);
  enterContainer(cursor, count, level);
  cursor.sets++;
  let previous = cursor.position;
  for (let i = 0; i < count; i++) {
    const start = cursor.position;
    scanNext(cursor, level);
    if (i > 0 && compareRanges(cursor.bytes, previous, start, start, cursor.position) >= 0) {
      throw invalid("extension_payload", "a set's elements are not distinct and sorted by their bytes", start);
    }
    previous = start;
  }
  cursor.sets--;
}

function scanNdArray(cursor: Cursor, level: number): void {
  if (level > MAX_DEPTH) throw tooDeep();
  const problem = checkNdArray(cursor.bytes, cursor.position, cursor.end);
  if (problem !== undefined) throw invalid("extension_payload", problem, cursor.position);
  cursor.position = cursor.end;
}

/** The number of elements of the array that an extension's payload is. */
function readArrayHeader(cursor: Cursor): number {
  const lead = cursor.position < cursor.end ? (cursor.bytes[cursor.position++] as number) : 0;
  if (lead >= 0x90 && lead < 0xa0) return lead & 0x0f;
  if (lead === 0xdc || lead === 0xdd) return readLength(cursor, 2 << (lead - 0xdc));
  throw invalid("extension_payload", "the payload of a tuple or set is not an array", cursor.position);
}

/** Refuses a container that is too deep, or that counts more parts than bytes are left: each part has at least one. */
function enterContainer(cursor: Cursor, parts: number, level: number): void {
  if (level > MAX_DEPTH) throw tooDeep();
  if (parts > cursor.end - cursor.position) throw cutOff(cursor);
}

function readLength(cursor: Cursor, width: number): number {
  const { bytes, position } = cursor;
  skip(cursor, width);
  let length = 0;
  for (let i = position; i < position + width; i++) length = length * 256 + (bytes[i] as number);
  return length;
}

function skip(cursor: Cursor, size: number): void {
  if (cursor.position + size > cursor.end) throw cutOff(cursor);
  cursor.position += size;
}

function isSame(bytes: Uint8Array, start: number, end: number, otherStart: number, otherEnd: number): boolean {
  if (end - start !== otherEnd - otherStart) return false;
  for (let i = start, k = otherStart; i < end; i++, k++) if (bytes[i] !== bytes[k]) return false;
  return true;
}

/** Compares two ranges as unsigned bytes; two whole values never begin one another, so the shorter length decides nothing. */
function compareRanges(bytes: Uint8Array, start: number, end: number, otherStart: number, otherEnd: number): number {
  const length = Math.min(end - start, otherEnd - otherStart);
  for (let i = 0; i < length; i++) {
    const difference = (bytes[start + i] as number) - (bytes[otherStart + i] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

function cutOff(cursor: Cursor): InvalidArgumentError {
  return invalid("truncated", "the bytes of a value end in its middle", cursor.end);
}

function notHashable(cursor: Cursor): InvalidArgumentError {
  return invalid("extension_payload", "a set holds something other than scalars and tuples", cursor.position - 1);
}

function duplicateKey(offset: number): InvalidArgumentError {
  return invalid("duplicate_key", "a map has the same key twice", offset);
}

function tooDeep(): InvalidArgumentError {
  const details = { rule: "depth", limitValue: MAX_DEPTH } as const;
  return new InvalidArgumentError("VALUE_TOO_DEEP", `the value is nested more than ${MAX_DEPTH} levels deep`, { details });
}

function tooComplex(): InvalidArgumentError {
  const details = { rule: "nodes", limitValue: MAX_NODES } as const;
  return new InvalidArgumentError("VALUE_TOO_COMPLEX", `the value holds more than ${MAX_NODES} values`, { details });
}
