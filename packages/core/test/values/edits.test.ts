import { appendBytes, decode, encode, float, incrementBytes, mergeBytes, scanValue } from "@session-bridge/core/values";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytesOf, hexOf } from "./hex.ts";
import { refusalOf } from "./refusal.ts";

/** The same list in a header that nobody would choose, and with items that only untouched bytes preserve. */
const ODD_ITEMS = "cb 3ff0 00*6  cd 0001  d50791c0";

describe("incrementBytes", () => {
  test("adds integers exactly, in the shortest form, and refuses what leaves 64 bits", () => {
    const integer = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n });
    fc.assert(
      fc.property(fc.oneof(integer, fc.constantFrom(0n, 1n, -1n, 2n ** 53n)), fc.oneof(integer, fc.constantFrom(0n, 1n, -1n)), (a, b) => {
        const sum = a + b;
        if (sum < -(2n ** 63n) || sum > 2n ** 64n - 1n) {
          expect(refusalOf(() => incrementBytes(encode(a), encode(b)))).toMatchObject({
            error: "IntegerOverflowError",
            reason: "INTEGER_OVERFLOW",
          });
        } else expect(hexOf(incrementBytes(encode(a), encode(b)))).toBe(hexOf(encode(sum)));
      }),
    );
  });

  test("is a float64 as soon as one of the two is a float", () => {
    fc.assert(
      fc.property(fc.double(), fc.oneof(fc.integer(), fc.double().map(float)), (a, b) => {
        expect(hexOf(incrementBytes(encode(float(a)), encode(b)))).toBe(hexOf(encode(float(a + Number(b)))));
        expect(hexOf(incrementBytes(encode(b), encode(float(a))))).toBe(hexOf(encode(float(a + Number(b)))));
      }),
    );
    expect(hexOf(incrementBytes(bytesOf("ca 3fc00000"), bytesOf("01")))).toBe(hexOf(encode(2.5)));
  });

  test("starts at 0", () => {
    expect(decode(incrementBytes(undefined, encode(5)))).toBe(5);
    expect(hexOf(incrementBytes(undefined, encode(float(5))))).toBe(hexOf(encode(float(5))));
  });

  test.each(["c3", "c0", "a131", "91 01", "80", "c7 09 01 01 00*8", "d5 02 3130", "d6 ff 00000000"])("refuses %s on either side", (hex) => {
    const mismatch = { error: "TypeMismatchError", reason: "TYPE_MISMATCH" };
    expect(refusalOf(() => incrementBytes(bytesOf(hex), encode(1)))).toMatchObject(mismatch);
    expect(refusalOf(() => incrementBytes(encode(1), bytesOf(hex)))).toMatchObject(mismatch);
    expect(refusalOf(() => incrementBytes(undefined, bytesOf(hex)))).toMatchObject(mismatch);
  });
});

describe("appendBytes", () => {
  const keepLast = fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined });
  const last = <T>(items: readonly T[], keep: number | undefined) => (keep === undefined ? items : items.slice(-keep));

  test("joins lists and keeps the last items", () => {
    const list = fc.array(fc.oneof(fc.integer(), fc.string(), fc.array(fc.constant(null), { maxLength: 3 })), { maxLength: 40 });
    fc.assert(
      fc.property(fc.option(list, { nil: undefined }), list, keepLast, (current, operand, keep) => {
        const model = last([...(current ?? []), ...operand], keep);
        const { bytes, length } = appendBytes(current && encode(current), encode(operand), keep);
        expect(hexOf(bytes)).toBe(hexOf(encode(model)));
        expect(length).toBe(model.length);
      }),
    );
  });

  test("joins strings and keeps the last code points", () => {
    const text = fc.string({ unit: "binary", maxLength: 40 });
    fc.assert(
      fc.property(fc.option(text, { nil: undefined }), text, keepLast, (current, operand, keep) => {
        const model = last([...(current ?? ""), ...operand], keep);
        const { bytes, length } = appendBytes(current === undefined ? undefined : encode(current), encode(operand), keep);
        expect(hexOf(bytes)).toBe(hexOf(encode(model.join(""))));
        expect(length).toBe(model.length);
      }),
    );
  });

  test("joins bytes and keeps the last of them", () => {
    const binary = fc.uint8Array({ maxLength: 400 });
    fc.assert(
      fc.property(fc.option(binary, { nil: undefined }), binary, keepLast, (current, operand, keep) => {
        const model = last([...(current ?? []), ...operand], keep);
        const { bytes, length } = appendBytes(current && encode(current), encode(operand), keep);
        expect(hexOf(bytes)).toBe(hexOf(encode(Uint8Array.from(model))));
        expect(length).toBe(model.length);
      }),
    );
  });

  test("[P3] items keep their bytes", () => {
    expect(hexOf(appendBytes(bytesOf(`93 ${ODD_ITEMS}`), bytesOf("91 cc01")).bytes)).toBe(hexOf(bytesOf(`94 ${ODD_ITEMS} cc01`)));
    expect(hexOf(appendBytes(bytesOf(`93 ${ODD_ITEMS}`), bytesOf("91 cc01"), 2).bytes)).toBe(hexOf(bytesOf("92 d50791c0 cc01")));
    expect(hexOf(appendBytes(bytesOf(`dc0003 ${ODD_ITEMS}`), bytesOf("90")).bytes)).toBe(hexOf(bytesOf(`dc0003 ${ODD_ITEMS}`)));
  });

  test("refuses other kinds, and says how to add one item", () => {
    const refused: [unknown, unknown][] = [
      [[1], 2],
      [[1], "a"],
      ["a", [1]],
      ["a", new Uint8Array(1)],
      [1, [1]],
      [{}, {}],
      [undefined, 1],
      [new Set([1]), [1]],
    ];
    for (const [current, operand] of refused) {
      const append = () => appendBytes(current === undefined ? undefined : encode(current), encode(operand));
      expect(refusalOf(append)).toMatchObject({ error: "TypeMismatchError" });
      expect(append).toThrow("to add one item: append(name, [item])");
    }
  });

  test.each([0, -1, 1.5, Number.NaN])("refuses keep_last %d", (keep) => {
    expect(refusalOf(() => appendBytes(undefined, encode([1]), keep))).toMatchObject({ error: "InvalidArgumentError" });
  });
});

