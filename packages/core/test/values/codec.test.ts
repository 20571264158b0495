import { type DecodeOptions, decode, encode, encodeOver, Float, float, NdArray, scanValue } from "@session-bridge/core/values";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyBytes, anyValue } from "./arbitraries.ts";
import { bytesOf, hexOf } from "./hex.ts";
import { canonical } from "./notation.ts";
import { refusalOf } from "./refusal.ts";

const decodings: readonly DecodeOptions[] = [{}, { integers: "bigint" }];

describe("encode and decode", () => {
  test("what is encoded is valid and decodes to the same value", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const bytes = encode(value);
        scanValue(bytes);
        expect(canonical(decode(bytes))).toBe(canonical(value));
        expect(canonical(decode(bytes, { integers: "bigint" }))).toBe(canonical(value));
      }),
      { numRuns: 500 },
    );
  });

  test("whatever the scanner accepts decodes, and is written again as the same value", () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        scanValue(bytes);
        const value = decode(bytes);
        expect(canonical(decode(encode(value)))).toBe(canonical(value));
      }),
      { numRuns: 500 },
    );
  });

  test("damaged bytes are refused by a typed error or decode; nothing else happens", () => {
    fc.assert(
      fc.property(anyBytes, fc.nat(), fc.nat(255), fc.nat(), (bytes, at, byte, cut) => {
        const damaged = bytes.with(at % bytes.length, byte).subarray(0, bytes.length - (cut % 3 === 0 ? cut % bytes.length : 0));
        expect(["InvalidArgumentError", undefined]).toContain(refusalOf(() => decode(damaged))?.error);
      }),
      { numRuns: 2_000 },
    );
  });

  test("what is decoded shares no memory with the bytes", () => {
    const bytes = encode({ data: Uint8Array.of(1, 2), array: NdArray.from(Float64Array.of(1)) });
    const before = canonical(decode(bytes));
    const value = decode(bytes);
    bytes.fill(0);
    expect(canonical(value)).toBe(before);
  });

  test("a key __proto__ is an ordinary key, both ways", () => {
    const hostile = JSON.parse('{"__proto__": {"polluted": true}, "a": 1}') as object;
    const read = decode(encode(hostile)) as Record<string, unknown>;
    expect(Object.keys(read)).toEqual(["__proto__", "a"]);
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
    expect(read.polluted).toBeUndefined();
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(canonical(decode(encode(new Map([["__proto__", 1]]))))).toBe('{"__proto__":1i}');
  });

  test("integers are bigints when asked for, and floats are not", () => {
    const options = { integers: "bigint" } as const;
    expect(decode(encode([1, -200, 2 ** 40, 2n ** 70n, 1.5, float(1)]), options)).toEqual([1n, -200n, 2n ** 40n, 2n ** 70n, 1.5, 1]);
  });

  test.each<[string, unknown, string]>([
    ["a safe integer", 2 ** 32, "cf 0000000100000000"],
    ["a whole number beyond", 2 ** 53, "cb 4340 00*6"],
    ["a marked float", float(1), "cb 3ff0 00*6"],
    ["minus zero", -0, "cb 80 00*7"],
    ["a bigint", 1n, "01"],
    ["an undefined property", { a: undefined, b: 1 }, "81 a162 01"],
    [
      "16 properties, one undefined",
      Object.fromEntries(Array.from("abcdefghijklmnop", (k, i) => [k, i || undefined])),
      `8f ${Array.from("bcdefghijklmnop", (k, i) => `a1${k.charCodeAt(0).toString(16)}0${(i + 1).toString(16)}`).join(" ")}`,
    ],
    ["an object without a prototype", Object.assign(Object.create(null), { a: 1 }), "81 a161 01"],
    [
      "a Map",
      new Map([
        ["b", 1],
        ["a", 2],
      ]),
      "82 a162 01 a161 02",
    ],
    ["a Buffer", Buffer.from([1]), "c401 01"],
    ["an ArrayBuffer", Uint8Array.of(1).buffer, "c401 01"],
    ["a set of arrays and dates", new Set([[1, []], [1, []], new Date(0)]), "c70f08 92 c70507 9201d40790 d6ff 00000000"],
  ])("writes %s", (_, value, hex) => {
    expect(hexOf(encode(value))).toBe(hexOf(bytesOf(hex)));
  });

  class Point {
    x = 1;
    toJSON() {
      return [1];
    }
  }
  const cycle: Record<string, unknown> = {};
  cycle.self = [cycle];

  test.each<[unknown, string, string]>([
    [undefined, "UNSUPPORTED_TYPE", "config"],
    [{ tools: [0, 1, 2, () => 1] }, "UNSUPPORTED_TYPE", "config.tools[3]"],
    [{ "odd key": Symbol("s") }, "UNSUPPORTED_TYPE", 'config["odd key"]'],
    [{ a: { b: new Point() } }, "UNSUPPORTED_TYPE", "config.a.b"],
    [[1, undefined], "UNSUPPORTED_TYPE", "config[1]"],
    // biome-ignore lint/suspicious/noSparseArray: a hole is what is tested.
    [[1, , 2], "UNSUPPORTED_TYPE", "config[1]"],
    [new Map([["k", undefined]]), "UNSUPPORTED_TYPE", "config.k"],
    [new Map([[1, 1]]), "UNSUPPORTED_TYPE", "config"],
    [{ at: new Date(Number.NaN) }, "UNSUPPORTED_TYPE", "config.at"],
    [new Date(8.64e15), "UNSUPPORTED_TYPE", "config"],
    [[Float64Array.of(1)], "UNSUPPORTED_TYPE", "config[0]"],
    [[/x/], "UNSUPPORTED_TYPE", "config[0]"],
    [{ tags: new Set([1, {}]) }, "UNSUPPORTED_TYPE", "config.tags[1]"],
    [{ tags: new Set([[new Set()]]) }, "UNSUPPORTED_TYPE", "config.tags[0][0]"],
    [{ text: "\ud800" }, "INVALID_STRING", "config.text"],
    [{ text: `${"a".repeat(100)}\udc00` }, "INVALID_STRING", "config.text"],
    [{ "\ud800": 1 }, "INVALID_STRING", 'config["\\ud800"]'],
    [new Array(100_000).fill(0), "VALUE_TOO_COMPLEX", "config[99999]"],
  ])("refuses %o, naming where", (value, reason, path) => {
    expect(refusalOf(() => encode(value, { name: "config" }))).toMatchObject({ error: "SerializationError", reason, details: { path } });
  });

  test("64 levels are written, 65 and cycles are refused", () => {
    const nest = (depth: number) => {
      let value: unknown = null;
      for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { k: value };
      return value;
    };
    expect(scanValue(encode(nest(64)))).toBe("map");
    for (const value of [nest(65), nest(100_000), cycle]) {
      expect(refusalOf(() => encode(value))).toMatchObject({ error: "SerializationError", reason: "VALUE_TOO_DEEP" });
    }
    const array = NdArray.from(Float64Array.of(1));
    const around = (depth: number) => Array.from({ length: depth }).reduce<unknown>((inner) => [inner], array);
    expect(scanValue(encode(around(63)))).toBe("list");
    expect(refusalOf(() => encode(around(64)))).toMatchObject({ reason: "VALUE_TOO_DEEP" });
  });

  test("a getter may encode while it is read", () => {
    const value = {
      a: "x".repeat(100),
      get b() {
        return encode("inner");
      },
      c: "y".repeat(100),
    };
    expect(decode(encode(value))).toEqual({ a: value.a, b: encode("inner"), c: value.c });
  });
});

