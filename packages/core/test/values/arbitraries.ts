import { Decimal, Duration, NdArray, PlainDate, PlainTime, Uuid } from "@session-bridge/core/values";
import fc from "fast-check";
import { bytesOf } from "./hex.ts";

const dates = fc.date({ min: new Date(-62_135_596_800_000), max: new Date(253_402_300_799_999), noInvalidDate: true });

/** Scalars of the value table as a JavaScript program holds them. */
export const scalar: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, "", 0, -0, Number.NaN, "__proto__"),
  fc.maxSafeInteger(),
  fc.double(),
  fc.bigInt({ min: -(2n ** 130n), max: 2n ** 130n }),
  fc.string({ unit: "binary", maxLength: 50 }),
  fc.uint8Array({ maxLength: 20 }),
  dates,
  fc.constantFrom("1.10", "-0E+5", "NaN", "-Infinity", "1E-7").map((text) => new Decimal(text)),
  fc.uuid().map((text) => new Uuid(text)),
  dates.map((date) => new PlainDate(date.toISOString().slice(0, 10))),
  fc.constantFrom("12:30", "12:30:00.5Z", "23:59:59.999999-09:30").map((text) => new PlainTime(text)),
  fc.tuple(fc.integer(), fc.nat(999_999_999)).map(([seconds, nanos]) => new Duration(seconds, nanos)),
);

const key = fc.oneof(fc.constantFrom("__proto__", "constructor", "a", "b", "0", "1"), fc.string({ unit: "binary", maxLength: 8 }));

/** Values of every type of the table, nested. */
export const anyValue: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 4, withCrossShrink: true }, scalar, tie("list"), tie("map"), tie("set"), tie("ndarray")),
  list: fc.array(tie("value"), { maxLength: 20 }),
  map: fc.array(fc.tuple(key, tie("value")), { maxLength: 20 }).map((entries) => Object.fromEntries(entries)),
  set: fc.array(scalar, { maxLength: 6 }).map((items) => new Set(items)),
  ndarray: fc.float64Array({ maxLength: 6 }).map((elements) => NdArray.from(elements)),
})).value;

const oddScalar = fc.oneof(
  fc.constantFrom("c0", "c2", "c3", "00", "ff", "cc00", "cd0001", "d200000001", "cf 00*7 01", "cf ff*8", "d3 80 00*7").map(bytesOf),
  fc.constantFrom("ca 3f800000", "cb 3ff0 00*6", "cb 80 00*7", "cb 7ff8 00*6", "ca 7f800000", "cb fff8 00*5 01").map(bytesOf),
  fc.constantFrom("db 00000001 61", "d900", "c600000001 00", "d7ff 0000000400000000", "c70cff 3b9ac9ff ff*8").map(bytesOf),
  fc.constantFrom("c70901 01 00*8", "c80004 02 312e3130", "d803 11*16", "c70c06 ff*8 00000001", "c70508 9301c3cc01").map(bytesOf),
  fc.constantFrom("c70c08 9301c3cb3ff0 00*6", "c70c0993a37c62319103c403010001", "d70531323a33303a3030").map(bytesOf),
);

/** Bytes of valid values in all the forms that no encoder of ours would choose: long headers, whole floats, tuples, fine timestamps. */
export const anyBytes: fc.Arbitrary<Uint8Array> = fc.letrec<{ value: Uint8Array; list: Uint8Array; map: Uint8Array; tuple: Uint8Array }>(
  (tie) => ({
    value: fc.oneof({ maxDepth: 4, withCrossShrink: true }, oddScalar, tie("list"), tie("map"), tie("tuple")),
    list: fc
      .tuple(fc.constantFrom(2, 4), fc.array(tie("value"), { maxLength: 12 }))
      .map(([width, items]) => join(countHeader(0xdc, width, items.length), ...items)),
    map: fc
      .tuple(fc.constantFrom(2, 4), fc.uniqueArray(fc.tuple(key, tie("value")), { selector: ([name]) => name, maxLength: 12 }))
      .map(([width, entries]) =>
        join(countHeader(0xde, width, entries.length), ...entries.flatMap(([name, value]) => [keyBytes(name), value])),
      ),
    tuple: fc.array(tie("value"), { maxLength: 4 }).map((items) => {
      const payload = join(Uint8Array.of(0x90 | items.length), ...items);
      return join(bytesOf("c9"), uint(payload.length, 4), bytesOf("07"), payload);
    }),
  }),
).value;

function keyBytes(name: string): Uint8Array {
  const text = new TextEncoder().encode(name);
  return join(Uint8Array.of(0xdb), uint(text.length, 4), text);
}

function countHeader(tag: number, width: number, count: number): Uint8Array {
  return join(Uint8Array.of(tag + (width === 2 ? 0 : 1)), uint(count, width));
}

function uint(value: number, width: number): Uint8Array {
  return Uint8Array.from({ length: width }, (_, i) => (value >>> ((width - 1 - i) * 8)) & 0xff);
}

/** One array of bytes out of several. */
export function join(...chunks: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(chunks));
}
