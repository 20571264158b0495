import { encode, float } from "@session-bridge/core/values";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { constraintError, constraintValidator } from "../../src/constraints/index.ts";
import { childPath } from "../../src/values/value-path.ts";
import { anyBytes, anyValue } from "../values/arbitraries.ts";
import { type Fitting, fitting, jsonValue, type Place, schema } from "./arbitraries.ts";
import { fits } from "./model.ts";

const compile = (json: unknown) => constraintValidator.compile(encode(json));
const violationOf = (json: unknown, value: unknown) => compile(json).check({ bytes: encode(value), encoding: "" });

test("a value of plain JSON fits exactly the schemas that JSON Schema says it fits", () => {
  let fitted = 0;
  const law = fc.property(schema, fc.array(jsonValue, { minLength: 5, maxLength: 5 }), (json, values) => {
    const constraint = compile(json);
    for (const value of values) {
      const expected = fits(json, value);
      fitted += expected ? 1 : 0;
      expect(constraint.check({ bytes: encode(value), encoding: "" }) === undefined).toBe(expected);
    }
  });
  fc.assert(law, { numRuns: 2000 });
  expect(fitted, "both answers are common").toBeGreaterThan(1000);
  expect(fitted).toBeLessThan(9000);
});

test("a value that is made for a schema fits it", () => {
  const law = fc.property(fitting, ({ schema: json, value }) => {
    expect(violationOf(json, value)).toBeUndefined();
  });
  fc.assert(law, { numRuns: 500 });
});

test("what is replaced by something of no JSON type is refused, at its path, for its type", () => {
  const damaged = fitting.chain((made) => fc.constantFrom(...made.places).map((place) => ({ made, place })));
  const law = fc.property(damaged, ({ made, place }: { made: Fitting; place: Place }) => {
    const path = place.keys.reduce<string>(childPath, "config");
    const bytes = encode(replaced(made.value, place.keys, Uint8Array.of(1)));
    expect(compile(made.schema).check({ bytes, encoding: "" }, "config")).toEqual({ path, rule: `type "${place.type}"` });
  });
  fc.assert(law, { numRuns: 500 });
});

/** The value with something else at a place inside it. */
function replaced(value: unknown, [key, ...rest]: readonly (string | number)[], other: unknown): unknown {
  if (key === undefined) return other;
  if (Array.isArray(value)) return value.map((item, index) => (index === key ? replaced(item, rest, other) : item));
  return Object.fromEntries(
    Object.entries(value as object).map(([name, item]) => [name, name === key ? replaced(item, rest, other) : item]),
  );
}

test("any value of the table gets an answer from any schema, and the same one each time", () => {
  const law = fc.property(
    schema,
    fc.oneof(
      anyValue.map((value) => encode(value)),
      anyBytes,
    ),
    (json, bytes) => {
      const constraint = compile(json);
      const before = bytes.slice();
      expect(constraint.check({ bytes, encoding: "" })).toEqual(constraint.check({ bytes, encoding: "" }));
      expect(bytes).toEqual(before);
      expect(compile(true).check({ bytes, encoding: "" })).toBeUndefined();
    },
  );
  fc.assert(law, { numRuns: 500 });
});

test("any JSON value is a schema or is refused as one, by a typed error", () => {
  const odd = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 4 }, jsonValue, tie("map"), fc.array(tie("value"), { maxLength: 3 })),
    map: fc.dictionary(
      fc.constantFrom("type", "items", "anyOf", "$ref", "$defs", "enum", "properties", "required", "pattern", "minimum", "maxLength"),
      fc.oneof(tie("value"), fc.constantFrom("#", "#/$defs/type", "string", "(a")),
      { maxKeys: 4 },
    ),
  })).map;
  const law = fc.property(odd, (json) => {
    try {
      compile(json).check({ bytes: encode([json]), encoding: "" });
    } catch (error) {
      expect(error).toMatchObject({ name: "InvalidArgumentError", reason: "INVALID_SCHEMA", outcome: "not_applied" });
      expect((error as { details: { path: string } }).details.path).toMatch(/^#/);
    }
  });
  fc.assert(law, { numRuns: 2000 });
});

