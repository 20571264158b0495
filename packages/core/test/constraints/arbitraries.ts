import { float } from "@session-bridge/core/values";
import fc from "fast-check";
import type { Schema } from "./model.ts";

/** Few of each, so that schemas and values often meet. */
const key = fc.constantFrom("a", "b", "c", "__proto__", "odd key");
const number = fc.oneof(fc.integer({ min: -4, max: 4 }), fc.constantFrom(0.5, -0, 1.5, 2.5, 1e300, 2 ** 53, 2 ** 60, -(2 ** 31)));
const text = fc.oneof(fc.constantFrom("", "a", "ab", "ba", "🚀", "🚀a", "ü"), fc.string({ unit: "grapheme", maxLength: 5 }));

/** Plain JSON values. */
export const jsonValue: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 3, withCrossShrink: true }, fc.constantFrom(null, true, false), number, text, tie("list"), tie("map")),
  list: fc.array(tie("value"), { maxLength: 4 }),
  map: mapOf(tie("value")),
})).value;

function mapOf<Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Record<string, Value>> {
  return fc.array(fc.tuple(key, value), { maxLength: 4 }).map((entries) => Object.fromEntries(entries));
}

const type = fc.constantFrom("null", "boolean", "integer", "number", "string", "array", "object");
const count = fc.integer({ min: 0, max: 4 });
const pattern = fc.constantFrom("a", "^a", "b$", "^[ab]+$", "^.$", "^(a|b)*$", "a?b{1,2}", "^\\p{L}+$", "[^a]", "^(?:ab?){2}$");

/** Schemas of all keywords; every `$ref` is to a definition that takes a step into the value, so that none is refused. */
export const schema: fc.Arbitrary<Schema> = fc
  .letrec<{ schema: Schema; map: Schema }>((tie) => ({
    schema: fc.oneof({ maxDepth: 3, withCrossShrink: true }, fc.boolean(), keywords(fc.boolean()), tie("map")),
    map: keywords(tie("schema")),
  }))
  .map.chain((root) =>
    fc
      .record({ $defs: fc.record({ list: wrapped("items", root), map: wrapped("additionalProperties", root) }) })
      .map((defs) => ({ ...(root as object), ...defs })),
  );

function wrapped(keyword: string, inside: Schema): fc.Arbitrary<Schema> {
  return fc.constantFrom<Schema>(
    { [keyword]: inside },
    { [keyword]: { $ref: "#" } },
    { type: ["array", "object", "number"], [keyword]: true },
  );
}

function keywords(inside: fc.Arbitrary<Schema>): fc.Arbitrary<Schema> {
  const all = {
    type: fc.oneof(type, fc.uniqueArray(type, { minLength: 1, maxLength: 4 })),
    const: jsonValue,
    enum: fc.array(jsonValue, { minLength: 1, maxLength: 4 }),
    minimum: number,
    maximum: number,
    exclusiveMinimum: number,
    exclusiveMaximum: number,
    multipleOf: fc.constantFrom(1, 2, 3, 0.5, 0.25),
    minLength: count,
    maxLength: count,
    pattern,
    items: inside,
    minItems: count,
    maxItems: count,
    minProperties: count,
    maxProperties: count,
    properties: mapOf(inside),
    required: fc.uniqueArray(key, { maxLength: 2 }),
    additionalProperties: inside,
    anyOf: fc.array(inside, { minLength: 1, maxLength: 3 }),
    $ref: fc.constantFrom("#/$defs/list", "#/$defs/map"),
    title: text,
    description: text,
    default: jsonValue,
  };
  const some = (names: readonly string[], most: number) => fc.uniqueArray(fc.constantFrom(...names), { minLength: 1, maxLength: most });
  // Schemas of many keywords fit nothing; those that are about the same kind of value belong together.
  const chosen = fc.oneof(
    some(Object.keys(all), 3),
    some(["properties", "required", "additionalProperties", "minProperties", "type", "anyOf"], 5),
    some(["items", "minItems", "maxItems", "type", "$ref"], 4),
    some(["minimum", "exclusiveMaximum", "multipleOf", "enum", "type"], 3),
  );
  const keywordsOf: Readonly<Record<string, fc.Arbitrary<unknown>>> = all;
  return chosen.chain((names) => fc.record(Object.fromEntries(names.map((name) => [name, keywordsOf[name] ?? fc.constant(true)]))));
}

