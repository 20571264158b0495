import { hexOf, readBigIntegerPayload } from "./big-integer.ts";
import { readBigEndian, readHeader } from "./layout.ts";
import { NdArray, type NdArrayType } from "./ndarray.ts";
import { readNdArray } from "./ndarray-payload.ts";
import { readFloat, readInteger } from "./numbers.ts";
import { scanValue } from "./scan.ts";
import { Extension } from "./types.ts";
import { readKey, readUtf8 } from "./utf8.ts";
import { Decimal, Duration, PlainDate, PlainTime, Uuid } from "./wrappers.ts";

/** How values are decoded. */
export interface DecodeOptions {
  /** `auto`: a number where it is a safe integer, else a bigint; `bigint`: every integer is a bigint. */
  readonly integers?: "auto" | "bigint";
}

/** Where reading is; the bytes were scanned, so nothing is checked again. */
export interface Reader {
  readonly bytes: Uint8Array;
  position: number;
  readonly bigints: boolean;
}

/**
 * The JavaScript value of one msgpack value, by the type table of docs/values.md; nothing in it shares memory with `bytes`.
 * @throws InvalidArgumentError as `scanValue` does.
 */
export function decode(bytes: Uint8Array, options: DecodeOptions = {}): unknown {
  scanValue(bytes);
  return readValue({ bytes, position: 0, bigints: options.integers === "bigint" });
}

/** The scanned value at the reader's position, which moves to its end. */
export function readValue(reader: Reader): unknown {
  const { bytes, position } = reader;
  const lead = bytes[position] as number;
  if (lead < 0x80 || lead >= 0xe0) {
    reader.position++;
    const value = lead < 0x80 ? lead : lead - 0x100;
    return reader.bigints ? BigInt(value) : value;
  }
  if (lead < 0x90 || lead >= 0xde) return readMap(reader);
  if (lead < 0xa0 || lead >= 0xdc) return readList(reader);
  if (lead < 0xc0 || lead >= 0xd9) return readString(reader);
  return readTagged(reader, lead);
}

/** Steps over the header of the string or key at the reader's position and returns how many bytes of text follow. */
function readTextSize(reader: Reader): number {
  const lead = reader.bytes[reader.position] as number;
  if (lead < 0xc0) {
    reader.position++;
    return lead & 0x1f;
  }
  const { count, next } = readHeader(reader.bytes, reader.position);
  reader.position = next;
  return count;
}

function readString(reader: Reader): string {
  const size = readTextSize(reader);
  const start = reader.position;
  reader.position += size;
  return readUtf8(reader.bytes, start, start + size);
}

function readTagged(reader: Reader, lead: number): unknown {
  const { bytes, position } = reader;
  switch (lead) {
    case 0xc0:
    case 0xc2:
    case 0xc3:
      reader.position++;
      return lead === 0xc0 ? null : lead === 0xc3;
    case 0xc4:
    case 0xc5:
    case 0xc6: {
      const { count, next } = readHeader(bytes, position);
      reader.position = next + count;
      return new Uint8Array(bytes.subarray(next, next + count));
    }
    case 0xca:
    case 0xcb:
      reader.position += lead === 0xca ? 5 : 9;
      return readFloat(bytes, position);
    default: {
      if (lead < 0xcc || lead > 0xd3) return readExtension(reader, lead);
      reader.position += 1 + (1 << (lead & 3));
      const value = readInteger(bytes, position);
      return reader.bigints ? BigInt(value) : value;
    }
  }
}

function readList(reader: Reader): unknown[] {
  const { count, next } = readHeader(reader.bytes, reader.position);
  reader.position = next;
  const list: unknown[] = [];
  for (let i = 0; i < count; i++) list.push(readValue(reader));
  return list;
}

function readMap(reader: Reader): Record<string, unknown> {
  const { count, next } = readHeader(reader.bytes, reader.position);
  reader.position = next;
  const map: Record<string, unknown> = {};
  for (let i = 0; i < count; i++) {
    const size = readTextSize(reader);
    const key = readKey(reader.bytes, reader.position, reader.position + size);
    reader.position += size;
    const value = readValue(reader);
    // Assigning to __proto__ would set the prototype instead of a property.
    if (key === "__proto__") Object.defineProperty(map, key, { value, writable: true, enumerable: true, configurable: true });
    else map[key] = value;
  }
  return map;
}

function readExtension(reader: Reader, lead: number): unknown {
  const { bytes, position } = reader;
  const width = lead < 0xd4 ? 1 << (lead - 0xc7) : 0;
  const size = lead < 0xd4 ? readBigEndian(bytes, position + 1, width) : 1 << (lead - 0xd4);
  const code = ((bytes[position + 1 + width] as number) << 24) >> 24;
  const start = position + 2 + width;
  const end = start + size;
  if (code === Extension.tuple || code === Extension.set) {
    reader.position = start;
    const items = readList(reader);
    return code === Extension.tuple ? items : new Set(items);
  }
  reader.position = end;
  return readPayload(code, bytes, start, end);
}

function readPayload(code: number, bytes: Uint8Array, start: number, end: number): unknown {
  switch (code) {
    case Extension.timestamp:
      return new Date(readTimestampMs(bytes, start, end));
    case Extension.bigInteger:
      return readBigIntegerPayload(bytes, start, end);
    case Extension.decimal:
      return new Decimal(readUtf8(bytes, start, end));
    case Extension.uuid:
      return new Uuid(hexOf(bytes, start, end).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-"));
    case Extension.date:
      return new PlainDate(readUtf8(bytes, start, end));
    case Extension.time:
      return new PlainTime(readUtf8(bytes, start, end));
    case Extension.duration:
      return new Duration(readInt64(bytes, start), readBigEndian(bytes, start + 8, 4));
    default: {
      const parts = readNdArray(bytes, start, end);
      if (parts === undefined) throw new RangeError("an ndarray that was scanned has its parts");
      return new NdArray(parts.dtype as NdArrayType, parts.shape, bytes.subarray(parts.dataStart, parts.dataEnd));
    }
  }
}

/** Milliseconds since the epoch; finer digits are cut off, towards the past. */
function readTimestampMs(bytes: Uint8Array, start: number, end: number): number {
  if (end - start === 4) return readBigEndian(bytes, start, 4) * 1000;
  if (end - start === 12) return readInt64(bytes, start + 4) * 1000 + Math.floor(readBigEndian(bytes, start, 4) / 1e6);
  const high = readBigEndian(bytes, start, 4);
  const seconds = (high & 3) * 2 ** 32 + readBigEndian(bytes, start + 4, 4);
  return seconds * 1000 + Math.floor((high >>> 2) / 1e6);
}

/** A signed 64-bit number that is known to be a safe integer. */
function readInt64(bytes: Uint8Array, at: number): number {
  return (readBigEndian(bytes, at, 4) | 0) * 2 ** 32 + readBigEndian(bytes, at + 4, 4);
}
