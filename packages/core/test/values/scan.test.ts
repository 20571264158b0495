import { MAX_NODES, scanValue, type TypeName, typeNameOf } from "@session-bridge/core/values";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytesOf } from "./hex.ts";
import { refusalOf } from "./refusal.ts";

function verdict(bytes: Uint8Array): string {
  const refusal = refusalOf(() => scanValue(bytes));
  return refusal === undefined ? scanValue(bytes) : `${refusal.reason} ${refusal.details.rule}`;
}

describe("scanValue", () => {
  test.each<[string, TypeName]>([
    ["c0", "null"],
    ["c2", "boolean"],
    ["00", "integer"],
    ["ff", "integer"],
    ["cf ff*8", "integer"],
    ["d3 80 00*7", "integer"],
    ["ca 3f800000", "float"],
    ["cb 3ff0 00*6", "float"],
    ["a0", "string"],
    ["d9 00", "string"],
    ["db 00000001 61", "string"],
    ["c4 00", "bytes"],
    ["90", "list"],
    ["dd 00000001 c0", "list"],
    ["81 a161 01", "map"],
    ["de 0001 d90161 01", "map"],
    ["d6 ff 00000000", "timestamp"],
    ["c7 0c ff 00*12", "timestamp"],
    ["c7 09 01 01 00*8", "big_integer"],
    ["c7 09 01 ff7f ff*7", "big_integer"],
    ["c7 04 02 312e3130", "decimal"],
    ["d8 03 00*16", "uuid"],
    ["c7 0a 04 323032342d30322d3239", "date"],
    ["d7 05 31323a33303a3030", "time"],
    ["c7 0c 06 ff*8 3b9ac9ff", "duration"],
    ["d5 07 91c0", "tuple"],
    ["d5 08 9101", "set"],
    ["c7 0b 09 93 a3 3c6932 91 01 c4 02 0000", "ndarray"],
  ])("the type name of %s is %s", (hex, name) => {
    const bytes = bytesOf(hex);
    expect(scanValue(bytes)).toBe(name);
    expect(typeNameOf({ bytes, encoding: "" })).toBe(name);
    expect(typeNameOf({ bytes, encoding: "pickle" })).toBe("custom");
  });

  test.each([
    ["", "INVALID_VALUE empty"],
    ["c1", "INVALID_VALUE reserved"],
    ["92 c1 c0", "INVALID_VALUE reserved"],
    ["c0 c0", "INVALID_VALUE trailing"],
    ["92 c0", "INVALID_VALUE truncated"],
    ["dd ffffffff", "INVALID_VALUE truncated"],
    ["df ffffffff a161 01", "INVALID_VALUE truncated"],
    ["c6 ffffffff 00", "INVALID_VALUE truncated"],
    ["db ffffffff 61", "INVALID_VALUE truncated"],
    ["c9 ffffffff 07 91", "INVALID_VALUE truncated"],
    ["cb 00", "INVALID_VALUE truncated"],
    ["a1 ff", "INVALID_VALUE utf8"],
    ["a2 c080", "INVALID_VALUE utf8"],
    ["a3 eda080", "INVALID_VALUE utf8"],
    ["a4 f4908080", "INVALID_VALUE utf8"],
    ["a3 f09f98", "INVALID_VALUE utf8"],
    ["81 01 01", "INVALID_VALUE key_type"],
    ["82 a161 01 d90161 02", "INVALID_VALUE duplicate_key"],
    ["d4 00 00", "INVALID_VALUE unknown_extension"],
    ["d4 0a 00", "INVALID_VALUE unknown_extension"],
    ["d4 fe 00", "INVALID_VALUE unknown_extension"],
    ["d5 ff 0000", "INVALID_VALUE extension_payload"],
    ["d7 ff ee6b2800 00000000", "INVALID_VALUE extension_payload"],
    ["c7 0c ff 00000000 0000003afff44180", "INVALID_VALUE extension_payload"],
    ["d7 01 00*8", "INVALID_VALUE extension_payload"],
    ["c7 09 01 00ff 00*7", "INVALID_VALUE extension_payload"],
    ["c7 0a 01 0001 00*8", "INVALID_VALUE extension_payload"],
    ["d7 03 00*8", "INVALID_VALUE extension_payload"],
    ["c7 0a 04 323032332d30322d3239", "INVALID_VALUE extension_payload"],
    ["d4 07 c0", "INVALID_VALUE extension_payload"],
    ["d5 07 92c0", "INVALID_VALUE truncated"],
    ["d5 07 90c0", "INVALID_VALUE extension_payload"],
    ["c7 03 08 920101", "INVALID_VALUE extension_payload"],
    ["c7 03 08 920201", "INVALID_VALUE extension_payload"],
    ["d5 08 9190", "INVALID_VALUE extension_payload"],
    ["c7 05 08 91 d50791 90", "INVALID_VALUE extension_payload"],
    ["c7 0b 09 93 a3 3c6932 91 02 c4 02 0000", "INVALID_VALUE extension_payload"],
    ["c7 0b 09 93 a3 3e6932 91 01 c4 02 0000", "INVALID_VALUE extension_payload"],
    ["91*65 c0", "VALUE_TOO_DEEP depth"],
    ["91*1048576", "VALUE_TOO_DEEP depth"],
    ["81a16b*65 c0", "VALUE_TOO_DEEP depth"],
    ["dd 000186a0 c0*100000", "VALUE_TOO_COMPLEX nodes"],
  ])("%s is refused as %s", (hex, expected) => {
    expect(verdict(bytesOf(hex))).toBe(expected);
  });

  test("64 levels and 100,000 values are accepted", () => {
    expect(verdict(bytesOf("91*64 c0"))).toBe("list");
    expect(verdict(bytesOf("81a16b*64 c0"))).toBe("map");
    expect(verdict(bytesOf(`dd 0001869f c0*${MAX_NODES - 1}`))).toBe("list");
  });

  test("a repeated key is found in maps of every size", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ maxLength: 4 }), { minLength: 1, maxLength: 40 }), fc.nat(), (keys, pick) => {
        const pack = (list: readonly string[]) =>
          Buffer.concat([bytesOf(`de ${list.length.toString(16).padStart(4, "0")}`), ...list.map(keyAndNull)]);
        expect(verdict(pack(keys))).toBe("map");
        expect(verdict(pack([...keys, keys[pick % keys.length] as string]))).toBe("INVALID_VALUE duplicate_key");
      }),
    );
  });

  test("arbitrary bytes give a type name or a typed error", () => {
    const lead = fc.constantFrom(0x81, 0x92, 0xa3, 0xc4, 0xc7, 0xd4, 0xd5, 0xd6, 0xd9, 0xdc, 0xde, 0x61, 0x07, 0x08, 0x09);
    const hostile = fc.array(fc.oneof(lead, fc.nat(255)), { maxLength: 40 }).map((list) => Uint8Array.from(list));
    fc.assert(
      fc.property(hostile, (bytes) => {
        expect(["InvalidArgumentError", undefined]).toContain(refusalOf(() => scanValue(bytes))?.error);
      }),
      { numRuns: 5_000 },
    );
  });
});

function keyAndNull(key: string): Buffer {
  const text = Buffer.from(key);
  return Buffer.concat([Buffer.from([0xd9, text.length]), text, Buffer.from([0xc0])]);
}
