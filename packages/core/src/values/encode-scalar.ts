import { bigIntegerPayload } from "./big-integer.ts";
import { MAX_TIMESTAMP_SECONDS, MIN_TIMESTAMP_SECONDS } from "./extension-payloads.ts";
import { headerSize, writeHeader } from "./layout.ts";
import { NdArray } from "./ndarray.ts";
import { MAX_INTEGER, MIN_INTEGER, writeBigInteger, writeFloat, writeInteger } from "./numbers.ts";
import { Extension } from "./types.ts";
import { writeSomeUtf8 } from "./utf8.ts";
import { Decimal, Duration, Float, PlainDate, PlainTime, Uuid } from "./wrappers.ts";
import { refuse, reserve, takeFrom, type Writer, writeRaw } from "./writer.ts";

/** Writes a number: a safe integer as an integer, every other one as a float. */
export function writeNumber(writer: Writer, value: number): void {
  reserve(writer, 9);
  const write = Number.isSafeInteger(value) && !Object.is(value, -0) ? writeInteger : writeFloat;
  writer.position = write(writer.buffer, writer.position, value);
}

/** Writes a number as a float64. */
function writeFloat64(writer: Writer, value: number): void {
  reserve(writer, 9);
  writer.position = writeFloat(writer.buffer, writer.position, value);
}

/** Writes a bigint as an integer, or as a big integer beyond 64 bits. */
export function writeBigInt(writer: Writer, value: bigint): void {
  if (value < MIN_INTEGER || value > MAX_INTEGER) {
    writeExtension(writer, Extension.bigInteger, bigIntegerPayload(value));
    return;
  }
  reserve(writer, 9);
  writer.position = writeBigInteger(writer.buffer, writer.position, value);
}

/** Writes a string; refuses one that is not well-formed. */
export function writeString(writer: Writer, text: string, level: number): void {
  if (text.length < 32 && writeShortAscii(writer, text)) return;
  if (!text.isWellFormed()) throw refuse(writer, level, "INVALID_STRING", "a string holds a lone surrogate, which UTF-8 cannot hold");
  const start = writer.position;
  const assumed = headerSize("string", text.length);
  reserve(writer, assumed);
  writer.position += assumed;
  for (let rest = text; rest !== ""; ) {
    // Three bytes more than an ASCII text needs, so that each turn has room for a character at least.
    reserve(writer, rest.length + 3);
    const { read, written } = writeSomeUtf8(rest, writer.buffer, writer.position);
    writer.position += written;
    rest = rest.slice(read);
  }
  const size = writer.position - start - assumed;
  const shift = headerSize("string", size) - assumed;
  if (shift > 0) {
    reserve(writer, shift);
    writer.buffer.copyWithin(start + assumed + shift, start + assumed, writer.position);
    writer.position += shift;
  }
  writeHeader(writer.buffer, start, "string", size);
}

/** Writes a string of less than 32 characters if they are ASCII, or nothing. */
function writeShortAscii(writer: Writer, text: string): boolean {
  const length = text.length;
  reserve(writer, 1 + length);
  const { buffer } = writer;
  let at = writer.position;
  buffer[at++] = 0xa0 | length;
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) return false;
    buffer[at++] = unit;
  }
  writer.position = at;
  return true;
}

/** Writes bytes as bin. */
function writeBinary(writer: Writer, bytes: Uint8Array): void {
  reserve(writer, headerSize("bytes", bytes.length));
  writer.position = writeHeader(writer.buffer, writer.position, "bytes", bytes.length);
  writeRaw(writer, bytes);
}

