import { Decimal, Duration, decode, encode, NdArray, PlainDate, PlainTime, Uuid } from "@session-bridge/core/values";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { refusalOf } from "./refusal.ts";

const samples = [
  new Decimal("1.10"),
  new Decimal("1.1"),
  new Uuid("00112233-4455-6677-8899-aabbccddeeff"),
  new PlainDate("2024-02-29"),
  new PlainTime("12:30:00"),
  new PlainTime("12:30:00+00:00"),
  new Duration(-1, 999_999_000),
  new Duration(0, 1),
  NdArray.from(Float64Array.of(1, 2)),
  NdArray.from(Float64Array.of(1, 2), [2, 1]),
  NdArray.from(Uint8Array.of(1, 0)),
  new NdArray("|b1", [2], Uint8Array.of(1, 0)),
];

describe("wrappers", () => {
  test("are equal to what they decode to, and to no other", () => {
    for (const [i, sample] of samples.entries()) {
      for (const [k, other] of samples.entries()) expect(sample.equals(decode(encode(other)))).toBe(i === k);
      expect(sample.equals(String(sample))).toBe(false);
    }
  });

  test("refuse what their types do not hold", () => {
    const refused = [
      ...["", "abc", "+1", "01", "1e5", ".5", "1.", "10.5E+3", " 1"].map((text) => () => new Decimal(text)),
      ...["", "00112233445566778899aabbccddeeff", "0011223g-4455-6677-8899-aabbccddeeff"].map((text) => () => new Uuid(text)),
      ...["2023-02-29", "0000-01-01", "2024-13-01", "2024-1-1", "2024-01-01T00:00"].map((text) => () => new PlainDate(text)),
      ...["24:00", "12", "12:60", "12:30:00.1234567", "12:30+24:00", "12:30:00 pm"].map((text) => () => new PlainTime(text)),
      ...[
        [0.5, 0],
        [0, 1e9],
        [0, -1],
        [86_400_000_000_000, 0],
        [Number.NaN, 0],
      ].map(
        ([s, ns]) =>
          () =>
            new Duration(s as number, ns),
      ),
      () => NdArray.from(Float64Array.of(1), [2]),
      () => NdArray.from(Uint8ClampedArray.of(1) as unknown as Uint8Array),
      () => new NdArray("|b1", [1], Uint8Array.of(2)),
      () => new NdArray("<f8", [2 ** 31, 0], new Uint8Array()),
      () => new NdArray(">f8" as "<f8", [0], new Uint8Array()),
    ];
    for (const construct of refused)
      expect(refusalOf(construct), String(construct)).toMatchObject({ error: "InvalidArgumentError", reason: "INVALID_VALUE" });
  });

  test.each([
    ["12:30", "12:30:00"],
    ["12:30:00.5", "12:30:00.500000"],
    ["12:30:00.000", "12:30:00"],
    ["12:30Z", "12:30:00+00:00"],
    ["12:30-00:00", "12:30:00+00:00"],
    ["12:30:00+02:00:00", "12:30:00+02:00"],
    ["12:30:00-00:00:01", "12:30:00-00:00:01"],
  ])("the time %s is spelled %s", (text, spelled) => {
    expect(new PlainTime(text).toString()).toBe(spelled);
  });

  test.each([
    [new Duration(0), "PT0S"],
    [new Duration(1, 500_000_000), "PT1.5S"],
    [new Duration(-1, 999_999_000), "-PT0.000001S"],
    [new Duration(-2), "-PT2S"],
  ])("a duration is spelled %#: %s", (duration, text) => {
    expect(duration.toString()).toBe(text);
    expect(JSON.stringify(duration)).toBe(`"${text}"`);
  });

  test("an upper case UUID is the same UUID", () => {
    expect(new Uuid("AABBCCDD-4455-6677-8899-AABBCCDDEEFF").equals(new Uuid("aabbccdd-4455-6677-8899-aabbccddeeff"))).toBe(true);
  });

  test("an ndarray is a copy, gives copies, and keeps its elements", () => {
    fc.assert(
      fc.property(fc.oneof(fc.float64Array(), fc.int16Array(), fc.bigInt64Array(), fc.float32Array(), fc.uint32Array()), (view) => {
        const array = NdArray.from(view);
        const elements = [...view];
        new Uint8Array(view.buffer).fill(0);
        new Uint8Array(array.toTypedArray().buffer).fill(0);
        array.toBytes().fill(0);
        expect([...(decode(encode(array)) as NdArray).toTypedArray()]).toEqual(elements);
      }),
    );
    expect(JSON.stringify(NdArray.from(BigInt64Array.of(2n ** 62n)))).toBe(
      '{"dtype":"<i8","shape":[1],"elements":["4611686018427387904"]}',
    );
  });
});
