import { readHeader, skipValue } from "../values/layout.ts";
import { isFloatLead, isIntegerLead, readFloat, readInteger } from "../values/numbers.ts";
import { readKey, readUtf8, utf8Size } from "../values/utf8.ts";
import { isMap, type Json, normalNumber } from "./json.ts";
import type { Run } from "./run.ts";

/** The values that a `const` or `enum` names, made ready for comparing with bytes. */
export interface Constants {
  readonly scalars: ReadonlySet<Json>;
  /** Bytes of the longest string among them. */
  readonly longestText: number;
  /** Lists and maps. */
  readonly containers: readonly Json[];
}

/** Constants of JSON values. */
export function constantsOf(values: readonly Json[]): Constants {
  const isScalar = (value: Json) => value === null || typeof value !== "object";
  const texts = values.filter((value) => typeof value === "string");
  return {
    scalars: new Set(values.filter(isScalar)),
    longestText: texts.reduce((longest, text) => Math.max(longest, utf8Size(text)), 0),
    containers: values.filter((value) => !isScalar(value)),
  };
}

/**
 * Whether the value at an offset is one of the constants: numbers are equal when they are the same number, strings when they have the same
 * code points, lists item by item, maps whatever their order. An extension type or bytes equal none.
 */
export function includes(run: Run, constants: Constants, at: number): boolean {
  const scalar = readScalar(run, at, constants.longestText);
  if (scalar !== undefined) return constants.scalars.has(scalar);
  return constants.containers.some((container) => equals(run, at, container));
}

/** The scalar at an offset; undefined for any other value, and for a string that is longer than the longest of interest. */
function readScalar(run: Run, at: number, longestText: number): null | boolean | number | bigint | string | undefined {
  const { bytes } = run;
  const lead = bytes[at] as number;
  if (lead === 0xc0) return null;
  if (lead === 0xc2 || lead === 0xc3) return lead === 0xc3;
  if (isIntegerLead(lead)) return readInteger(bytes, at);
  if (isFloatLead(lead)) return normalNumber(readFloat(bytes, at));
  if (!isTextLead(lead)) return undefined;
  const { count, next } = readHeader(bytes, at);
  if (count > longestText) return undefined;
  run.steps -= count >> 4;
  return readUtf8(bytes, next, next + count);
}

const isTextLead = (lead: number) => (lead >= 0xa0 && lead < 0xc0) || (lead >= 0xd9 && lead <= 0xdb);
const isListLead = (lead: number) => (lead >= 0x90 && lead < 0xa0) || lead === 0xdc || lead === 0xdd;
const isMapLead = (lead: number) => (lead >= 0x80 && lead < 0x90) || lead === 0xde || lead === 0xdf;

function equals(run: Run, at: number, constant: Json): boolean {
  if (--run.steps < 0) return false;
  const lead = run.bytes[at] as number;
  if (constant === null || typeof constant !== "object") {
    const scalar = readScalar(run, at, typeof constant === "string" ? constant.length * 3 : 0);
    return scalar === constant;
  }
  if (isMap(constant)) return isMapLead(lead) && entriesEqual(run, at, constant);
  return isListLead(lead) && itemsEqual(run, at, constant);
}

function itemsEqual(run: Run, at: number, constant: readonly Json[]): boolean {
  const { count, next } = readHeader(run.bytes, at);
  let item = next;
  return (
    count === constant.length &&
    constant.every((expected) => {
      const isEqual = equals(run, item, expected);
      if (isEqual) item = skipValue(run.bytes, item);
      return isEqual;
    })
  );
}

function entriesEqual(run: Run, at: number, constant: ReadonlyMap<string, Json>): boolean {
  const { count, next } = readHeader(run.bytes, at);
  if (count !== constant.size) return false;
  let entry = next;
  for (let i = 0; i < count; i++) {
    const key = readHeader(run.bytes, entry);
    const value = key.next + key.count;
    run.steps -= key.count >> 4;
    const expected = constant.get(readKey(run.bytes, key.next, value));
    if (expected === undefined || !equals(run, value, expected)) return false;
    entry = skipValue(run.bytes, value);
  }
  return true;
}
