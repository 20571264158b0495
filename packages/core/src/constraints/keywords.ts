import { constantsOf } from "./constants.ts";
import { isMap, type Json, type JsonMap, jsonText } from "./json.ts";
import { multipleOf } from "./multiples.ts";
import { compilePattern } from "./patterns.ts";
import { Kind, type Property, type Schema } from "./schema.ts";
import { pointerTo, refuseSchema } from "./schema-error.ts";
import { textLengthTest } from "./text-length.ts";

/** What a keyword is read with: where it stands, and how to read the schemas inside it. */
export interface KeywordContext {
  /** Of the keyword itself. */
  readonly pointer: string;
  readonly compile: (schema: Json, pointer: string) => Schema;
  readonly refer: (from: Schema, target: string, pointer: string) => void;
  readonly countPattern: (size: number, pointer: string) => void;
}

/** Writes what a keyword says into the schema it stands in. Throws INVALID_SCHEMA for what the keyword may not say. */
type Keyword = (schema: Schema, value: Json, context: KeywordContext) => void;

/** Longer rules are cut: they travel in error details. */
const MAX_RULE_LENGTH = 100;

/** The rule of a keyword: its name and what it says. */
function ruleOf(keyword: string, value: Json): string {
  const text = `${keyword} ${jsonText(value)}`;
  return text.length > MAX_RULE_LENGTH ? `${text.slice(0, MAX_RULE_LENGTH)}…`.toWellFormed() : text;
}

const TYPES: ReadonlyMap<Json, number> = new Map([
  ["null", Kind.null],
  ["boolean", Kind.boolean],
  ["integer", Kind.integer],
  ["number", Kind.integer | Kind.float],
  ["string", Kind.string],
  ["array", Kind.list],
  ["object", Kind.map],
]);

const type: Keyword = (schema, value, { pointer }) => {
  const names = isList(value) ? value : [value];
  const kinds = names.map((name) => TYPES.get(name));
  if (names.length === 0 || new Set(names).size < names.length || kinds.includes(undefined)) {
    throw wrong(pointer, `one of ${[...TYPES.keys()].join(", ")}, or a list of different ones`);
  }
  schema.kinds = kinds.reduce<number>((bits, kind) => bits | (kind as number), 0);
  schema.kindsRule = ruleOf("type", value);
};

const constant: Keyword = (schema, value) => {
  schema.choices = [...schema.choices, { rule: ruleOf("const", value), constants: constantsOf([value]) }];
};

const oneOf: Keyword = (schema, value, { pointer }) => {
  if (!isList(value) || value.length === 0) throw wrong(pointer, "a list of at least one value");
  schema.choices = [...schema.choices, { rule: ruleOf("enum", value), constants: constantsOf(value) }];
};

type Bound = (value: number | bigint, bound: number | bigint) => boolean;

/** Comparing a number with a bigint is exact in JavaScript, and false for NaN. An infinity fits no bound either. */
const bound =
  (keyword: string, holds: Bound): Keyword =>
  (schema, value, { pointer }) => {
    if (!isNumber(value)) throw wrong(pointer, "a number");
    const accepts = (number: number | bigint) => (typeof number === "bigint" || Number.isFinite(number)) && holds(number, value);
    schema.numberTests = [...schema.numberTests, { rule: ruleOf(keyword, value), steps: 0, accepts }];
  };

/** Decimals take up to two microseconds. */
const MULTIPLE_STEPS = 10;

const multiple: Keyword = (schema, value, { pointer }) => {
  if (!isNumber(value) || value <= 0) throw wrong(pointer, "a number above 0");
  schema.numberTests = [...schema.numberTests, { rule: ruleOf("multipleOf", value), steps: MULTIPLE_STEPS, accepts: multipleOf(value) }];
};

const least = (count: number, limit: number) => count >= limit;
const most = (count: number, limit: number) => count <= limit;

const count =
  (keyword: string, of: "listTests" | "mapTests", holds: (count: number, limit: number) => boolean): Keyword =>
  (schema, value, { pointer }) => {
    const limit = lengthFrom(value, pointer);
    schema[of] = [...schema[of], { rule: ruleOf(keyword, value), accepts: (length) => holds(length, limit) }];
  };

const textLength =
  (keyword: "minLength" | "maxLength"): Keyword =>
  (schema, value, { pointer }) => {
    schema.textTests = [
      ...schema.textTests,
      { rule: ruleOf(keyword, value), weight: 1, accepts: textLengthTest(keyword, lengthFrom(value, pointer)) },
    ];
  };

