import { packedCount, packedEntrySize, packMap, scanValue, unpackMap } from "@session-bridge/core/values";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytesOf, hexOf } from "./hex.ts";
import { refusalOf } from "./refusal.ts";

describe("a packed map", () => {
  test("is one valid map and gives back its names and bytes, of the size that was budgeted", () => {
    const value = fc.constantFrom("c0", "01", "91 a161", "cb 3ff0 00*6", "d5 07 91c0", "c4 03 010203").map(bytesOf);
    const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 300 });
    const entries = fc.uniqueArray(fc.record({ name, bytes: value }), { selector: (entry) => entry.name, maxLength: 40 });
    fc.assert(
      fc.property(entries, (list) => {
        const packed = packMap(list);
        expect(scanValue(packed)).toBe("map");
        expect(packedCount(packed)).toBe(list.length);
        const read = unpackMap(packed);
        expect(read.map((entry) => [entry.name, hexOf(entry.bytes)])).toEqual(list.map((entry) => [entry.name, hexOf(entry.bytes)]));
        const size = list.reduce((sum, entry) => sum + packedEntrySize(entry.name, entry.bytes.length), 0);
        expect(packed.length - size).toBe(list.length < 16 ? 1 : 3);
      }),
    );
  });

  test("of many names has the wide header", () => {
    const list = Array.from({ length: 70_000 }, (_, i) => ({ name: `n${i}`, bytes: bytesOf("c0") }));
    expect(unpackMap(packMap(list))).toHaveLength(70_000);
  });

  test("counts depth and nodes per value", () => {
    const deep = { name: "deep", bytes: bytesOf("91*64 c0") };
    const wide = ["a", "b"].map((name) => ({ name, bytes: bytesOf("dd 0001869f c0*99999") }));
    expect(unpackMap(packMap([deep, ...wide]))).toHaveLength(3);
  });

  test("is not made of a name that UTF-8 cannot hold", () => {
    expect(refusalOf(() => packMap([{ name: "\ud800", bytes: bytesOf("c0") }]))).toMatchObject({
      error: "InvalidArgumentError",
      reason: "INVALID_NAME",
    });
  });

  test.each([
    ["", { reason: "INVALID_VALUE", rule: "empty" }],
    ["90", { reason: "INVALID_VALUE", rule: "key_type" }],
    ["81 01 01", { reason: "INVALID_VALUE", rule: "key_type" }],
    ["81 a161", { reason: "INVALID_VALUE", rule: "truncated", name: "a" }],
    ["81 a161 01 01", { reason: "INVALID_VALUE", rule: "trailing" }],
    ["82 a161 01 a161 02", { reason: "INVALID_VALUE", rule: "duplicate_key", name: "a" }],
    ["82 a161 01 a162 c1", { reason: "INVALID_VALUE", rule: "reserved", name: "b" }],
    ["81 a161 91*65 c0", { reason: "VALUE_TOO_DEEP", rule: "depth", name: "a" }],
    ["df ffffffff", { reason: "INVALID_VALUE", rule: "truncated" }],
    ["de 00", { reason: "INVALID_VALUE", rule: "truncated" }],
  ])("%s is refused", (hex, expected) => {
    const refusal = refusalOf(() => unpackMap(bytesOf(hex)));
    expect({ reason: refusal?.reason, ...refusal?.details }).toMatchObject(expected);
  });
});
