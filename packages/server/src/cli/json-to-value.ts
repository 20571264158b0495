/** JSON text as values: the way back of `value-to-json.ts`. Whole numbers are integers of any size, the others floats. */
import { type EncodedValue, scanValue } from "@session-bridge/core/values";
import { type Json, type JsonObject, parseJson } from "./json-text.ts";
import { durationPayload, timestampPayload } from "./time-text.ts";

const UINT64_END = 1n << 64n;
const INT64_MIN = -(1n << 63n);
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The value of a JSON text. Throws SyntaxError for what is no JSON or no value, InvalidArgumentError for what the dialect refuses. */
export function jsonToValue(text: string): EncodedValue {
  const json = parseJson(text);
  const custom = customValue(json);
  if (custom !== undefined) return custom;
  const bytes = write(json);
  scanValue(bytes);
  return { bytes, encoding: "" };
}

/** A string's value. */
export function stringToValue(text: string): EncodedValue {
  const bytes = writeString(text);
  scanValue(bytes);
  return { bytes, encoding: "" };
}

function write(json: Json): Buffer {
  if (json === null) return Buffer.of(0xc0);
  if (typeof json === "boolean") return Buffer.of(json ? 0xc3 : 0xc2);
  if (typeof json === "string") return writeString(json);
  if (isArray(json)) return Buffer.concat([header(json.length, 0x90, 16, [undefined, 0xdc, 0xdd]), ...json.map(write)]);
  return "number" in json ? writeNumber(json.number) : writeObject(json);
}

function writeObject(object: JsonObject): Buffer {
  const [entry] = object.entries;
  if (object.entries.length === 1 && entry?.[0].startsWith("$")) return writeTagged(entry[0], entry[1]);
  return writeMap(object);
}

function writeMap({ entries }: JsonObject): Buffer {
  const parts = entries.flatMap(([key, value]) => [writeString(key), write(value)]);
  return Buffer.concat([header(entries.length, 0x80, 16, [undefined, 0xde, 0xdf]), ...parts]);
}

function writeTagged(tag: string, json: Json): Buffer {
  switch (tag) {
    case "$map":
      if (isObject(json)) return writeMap(json);
      break;
    case "$bytes":
      if (typeof json === "string" && BASE64.test(json)) return writeBytes(Buffer.from(json, "base64"));
      break;
    case "$float":
      if (json === "nan" || json === "inf" || json === "-inf")
        return writeFloat(json === "nan" ? Number.NaN : json === "inf" ? Infinity : -Infinity);
      break;
    case "$tuple":
      if (isArray(json)) return extension(7, write(json));
      break;
    case "$set":
      if (isArray(json)) return writeSet(json);
      break;
    case "$ndarray":
      return writeNdarray(json);
    default: {
      const payload = typeof json === "string" ? textPayload(tag, json) : undefined;
      if (payload !== undefined) return payload;
    }
  }
  throw new SyntaxError(`{"${tag}": …} is not a value; a map with this one key is written {"$map": {"${tag}": …}}`);
}

function textPayload(tag: string, text: string): Buffer | undefined {
  switch (tag) {
    case "$timestamp":
      return extended(-1, timestampPayload(text));
    case "$decimal":
      return extension(2, Buffer.from(text, "latin1"));
    case "$uuid":
      return UUID.test(text) ? extension(3, Buffer.from(text.replaceAll("-", ""), "hex")) : undefined;
    case "$date":
      return extension(4, Buffer.from(text, "latin1"));
    case "$time":
      return extension(5, Buffer.from(text, "latin1"));
    case "$duration":
      return extended(6, durationPayload(text));
    default:
      return undefined;
  }
}

/** The elements of a set are sorted by their bytes. */
function writeSet(items: readonly Json[]): Buffer {
  const elements = items.map(write).sort(Buffer.compare);
  return extension(8, Buffer.concat([header(elements.length, 0x90, 16, [undefined, 0xdc, 0xdd]), ...elements]));
}

function writeNdarray(json: Json): Buffer {
  const fields = isObject(json) ? new Map(json.entries) : new Map<string, Json>();
  const { dtype, shape, data } = { dtype: fields.get("dtype"), shape: fields.get("shape"), data: fields.get("data") };
  if (fields.size !== 3 || typeof dtype !== "string" || !isArray(shape) || typeof data !== "string" || !BASE64.test(data)) {
    throw new SyntaxError('{"$ndarray": …} needs dtype, shape and data (base64), and nothing else');
  }
  return extension(9, Buffer.concat([Buffer.of(0x93), writeString(dtype), write(shape), writeBytes(Buffer.from(data, "base64"))]));
}

