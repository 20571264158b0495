import { type Header, readHeader, skipValue } from "../values/layout.ts";
import { isFloatLead, isIntegerLead, readFloat, readInteger } from "../values/numbers.ts";
import type { EncodedValue } from "../values/types.ts";
import { readKey } from "../values/utf8.ts";
import { childPath, ROOT_PATH } from "../values/value-path.ts";
import { includes } from "./constants.ts";
import type { Violation } from "./constraint.ts";
import type { Run } from "./run.ts";
import { Kind, type Schema } from "./schema.ts";
import { MAX_CHECK_STEPS } from "./schema-limits.ts";

/** What judging a place answers instead of where its value ends. */
const REFUSED = -1;

/** Why a value does not fit a schema, undefined when it does. Reads the bytes where they are. */
export function judge(schema: Schema, { bytes, encoding }: EncodedValue, name: string = ROOT_PATH): Violation | undefined {
  if (encoding !== "") return { path: name, rule: "encoding msgpack" };
  const run: Run = { bytes, steps: MAX_CHECK_STEPS, rule: "", isType: false, keys: [] };
  if (apply(run, schema, 0) !== REFUSED) return undefined;
  if (run.steps < 0) return { path: name, rule: `cost ${MAX_CHECK_STEPS}` };
  return { path: run.keys.reduceRight<string>(childPath, name), rule: run.rule };
}

/** Judges the value at an offset and answers where it ends. */
function apply(run: Run, schema: Schema, at: number): number {
  if (--run.steps < 0) return REFUSED;
  if (schema.never !== undefined) return refuse(run, schema.never);
  const kind = kindAt(run.bytes, at);
  if (schema.kinds !== 0 && (schema.kinds & kind) === 0 && !isWholeFloat(run, schema, kind, at)) return refuse(run, schema.kindsRule, true);
  for (const { rule, constants } of schema.choices) if (!includes(run, constants, at)) return refuse(run, rule);
  let end = applyToKind(run, schema, kind, at);
  if (end !== REFUSED && schema.ref !== undefined) end = apply(run, schema.ref, at);
  if (end !== REFUSED && schema.anyOf !== undefined) end = applyAny(run, schema.anyOf, at);
  return end;
}

function applyToKind(run: Run, schema: Schema, kind: number, at: number): number {
  switch (kind) {
    case Kind.integer:
    case Kind.float:
      return applyToNumber(run, schema, kind, at);
    case Kind.string:
      return applyToText(run, schema, at);
    case Kind.list:
      return applyToList(run, schema, at);
    case Kind.map:
      return applyToMap(run, schema, at);
    default:
      return skip(run, at);
  }
}

function applyToNumber(run: Run, schema: Schema, kind: number, at: number): number {
  if (schema.numberTests.length > 0) {
    const value = kind === Kind.integer ? readInteger(run.bytes, at) : readFloat(run.bytes, at);
    for (const { rule, steps, accepts } of schema.numberTests) {
      run.steps -= steps;
      if (!accepts(value)) return refuse(run, rule);
    }
  }
  return skip(run, at);
}

function applyToText(run: Run, schema: Schema, at: number): number {
  const { count, next } = readHeader(run.bytes, at);
  const end = next + count;
  for (const { rule, weight, accepts } of schema.textTests) {
    run.steps -= Math.floor((count * weight) / 16);
    if (run.steps < 0 || !accepts(run.bytes, next, end)) return refuse(run, rule);
  }
  return end;
}

function applyToList(run: Run, schema: Schema, at: number): number {
  const { count, next } = readHeader(run.bytes, at);
  for (const test of schema.listTests) if (!test.accepts(count)) return refuse(run, test.rule);
  if (schema.items === undefined) return skip(run, at);
  let item = next;
  for (let i = 0; i < count; i++) {
    item = apply(run, schema.items, item);
    if (item === REFUSED) return refusedInside(run, i);
  }
  return item;
}

function applyToMap(run: Run, schema: Schema, at: number): number {
  const { bytes } = run;
  const { count, next } = readHeader(bytes, at);
  for (const test of schema.mapTests) if (!test.accepts(count)) return refuse(run, test.rule);
  const { properties, additional } = schema;
  if (properties === undefined && additional === undefined) return skip(run, at);
  let found = 0;
  let entry = next;
  for (let i = 0; i < count; i++) {
    const key = readHeader(bytes, entry);
    const value = key.next + key.count;
    const name = readName(run, key);
    const property = properties?.get(name);
    if (property?.required !== undefined) found++;
    const inside = property?.schema ?? additional;
    entry = inside === undefined ? skip(run, value) : apply(run, inside, value);
    if (entry === REFUSED) return refusedInside(run, name);
  }
  return found < schema.requiredCount ? refuse(run, missingRule(run, schema, at)) : entry;
}

/** The rule of the first required name that the map at an offset lacks. */
function missingRule(run: Run, schema: Schema, at: number): string {
  const { count, next } = readHeader(run.bytes, at);
  const present = new Set<string>();
  let entry = next;
  for (let i = 0; i < count; i++) {
    const key = readHeader(run.bytes, entry);
    present.add(readName(run, key));
    entry = skip(run, key.next + key.count);
  }
  for (const [name, { required }] of schema.properties ?? []) if (required !== undefined && !present.has(name)) return required;
  return "required";
}

/**
 * One of several schemas has to fit. When none does and the value is of the type of only one, what that one says is what is wrong: it is
 * the other half of an optional value.
 */
function applyAny(run: Run, schemas: readonly Schema[], at: number): number {
  let told: Pick<Run, "rule" | "isType" | "keys"> | undefined;
  let others = 0;
  for (const schema of schemas) {
    const end = apply(run, schema, at);
    if (end !== REFUSED) return end;
    if (run.isType && run.keys.length === 0) continue;
    if (++others === 1) told = { rule: run.rule, isType: run.isType, keys: [...run.keys] };
  }
  if (told === undefined || others > 1) return refuse(run, "anyOf", told === undefined);
  Object.assign(run, told);
  return REFUSED;
}

function refuse(run: Run, rule: string, isType = false): typeof REFUSED {
  run.rule = rule;
  run.isType = isType;
  run.keys.length = 0;
  return REFUSED;
}

function refusedInside(run: Run, key: string | number): typeof REFUSED {
  run.keys.push(key);
  return REFUSED;
}

/** The key with a header, counted as work. */
function readName(run: Run, { count, next }: Header): string {
  run.steps -= 1 + (count >> 4);
  return readKey(run.bytes, next, next + count);
}

/** Where the value at an offset ends, counted as work. */
function skip(run: Run, at: number): number {
  const end = skipValue(run.bytes, at);
  run.steps -= (end - at) >> 4;
  return end;
}

/** 1.0 is an integer, as JSON Schema has it. */
function isWholeFloat(run: Run, schema: Schema, kind: number, at: number): boolean {
  return kind === Kind.float && (schema.kinds & Kind.integer) !== 0 && Number.isInteger(readFloat(run.bytes, at));
}

function kindAt(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] as number;
  if (isIntegerLead(lead)) return Kind.integer;
  if (isFloatLead(lead)) return Kind.float;
  if (lead < 0x90) return Kind.map;
  if (lead < 0xa0) return Kind.list;
  if (lead < 0xc0) return Kind.string;
  if (lead === 0xc0) return Kind.null;
  if (lead === 0xc2 || lead === 0xc3) return Kind.boolean;
  if (lead < 0xd9) return Kind.none;
  return lead < 0xdc ? Kind.string : lead < 0xde ? Kind.list : Kind.map;
}