/** Writes an extension in the smallest form that its payload's size allows. */
export function writeExtension(writer: Writer, code: number, payload: Uint8Array): void {
  const size = payload.length;
  const fixed = [1, 2, 4, 8, 16].indexOf(size);
  const width = fixed >= 0 ? 0 : size < 0x100 ? 1 : size < 0x10000 ? 2 : 4;
  reserve(writer, 6);
  const { buffer } = writer;
  buffer[writer.position++] = fixed >= 0 ? 0xd4 + fixed : width === 1 ? 0xc7 : width === 2 ? 0xc8 : 0xc9;
  for (let shift = (width - 1) * 8; shift >= 0; shift -= 8) buffer[writer.position++] = (size >>> shift) & 0xff;
  buffer[writer.position++] = code & 0xff;
  writeRaw(writer, payload);
}

/** Writes an object that is one scalar or ndarray and answers whether it was one. */
export function writeObjectScalar(writer: Writer, value: object, level: number): boolean {
  if (value instanceof Uint8Array) writeBinary(writer, value);
  else if (value instanceof ArrayBuffer) writeBinary(writer, new Uint8Array(value));
  else if (value instanceof Date) writeTimestamp(writer, value, level);
  else if (value instanceof Float) writeFloat64(writer, value.value);
  else if (value instanceof Decimal) writeExtension(writer, Extension.decimal, asciiBytes(value.toString()));
  else if (value instanceof PlainDate) writeExtension(writer, Extension.date, asciiBytes(value.toString()));
  else if (value instanceof PlainTime) writeExtension(writer, Extension.time, asciiBytes(value.toString()));
  else if (value instanceof Uuid) writeExtension(writer, Extension.uuid, uuidBytes(value));
  else if (value instanceof Duration) writeExtension(writer, Extension.duration, durationBytes(value));
  else if (value instanceof NdArray) writeNdArray(writer, value);
  else return false;
  return true;
}

/** The smallest of the three timestamp forms of the msgpack specification. */
function writeTimestamp(writer: Writer, value: Date, level: number): void {
  const ms = value.getTime();
  const seconds = Math.floor(ms / 1000);
  if (!(seconds >= MIN_TIMESTAMP_SECONDS && seconds <= MAX_TIMESTAMP_SECONDS)) {
    throw refuse(writer, level, "UNSUPPORTED_TYPE", "a Date is invalid or outside the years 1–9999");
  }
  const nanos = (ms - seconds * 1000) * 1e6;
  const size = seconds < 0 || seconds >= 2 ** 34 ? 12 : nanos > 0 || seconds >= 2 ** 32 ? 8 : 4;
  const view = new DataView(new ArrayBuffer(size));
  if (size === 12) {
    view.setUint32(0, nanos);
    view.setBigInt64(4, BigInt(seconds));
  } else {
    if (size === 8) view.setUint32(0, nanos * 4 + Math.floor(seconds / 2 ** 32));
    view.setUint32(size - 4, seconds % 2 ** 32);
  }
  writeExtension(writer, Extension.timestamp, new Uint8Array(view.buffer));
}

function writeNdArray(writer: Writer, value: NdArray): void {
  const start = writer.position;
  reserve(writer, 16 + value.shape.length * 9);
  const { buffer } = writer;
  let at = writeHeader(buffer, start, "list", 3);
  buffer.set(asciiBytes(`\xa3${value.dtype}`), at);
  at = writeHeader(buffer, at + 4, "list", value.shape.length);
  for (const length of value.shape) at = writeInteger(buffer, at, length);
  writer.position = at;
  writeBinary(writer, value.toBytes());
  writeExtension(writer, Extension.ndarray, takeFrom(writer, start));
}

function durationBytes(value: Duration): Uint8Array {
  const view = new DataView(new ArrayBuffer(12));
  view.setBigInt64(0, BigInt(value.seconds));
  view.setUint32(8, value.nanos);
  return new Uint8Array(view.buffer);
}

function uuidBytes(value: Uuid): Uint8Array {
  const hex = value.toString().replaceAll("-", "");
  return Uint8Array.from({ length: 16 }, (_, i) => Number.parseInt(hex.slice(i * 2, i * 2 + 2), 16));
}

function asciiBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