describe("encodeOver", () => {
  test("[P3] a value that nobody changed keeps every byte", () => {
    fc.assert(
      fc.property(anyBytes, fc.constantFrom(...decodings), (bytes, options) => {
        expect(hexOf(encodeOver(decode(bytes, options), bytes))).toBe(hexOf(bytes));
      }),
      { numRuns: 500 },
    );
  });

  test("[P3] what is beside a change keeps its bytes", () => {
    fc.assert(
      fc.property(anyBytes, anyBytes, anyValue, (left, right, changed) => {
        const previous = new Uint8Array(Buffer.concat([bytesOf("de0003 d9016c"), left, bytesOf("a16d c7010790 d90172"), right]));
        const value = decode(previous) as Record<string, unknown>;
        value.m = { changed };
        const expected = Buffer.concat([bytesOf("83 d9016c"), left, bytesOf("a16d"), encode({ changed }), bytesOf("d90172"), right]);
        expect(hexOf(encodeOver(value, previous))).toBe(hexOf(expected));
      }),
    );
  });

  test("whatever was there before, the result is valid and decodes to the value", () => {
    fc.assert(
      fc.property(anyValue, anyBytes, (value, previous) => {
        const bytes = encodeOver(value, previous);
        scanValue(bytes);
        expect(canonical(decode(bytes))).toBe(canonical(value));
      }),
      { numRuns: 500 },
    );
  });

  test.each<[string, string, unknown, string]>([
    ["a whole number over a float stays a float", "cb 3ff0 00*6", 2, "cb 4000 00*6"],
    ["a bigint over a float is an integer", "cb 3ff0 00*6", 1n, "01"],
    ["a marked float over an integer is a float", "01", float(1), "cb 3ff0 00*6"],
    ["a bigint over the same integer keeps it", "cd 0001", 1n, "cd 0001"],
    ["a changed tuple stays a tuple", "d507 91 01", [2, 3], "c70307 920203"],
    ["a changed set keeps the other items", "c70c08 9301c3cb3ff0 00*6", new Set([1, 5]), "c70c08 930105cb3ff0 00*6"],
    ["the same set in another order", "c703089201c3", new Set([true, 1]), "c703089201c3"],
    ["keys keep their order, new ones follow", "82 a162 01 a161 02", { c: 3, a: 2, b: 7 }, "83 a162 07 a161 02 a163 03"],
    ["a key set to undefined goes", "82 a162 01 a161 02", { a: 2, b: undefined }, "81 a161 02"],
    [
      "a Map over a map",
      "82 a162 cc01 a161 02",
      new Map([
        ["a", 3],
        ["b", 1],
      ]),
      "82 a162 cc01 a161 03",
    ],
    ["a finer timestamp", "d7ff 0000000400000000", new Date(0), "d7ff 0000000400000000"],
    ["a changed timestamp", "d7ff 0000000400000000", new Date(1000), "d6ff 00000001"],
    ["false over null", "c0", false, "c2"],
  ])("%s", (_, previous, value, expected) => {
    expect(hexOf(encodeOver(value, bytesOf(previous)))).toBe(hexOf(bytesOf(expected)));
  });

  test("refuses what encode refuses, naming where", () => {
    const previous = encode({ tools: [1, 2], tags: new Set([1]) });
    const refusal = (value: unknown) => refusalOf(() => encodeOver(value, previous, { name: "config" }));
    expect(refusal({ tools: [1, new Date(Number.NaN)] })).toMatchObject({
      error: "SerializationError",
      details: { path: "config.tools[1]" },
    });
    expect(refusal({ tags: new Set([1, {}]) })).toMatchObject({ error: "SerializationError", details: { path: "config.tags[1]" } });
    expect(refusal({ "\ud800": 1 })).toMatchObject({ error: "SerializationError", reason: "INVALID_STRING" });
    const nested: unknown[] = [];
    nested.push(nested);
    expect(refusal(nested)).toMatchObject({ error: "SerializationError", reason: "VALUE_TOO_DEEP" });
    expect(refusalOf(() => encodeOver(1, bytesOf("c1")))).toMatchObject({ error: "InvalidArgumentError" });
  });
});

test("a Float is a number wherever a number is expected", () => {
  expect(float(2)).toBeInstanceOf(Float);
  expect(Number(float(2)) + 1).toBe(3);
  expect(JSON.stringify({ x: float(2) })).toBe('{"x":2}');
});