const pattern: Keyword = (schema, value, { pointer, countPattern }) => {
  if (typeof value !== "string") throw wrong(pointer, "a regular expression in RE2's syntax");
  const { size, finds } = compilePattern(value, pointer);
  countPattern(size, pointer);
  schema.textTests = [...schema.textTests, { rule: ruleOf("pattern", value), weight: size * 2, accepts: finds }];
};

const items: Keyword = (schema, value, { pointer, compile }) => {
  schema.items = compile(value, pointer);
};

const properties: Keyword = (schema, value, { pointer, compile }) => {
  if (!isMap(value)) throw wrong(pointer, "a map of schemas");
  for (const [name, inside] of value) propertyOf(schema, name).schema = compile(inside, pointerTo(pointer, name));
};

const required: Keyword = (schema, value, { pointer }) => {
  const isNames = isList(value) && value.every((name) => typeof name === "string") && new Set(value).size === value.length;
  if (!isNames) throw wrong(pointer, "a list of different names");
  for (const name of value) propertyOf(schema, name as string).required = ruleOf("required", name);
  schema.requiredCount = value.length;
};

const additionalProperties: Keyword = (schema, value, { pointer, compile }) => {
  const inside = compile(value, pointer);
  schema.additional = value === false ? { ...inside, never: ruleOf("additionalProperties", value) } : inside;
};

const anyOf: Keyword = (schema, value, { pointer, compile }) => {
  if (!isList(value) || value.length === 0) throw wrong(pointer, "a list of at least one schema");
  schema.anyOf = value.map((inside, index) => compile(inside, pointerTo(pointer, index)));
};

const ref: Keyword = (schema, value, { pointer, refer }) => {
  if (typeof value !== "string") throw wrong(pointer, 'text, "#" or "#/$defs/" and a name');
  refer(schema, value, pointer);
};

/** The definitions are read from the root before anything else. */
const defs: Keyword = (_schema, _value, { pointer }) => {
  if (pointer !== "#/$defs") throw refuseSchema(pointer, "keyword_value", "$defs belongs to the root of a schema");
};

const text: Keyword = (_schema, value, { pointer }) => {
  if (typeof value !== "string") throw wrong(pointer, "text");
};

const ignored: Keyword = () => {};

/** The keywords of semantics.md, section 8, in the order in which a value is judged by them. */
export const KEYWORDS: ReadonlyMap<string, Keyword> = new Map([
  ["type", type],
  ["const", constant],
  ["enum", oneOf],
  ["minimum", bound("minimum", (value, limit) => value >= limit)],
  ["exclusiveMinimum", bound("exclusiveMinimum", (value, limit) => value > limit)],
  ["maximum", bound("maximum", (value, limit) => value <= limit)],
  ["exclusiveMaximum", bound("exclusiveMaximum", (value, limit) => value < limit)],
  ["multipleOf", multiple],
  ["minLength", textLength("minLength")],
  ["maxLength", textLength("maxLength")],
  ["pattern", pattern],
  ["minItems", count("minItems", "listTests", least)],
  ["maxItems", count("maxItems", "listTests", most)],
  ["items", items],
  ["minProperties", count("minProperties", "mapTests", least)],
  ["maxProperties", count("maxProperties", "mapTests", most)],
  ["properties", properties],
  ["additionalProperties", additionalProperties],
  ["required", required],
  ["$ref", ref],
  ["anyOf", anyOf],
  ["$defs", defs],
  ["title", text],
  ["description", text],
  ["default", ignored],
]);

/** Refuses a map that says something no keyword says. */
export function checkKeywords(schema: JsonMap, pointer: string): void {
  for (const name of schema.keys()) {
    if (KEYWORDS.has(name)) continue;
    const problem = `the keyword ${JSON.stringify(name.slice(0, MAX_RULE_LENGTH))} is not among those of declared variables: ${[...KEYWORDS.keys()].join(", ")}`;
    throw refuseSchema(pointerTo(pointer, name), "unknown_keyword", problem);
  }
}

function propertyOf(schema: Schema, name: string): Property {
  schema.properties ??= new Map();
  const known = schema.properties.get(name);
  if (known !== undefined) return known;
  const property: Property = { schema: undefined, required: undefined };
  schema.properties.set(name, property);
  return property;
}

function lengthFrom(value: Json, pointer: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) throw wrong(pointer, "a whole number from 0 on");
  return value;
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);
const isNumber = (value: Json): value is number | bigint => typeof value === "number" || typeof value === "bigint";

function wrong(pointer: string, wanted: string): Error {
  return refuseSchema(pointer, "keyword_value", `${pointer.slice(pointer.lastIndexOf("/") + 1)} takes ${wanted}`);
}