function customValue(json: Json): EncodedValue | undefined {
  if (!isObject(json) || json.entries.length !== 1 || json.entries[0]?.[0] !== "$custom") return undefined;
  const inner = json.entries[0][1];
  const fields = isObject(inner) ? new Map(inner.entries) : new Map<string, Json>();
  const { encoding, bytes } = { encoding: fields.get("encoding"), bytes: fields.get("bytes") };
  if (fields.size !== 2 || typeof encoding !== "string" || typeof bytes !== "string" || !BASE64.test(bytes)) {
    throw new SyntaxError('{"$custom": …} needs encoding and bytes (base64), and nothing else');
  }
  return { encoding, bytes: Buffer.from(bytes, "base64") };
}

function writeNumber(text: string): Buffer {
  if (/[.eE]/.test(text)) {
    const value = Number(text);
    if (!Number.isFinite(value)) throw new SyntaxError(`${text} is greater than any float; infinity is written {"$float": "inf"}`);
    return writeFloat(value);
  }
  const value = BigInt(text);
  return value >= INT64_MIN && value < UINT64_END ? writeInteger(value) : extension(1, twosComplement(value));
}

/** The shortest form that holds it. */
function writeInteger(value: bigint): Buffer {
  if (value >= -32n && value < 128n) return Buffer.of(Number(value) & 0xff);
  let width = 0;
  while (width < 3 && !(value < 0n ? value >= -(1n << ((8n << BigInt(width)) - 1n)) : value < 1n << (8n << BigInt(width)))) width += 1;
  const bits = 8 << width;
  const digits = BigInt.asUintN(bits, value)
    .toString(16)
    .padStart(bits / 4, "0");
  return Buffer.concat([Buffer.of((value < 0n ? 0xd0 : 0xcc) + width), Buffer.from(digits, "hex")]);
}

/** The fewest bytes whose first bit is the sign. */
function twosComplement(value: bigint): Buffer {
  let size = 9;
  while (BigInt.asIntN(size * 8, value) !== value) size += 1;
  return Buffer.from(
    BigInt.asUintN(size * 8, value)
      .toString(16)
      .padStart(size * 2, "0"),
    "hex",
  );
}

function writeFloat(value: number): Buffer {
  const bytes = Buffer.alloc(9, 0xcb);
  bytes.writeDoubleBE(value, 1);
  return bytes;
}

function writeString(text: string): Buffer {
  if (!text.isWellFormed()) throw new SyntaxError("a string has a lone surrogate");
  const bytes = Buffer.from(text, "utf8");
  return Buffer.concat([header(bytes.length, 0xa0, 32, [0xd9, 0xda, 0xdb]), bytes]);
}

function writeBytes(bytes: Buffer): Buffer {
  return Buffer.concat([header(bytes.length, 0, 0, [0xc4, 0xc5, 0xc6]), bytes]);
}

function extended(code: number, payload: Buffer | undefined): Buffer | undefined {
  return payload && extension(code, payload);
}

/** Payloads of 1, 2, 4, 8 and 16 bytes have lead bytes of their own. */
function extension(code: number, payload: Buffer): Buffer {
  const fixed = [1, 2, 4, 8, 16].indexOf(payload.length);
  const lead = fixed >= 0 ? Buffer.of(0xd4 + fixed) : header(payload.length, 0, 0, [0xc7, 0xc8, 0xc9]);
  return Buffer.concat([lead, Buffer.of(code & 0xff), payload]);
}

/** A length below `short` is part of the lead byte; else the shortest of 8, 16 and 32 bits that the form has. */
function header(length: number, base: number, short: number, leads: readonly [number | undefined, number, number]): Buffer {
  if (length < short) return Buffer.of(base | length);
  const [lead8, lead16, lead32] = leads;
  if (lead8 !== undefined && length < 0x100) return Buffer.of(lead8, length);
  const bytes = Buffer.alloc(length < 0x10000 ? 3 : 5, length < 0x10000 ? lead16 : lead32);
  bytes.writeUIntBE(length, 1, bytes.length - 1);
  return bytes;
}

function isArray(json: Json | undefined): json is readonly Json[] {
  return Array.isArray(json);
}

function isObject(json: Json): json is JsonObject {
  return typeof json === "object" && json !== null && "entries" in json && !Array.isArray(json);
}