/** A schema, a value that was made for it, and the places inside the value with the type that is asked there. */
export interface Fitting {
  readonly schema: Schema;
  readonly value: unknown;
  readonly places: readonly Place[];
}

/** Where something is, and what has to be there. */
export interface Place {
  readonly keys: readonly (string | number)[];
  readonly type: string;
}

const leafOf = (schema: { readonly type: string; readonly [keyword: string]: unknown }, value: unknown): Fitting => ({
  schema,
  value,
  places: [{ keys: [], type: schema.type }],
});

const leaf: fc.Arbitrary<Fitting> = fc.oneof(
  fc.maxSafeInteger().map((value) => leafOf({ type: "integer", minimum: value, maximum: value, multipleOf: 1 }, value)),
  fc
    .bigInt({ min: 2n ** 53n, max: 2n ** 64n - 2n })
    .map((value) => leafOf({ type: "integer", exclusiveMinimum: value - 1n, exclusiveMaximum: value + 1n }, value)),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => leafOf({ type: "number", enum: [null, float(value)] }, float(value))),
  fc.string({ unit: "binary", maxLength: 20 }).map((value) => {
    const length = [...value].length;
    return leafOf({ type: "string", minLength: length, maxLength: length, const: value }, value);
  }),
  fc.boolean().map((value) => leafOf({ type: "boolean", enum: [false, true] }, value)),
  fc.constant(leafOf({ type: "null" }, null)),
);

/** Values of all JSON types, nested, with the narrowest schema of each; half of what is inside stands behind `$ref` or `anyOf`. */
export const fitting: fc.Arbitrary<Fitting> = fc.letrec<{ any: Fitting; list: Fitting; map: Fitting }>((tie) => ({
  any: fc.oneof({ maxDepth: 4, withCrossShrink: true }, leaf, tie("list"), tie("map")),
  list: fc.tuple(tie("any"), fc.nat(3)).map(([item, count]) => ({
    schema: { type: "array", items: item.schema, minItems: count, maxItems: count },
    value: Array.from({ length: count }, () => item.value),
    places: [{ keys: [], type: "array" }, ...Array.from({ length: count }, (_, index) => below(index, item)).flat()],
  })),
  map: fc
    .uniqueArray(fc.tuple(fc.oneof(key, fc.string({ maxLength: 5 })), tie("any"), fc.boolean()), {
      maxLength: 4,
      selector: ([name]) => name,
    })
    .map((entries) => ({
      schema: {
        type: "object",
        properties: Object.fromEntries(
          entries.map(([name, { schema: inside }, optional]) => [name, optional ? optionally(inside) : inside]),
        ),
        required: entries.map(([name]) => name),
        additionalProperties: false,
        maxProperties: entries.length,
      },
      value: Object.fromEntries(entries.map(([name, { value }]) => [name, value])),
      places: [
        { keys: [], type: "object" },
        ...entries.flatMap(([name, inside, optional]) => below(name, inside).filter(({ keys }) => !optional || keys.length > 1)),
      ],
    })),
})).any;

/** The way pydantic writes what may also be nothing; of a wrong type it says `anyOf`. */
const optionally = (inside: Schema): Schema => ({ anyOf: [inside, { type: "null" }] });

const below = (name: string | number, inside: Fitting): Place[] =>
  inside.places.map(({ keys, type: wanted }) => ({ keys: [name, ...keys], type: wanted }));
