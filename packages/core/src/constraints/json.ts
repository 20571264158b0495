import { InvalidArgumentError } from "../errors.ts";
import { decode } from "../values/decode.ts";
import { MAX_INTEGER, MIN_INTEGER } from "../values/numbers.ts";
import type { DialectRule } from "../values/types.ts";
import { pointerTo, refuseSchema } from "./schema-error.ts";

/** A whole number is a number where it is a safe one, else a bigint: equal numbers are then the same, whatever wrote them. */
export type Json = null | boolean | number | bigint | string | readonly Json[] | JsonMap;

/** Keys are never properties of an object, so none is special. */
export type JsonMap = ReadonlyMap<string, Json>;

/** The form of a number in which equal ones are the same: 1.0 is 1, and 2⁶⁰ as a float is the bigint. */
export function normalNumber(value: number | bigint): number | bigint {
  if (typeof value === "bigint") {
    return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
  }
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? BigInt(value) : value;
}

/**
 * The JSON that an encoded schema is; a tuple is a list, as in every JSON writer. Throws INVALID_SCHEMA for bytes that are no value, and for
 * what JSON has no form for: extension types, bytes, NaN, infinities, integers beyond 64 bits.
 */
export function readJson(bytes: Uint8Array): Json {
  return toJson(decodeSchema(bytes), "#");
}

function decodeSchema(bytes: Uint8Array): unknown {
  try {
    return decode(bytes, { integers: "bigint" });
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw refuseSchema("#", error.details.rule as DialectRule, error.message);
  }
}

function toJson(value: unknown, pointer: string): Json {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number") {
    if (Number.isFinite(value)) return normalNumber(value);
  } else if (typeof value === "bigint") {
    if (isInteger64(value)) return normalNumber(value);
  } else if (Array.isArray(value)) {
    return value.map((item, index) => toJson(item, pointerTo(pointer, index)));
  } else if (Object.getPrototypeOf(value) === Object.prototype) {
    return new Map(Object.entries(value as object).map(([key, item]) => [key, toJson(item, pointerTo(pointer, key))]));
  }
  throw refuseSchema(pointer, "not_json", "a schema holds null, booleans, finite numbers of 64 bits, strings, lists and maps only");
}

const isInteger64 = (value: bigint) => value >= MIN_INTEGER && value <= MAX_INTEGER;

/** The JSON text of a value. */
export function jsonText(value: Json): string {
  if (typeof value === "bigint") return isInteger64(value) ? value.toString() : String(Number(value));
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (isMap(value)) return `{${Array.from(value, ([key, item]) => `${JSON.stringify(key)}:${jsonText(item)}`).join()}}`;
  return `[${value.map(jsonText).join()}]`;
}

/** Whether a JSON value is a map; `instanceof` does not tell the compiler so of a read-only one. */
export function isMap(value: Json): value is JsonMap {
  return value instanceof Map;
}