describe("mergeBytes", () => {
  const key = fc.constantFrom("a", "b", "c", "d", "é", "__proto__", "", ...Array.from({ length: 16 }, (_, i) => `k${i}`));
  const scalar = fc.oneof(fc.integer(), fc.string(), fc.constant(null));
  const map = fc.array(fc.tuple(key, scalar), { maxLength: 24 }).map((entries) => new Map(entries));
  const nested = fc.array(
    fc.tuple(
      key,
      fc.oneof(
        map,
        fc.array(fc.tuple(key, map), { maxLength: 4 }).map((list) => new Map(list)),
      ),
    ),
    { maxLength: 6 },
  );

  type Model = Map<string, unknown>;

  function modelMerge(current: Model, values: Model, path: readonly string[], remove: readonly string[]): Model {
    const copy = new Map(current);
    const [first, ...rest] = path;
    if (first !== undefined) return copy.set(first, modelMerge((copy.get(first) ?? new Map()) as Model, values, rest, remove));
    for (const name of remove) copy.delete(name);
    for (const [name, value] of values) copy.set(name, value);
    return copy;
  }

  test("sets and removes keys at a path, in the order that a Map keeps", () => {
    const current = fc.option(
      nested.map((entries) => new Map<string, unknown>(entries)),
      { nil: undefined },
    );
    fc.assert(
      fc.property(current, map, fc.array(key, { maxLength: 1 }), fc.array(key, { maxLength: 3 }), (before, values, path, removals) => {
        const remove = removals.filter((name) => !values.has(name));
        const merged = mergeBytes(before && encode(before), encode(values), path, remove);
        expect(hexOf(merged)).toBe(hexOf(encode(modelMerge(before ?? new Map(), values, path, remove))));
        expect(scanValue(merged)).toBe("map");
      }),
    );
  });

  test("[P3] every byte that is not set or removed stays", () => {
    const before = bytesOf(`83 d90161 93 ${ODD_ITEMS}  da000162 82 a178 cd0001 a179 c0  a163 cc01`);
    const after = mergeBytes(before, bytesOf("81 a178 cc02"), ["b"], []);
    expect(hexOf(after)).toBe(hexOf(bytesOf(`83 d90161 93 ${ODD_ITEMS}  da000162 82 a178 cc02 a179 c0  a163 cc01`)));
    expect(hexOf(mergeBytes(before, undefined, [], ["b"]))).toBe(hexOf(bytesOf(`82 d90161 93 ${ODD_ITEMS} a163 cc01`)));
    expect(hexOf(mergeBytes(bytesOf("de0001 a161 01"), bytesOf("81 a161 02"), [], []))).toBe(hexOf(bytesOf("de0001 a161 02")));
  });

  test("missing maps are created on the way", () => {
    expect(decode(mergeBytes(undefined, encode({ x: 1 }), ["a", "b"], []))).toEqual({ a: { b: { x: 1 } } });
    expect(decode(mergeBytes(encode({ z: 0 }), undefined, ["a"], ["gone"]))).toEqual({ z: 0, a: {} });
  });

  test("refuses what is no map, naming where", () => {
    const config = encode({ tools: [1], model: { name: "small" } });
    const at = (path: string[]) => refusalOf(() => mergeBytes(config, encode({ x: 1 }), path, []));
    expect(at(["tools"])).toMatchObject({ error: "TypeMismatchError", details: { path: "value.tools" } });
    expect(at(["model", "name", "x"])).toMatchObject({ error: "TypeMismatchError", details: { path: "value.model.name" } });
    expect(refusalOf(() => mergeBytes(encode(1), encode({}), [], []))).toMatchObject({ error: "TypeMismatchError" });
    expect(refusalOf(() => mergeBytes(config, encode([1]), [], []))).toMatchObject({ error: "TypeMismatchError" });
  });

  test("refuses a key both set and removed, and a path that no value can have", () => {
    expect(refusalOf(() => mergeBytes(undefined, encode({ x: 1 }), [], ["x"]))).toMatchObject({ error: "InvalidArgumentError" });
    const path = new Array<string>(100_000).fill("k");
    expect(refusalOf(() => mergeBytes(undefined, encode({}), path, []))).toMatchObject({
      error: "InvalidArgumentError",
      reason: "VALUE_TOO_DEEP",
    });
    expect(refusalOf(() => mergeBytes(undefined, encode({}), ["\ud800"], []))).toMatchObject({ error: "InvalidArgumentError" });
  });
});
