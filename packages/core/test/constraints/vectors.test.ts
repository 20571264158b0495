import { readFileSync } from "node:fs";
import { encode, float, scanValue } from "@session-bridge/core/values";
import { describe, expect, test } from "vitest";
import { constraintValidator } from "../../src/constraints/index.ts";
import { bytesOf } from "../values/hex.ts";
import { refusalOf } from "../values/refusal.ts";

interface Row {
  readonly name: string;
  readonly schema?: unknown;
  readonly schema_bytes?: string;
  readonly value?: string;
  readonly encoding?: string;
  readonly fits?: boolean;
  readonly path?: string;
  readonly rule?: string;
  readonly refused?: string;
}

/** A number of the file as the language that wrote it meant it: 1.0 is a float, 2⁵³+1 is itself. */
function exact(_key: string, value: unknown, context: { readonly source?: string }): unknown {
  if (typeof value !== "number") return value;
  const source = context.source ?? "";
  return /^-?[0-9]+$/.test(source) ? BigInt(source) : float(value);
}

const file = readFileSync(new URL("../../../../proto/vectors/constraints.json", import.meta.url), "utf8");
const rows = JSON.parse(file, exact as (key: string, value: unknown) => unknown) as readonly Row[];
const judged = rows.filter((row) => row.refused === undefined);
const refused = rows.filter((row) => row.refused !== undefined);

const schemaOf = (row: Row) => (row.schema_bytes === undefined ? encode(row.schema) : bytesOf(row.schema_bytes));

describe("constraints.json: values", () => {
  test.each(judged)("$name", (row) => {
    const bytes = bytesOf(row.value ?? "");
    scanValue(bytes);
    const began = performance.now();
    const violation = constraintValidator.compile(schemaOf(row)).check({ bytes, encoding: row.encoding ?? "" });
    expect(violation).toEqual(row.fits ? undefined : { path: row.path, rule: row.rule });
    expect(performance.now() - began, "no row takes long, however it tries").toBeLessThan(5000);
  });
});

describe("constraints.json: schemas that are refused", () => {
  test.each(refused)("$name", (row) => {
    const expected = { error: "InvalidArgumentError", reason: "INVALID_SCHEMA", details: { path: row.path, rule: row.refused } };
    expect(refusalOf(() => constraintValidator.compile(schemaOf(row)))).toMatchObject(expected);
  });
});

test("every row is one of the two kinds, and there are as many as were promised", () => {
  expect(judged.length).toBeGreaterThanOrEqual(1000);
  expect(refused.length).toBeGreaterThanOrEqual(200);
  expect(judged.every((row) => typeof row.fits === "boolean" && row.value !== undefined)).toBe(true);
});
