import { readFileSync } from "node:fs";
import { decode, encode, encodeOver, scanValue } from "@session-bridge/core/values";
import { describe, expect, test } from "vitest";
import { bytesOf, hexOf } from "./hex.ts";
import { canonical, type Notation, valueFrom } from "./notation.ts";
import { refusalOf } from "./refusal.ts";

interface ValueRow {
  readonly name: string;
  readonly type: string;
  readonly encodings: readonly string[];
  readonly value: Notation;
  readonly typescript?: { readonly lossy: string; readonly reads?: Notation; readonly writes?: readonly string[] };
}

interface RejectRow {
  readonly name: string;
  readonly bytes: string;
  readonly reason: string;
  readonly rule: string;
}

function readRows<Row>(file: string): readonly Row[] {
  return JSON.parse(readFileSync(new URL(`../../../../proto/vectors/${file}`, import.meta.url), "utf8")) as Row[];
}

const values = readRows<ValueRow>("values.json");
const rejects = readRows<RejectRow>("rejects.json");
const ran = new Set<string>();

function accepted(encodings: readonly string[]): string[] {
  return encodings.map((encoding) => hexOf(bytesOf(encoding)));
}

describe("values.json", () => {
  test.each(values)("$name", (row) => {
    const reads = valueFrom(row.typescript?.reads ?? row.value);
    for (const encoding of row.encodings) {
      const bytes = bytesOf(encoding);
      expect(scanValue(bytes)).toBe(row.type);
      const decoded = decode(bytes);
      expect(canonical(decoded)).toBe(canonical(reads));
      expect(accepted(row.typescript?.writes ?? row.encodings)).toContain(hexOf(encode(decoded)));
      expect(hexOf(encodeOver(decoded, bytes)), "[P3] an untouched value keeps its bytes").toBe(hexOf(bytes));
    }
    if (row.typescript === undefined) expect(accepted(row.encodings)).toContain(hexOf(encode(valueFrom(row.value))));
    ran.add(`values ${row.name}`);
  });
});

describe("rejects.json", () => {
  test.each(rejects)("$name", (row) => {
    const expected = { error: "InvalidArgumentError", reason: row.reason, details: { rule: row.rule } };
    expect(refusalOf(() => scanValue(bytesOf(row.bytes)))).toMatchObject(expected);
    expect(refusalOf(() => decode(bytesOf(row.bytes)))).toMatchObject(expected);
    ran.add(`rejects ${row.name}`);
  });
});

test("every row ran, and there are as many as were promised", () => {
  expect(values.length).toBeGreaterThanOrEqual(150);
  expect(rejects.length).toBeGreaterThanOrEqual(60);
  expect(ran.size).toBe(values.length + rejects.length);
});
