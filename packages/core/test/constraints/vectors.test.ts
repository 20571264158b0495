import { scanValue } from "@session-bridge/core/values";
import { describe, expect, test } from "vitest";
import { constraintValidator } from "../../src/constraints/index.ts";
import { bytesOf } from "../values/hex.ts";
import { refusalOf } from "../values/refusal.ts";
import { rows, schemaOf } from "./rows.ts";

const judged = rows.filter((row) => row.refused === undefined);
const refused = rows.filter((row) => row.refused !== undefined);

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