describe("integers compare exactly", () => {
  test("with an integer next to the bound, wherever both are", () => {
    const bound = fc.bigInt({ min: -(2n ** 63n) + 1n, max: 2n ** 64n - 2n });
    const law = fc.property(bound, fc.constantFrom(-1n, 0n, 1n), (limit, offset) => {
      const value = limit + offset;
      expect(violationOf({ maximum: limit }, value) === undefined).toBe(offset <= 0n);
      expect(violationOf({ minimum: limit }, value) === undefined).toBe(offset >= 0n);
      expect(violationOf({ exclusiveMaximum: limit }, value) === undefined).toBe(offset < 0n);
      expect(violationOf({ exclusiveMinimum: limit }, value) === undefined).toBe(offset > 0n);
      expect(violationOf({ const: limit }, value) === undefined).toBe(offset === 0n);
    });
    fc.assert(law, { numRuns: 300 });
  });

  test("with a float of the same size", () => {
    const law = fc.property(fc.integer({ min: 54, max: 63 }), fc.constantFrom(-1n, 0n, 1n), (exponent, offset) => {
      const value = 2n ** BigInt(exponent) + offset;
      expect(violationOf({ maximum: float(2 ** exponent) }, value) === undefined).toBe(offset <= 0n);
      expect(violationOf({ const: float(2 ** exponent) }, value) === undefined).toBe(offset === 0n);
      expect(violationOf({ minimum: value }, float(2 ** exponent)) === undefined).toBe(offset <= 0n);
    });
    fc.assert(law);
  });

  test("multiples of an integer are what remains nothing of", () => {
    const integer = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n });
    const law = fc.property(
      integer,
      fc.oneof(fc.bigInt({ min: 1n, max: 12n }), fc.bigInt({ min: 1n, max: 2n ** 64n - 1n })),
      (value, step) => {
        expect(violationOf({ multipleOf: step }, value) === undefined).toBe(value % step === 0n);
      },
    );
    fc.assert(law, { numRuns: 300 });
  });
});

test("multiples of a decimal are decimal", () => {
  const law = fc.property(fc.integer({ min: -1_000_000, max: 1_000_000 }), fc.integer({ min: 0, max: 6 }), (units, places) => {
    const step = Number(`1e-${places}`);
    const value = Number(`${units}e-${places}`);
    expect(violationOf({ multipleOf: float(step) }, float(value))).toBeUndefined();
    const between = Number(`${units}5e-${places + 1}`);
    expect(violationOf({ multipleOf: float(step) }, float(between))).toEqual({
      path: "value",
      rule: expect.stringMatching(/^multipleOf /),
    });
  });
  fc.assert(law, { numRuns: 300 });
});

test("a violation never shows the value", () => {
  const secret = "s3cret-value";
  const cases: readonly [unknown, unknown][] = [
    [{ type: "integer" }, secret],
    [{ enum: ["a"] }, secret],
    [{ maxLength: 3 }, secret],
    [{ pattern: "^[0-9]+$" }, secret],
    [{ items: { const: 1 } }, [secret]],
    [{ anyOf: [{ type: "null" }, { maxLength: 1 }] }, secret],
    [{ maximum: 5 }, 123_456],
    [{ required: ["a"] }, { b: secret }],
  ];
  for (const [json, value] of cases) {
    const violation = violationOf(json, value);
    expect(violation).toBeDefined();
    expect(JSON.stringify(violation)).not.toMatch(/s3cret|123/);
  }
});

test("the error of a violation names the variable, the path and the rule, and that nothing was applied", () => {
  const violation = compile({ properties: { t: { maximum: 2 } } }).check({ bytes: encode({ t: 3 }), encoding: "" }, "config");
  expect(violation).toEqual({ path: "config.t", rule: "maximum 2" });
  expect(constraintError("config", violation ?? { path: "", rule: "" })).toMatchObject({
    name: "ConstraintError",
    reason: "CONSTRAINT_VIOLATED",
    outcome: "not_applied",
    message: "config.t does not fit the declaration: maximum 2",
    details: { name: "config", path: "config.t", rule: "maximum 2" },
  });
});
