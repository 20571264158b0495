/**
 * Values as JSON text: what JSON has is plain, what it lacks is an object with one key that begins with `$`, and a map that looks like
 * one is wrapped in `$map`. `json-to-value.ts` reads it back to the same type and, for encodings of the usual length, the same bytes.
 */
import { type EncodedValue, scanValue } from "@session-bridge/core/values";
import { durationText, timestampText } from "./time-text.ts";

interface Cursor {
  readonly bytes: Buffer;
  at: number;
}

/** A value as JSON text of one line. Throws InvalidArgumentError for bytes that are no value. */
export function valueToJson({ bytes, encoding }: EncodedValue): string {
  if (encoding !== "") return tagged("custom", JSON.stringify({ encoding, bytes: base64(bytes) }));
  scanValue(bytes);
  return read({ bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), at: 0 });
}

function read(cursor: Cursor): string {
  const lead = unsigned(cursor, 1);
  if (lead < 0x80) return String(lead);
  if (lead >= 0xe0) return String(lead - 0x100);
  if (lead < 0x90) return readMap(cursor, lead & 0x0f);
  if (lead < 0xa0) return readList(cursor, lead & 0x0f);
  if (lead < 0xc0) return readString(cursor, lead & 0x1f);
  return readTagged(cursor, lead);
}

/** The widths of lengths and numbers double from one lead byte to the next. */
function readTagged(cursor: Cursor, lead: number): string {
  if (lead === 0xc0) return "null";
  if (lead <= 0xc3) return String(lead === 0xc3);
  if (lead < 0xc7) return tagged("bytes", quoted(base64(take(cursor, unsigned(cursor, 1 << (lead - 0xc4))))));
  if (lead < 0xca) return readExtension(cursor, unsigned(cursor, 1 << (lead - 0xc7)));
  if (lead < 0xcc) return floatText(lead === 0xca ? take(cursor, 4).readFloatBE() : take(cursor, 8).readDoubleBE());
  if (lead < 0xd0) return String(bigint(take(cursor, 1 << (lead - 0xcc)), false));
  if (lead < 0xd4) return String(bigint(take(cursor, 1 << (lead - 0xd0)), true));
  if (lead < 0xd9) return readExtension(cursor, 1 << (lead - 0xd4));
  if (lead < 0xdc) return readString(cursor, unsigned(cursor, 1 << (lead - 0xd9)));
  if (lead < 0xde) return readList(cursor, unsigned(cursor, 2 << (lead - 0xdc)));
  return readMap(cursor, unsigned(cursor, 2 << (lead - 0xde)));
}

function readExtension(cursor: Cursor, size: number): string {
  const code = take(cursor, 1).readInt8();
  const payload = take(cursor, size);
  switch (code) {
    case -1:
      return tagged("timestamp", quoted(timestampText(payload)));
    case 1:
      return String(bigint(payload, true));
    case 2:
      return tagged("decimal", quoted(payload.toString("latin1")));
    case 3:
      return tagged("uuid", quoted(payload.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")));
    case 4:
      return tagged("date", quoted(payload.toString("latin1")));
    case 5:
      return tagged("time", quoted(payload.toString("latin1")));
    case 6:
      return tagged("duration", quoted(durationText(payload)));
    case 7:
      return tagged("tuple", read({ bytes: payload, at: 0 }));
    case 8:
      return tagged("set", read({ bytes: payload, at: 0 }));
    default:
      return tagged("ndarray", ndarrayText(payload));
  }
}

/** `[dtype, shape, bin]` as an object. The scanner has checked that it is one. */
function ndarrayText(payload: Buffer): string {
  const cursor = { bytes: payload, at: 1 };
  const dtype = read(cursor);
  const shape = read(cursor);
  const data = read(cursor).slice('{"$bytes":'.length, -1);
  return `{"dtype":${dtype},"shape":${shape},"data":${data}}`;
}

function readList(cursor: Cursor, count: number): string {
  return `[${repeat(count, () => read(cursor))}]`;
}

function readMap(cursor: Cursor, count: number): string {
  let onlyKey = "";
  const entries = repeat(count, () => {
    const key = read(cursor);
    onlyKey = key;
    return `${key}:${read(cursor)}`;
  });
  const map = `{${entries}}`;
  return count === 1 && onlyKey.startsWith('"$') ? tagged("map", map) : map;
}

function readString(cursor: Cursor, size: number): string {
  return JSON.stringify(take(cursor, size).toString("utf8"));
}

function repeat(count: number, next: () => string): string {
  const parts: string[] = [];
  for (let i = 0; i < count; i++) parts.push(next());
  return parts.join(",");
}

function take(cursor: Cursor, size: number): Buffer {
  cursor.at += size;
  return cursor.bytes.subarray(cursor.at - size, cursor.at);
}

function unsigned(cursor: Cursor, width: number): number {
  return take(cursor, width).readUIntBE(0, width);
}

/** A whole number of any width, big-endian. */
function bigint(bytes: Buffer, signed: boolean): bigint {
  const value = BigInt(`0x${bytes.toString("hex")}`);
  return signed ? BigInt.asIntN(bytes.length * 8, value) : value;
}

/** The shortest text that reads back as the same float, and never as an integer. */
function floatText(value: number): string {
  if (Number.isNaN(value)) return tagged("float", quoted("nan"));
  if (!Number.isFinite(value)) return tagged("float", quoted(value > 0 ? "inf" : "-inf"));
  const text = Object.is(value, -0) ? "-0" : String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

function tagged(tag: string, json: string): string {
  return `{"$${tag}":${json}}`;
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
