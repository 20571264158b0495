import { readFileSync } from "node:fs";
import { scanValue, typeNameOf } from "@session-bridge/core/values";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { jsonToValue, stringToValue } from "../src/cli/json-to-value.ts";
import { valueToJson } from "../src/cli/value-to-json.ts";
import { bytesOf } from "./support/bytes.ts";

const msgpack = (notation: string) => ({ bytes: bytesOf(notation), encoding: "" });
const hexOf = (json: string) => Buffer.from(jsonToValue(json).bytes).toString("hex");

test.for([
  ["c0", "null"],
  ["c3", "true"],
  ["01", "1"],
  ["e0", "-32"],
  ["cb 3ff0000000000000", "1.0"],
  ["cb 8000000000000000", "-0.0"],
  ["cb 7e37e43c8800759c", "1e+300"],
  ["cb 7ff8000000000000", '{"$float":"nan"}'],
  ["cb fff0000000000000", '{"$float":"-inf"}'],
  ["cf 0020000000000001", "9007199254740993"],
  ["cf ffffffffffffffff", "18446744073709551615"],
  ["c7 09 01 010000000000000000", "18446744073709551616"],
  ["c7 09 01 ff7fffffffffffffff", "-9223372036854775809"],
  ["a2 c3a9", '"é"'],
  ["c4 02 00ff", '{"$bytes":"AP8="}'],
  ["92 01 90", "[1,[]]"],
  ["82 a1 32 01 a1 31 02", '{"2":1,"1":2}'],
  ["81 a9 5f5f70726f746f5f5f 01", '{"__proto__":1}'],
  ["81 a6 246279746573 a1 78", '{"$map":{"$bytes":"x"}}'],
  ["82 a6 246279746573 a1 78 a1 61 01", '{"$bytes":"x","a":1}'],
  ["81 a4 246d6170 80", '{"$map":{"$map":{}}}'],
  ["d6 ff 00000000", '{"$timestamp":"1970-01-01T00:00:00Z"}'],
  ["d7 ff 7735940000000001", '{"$timestamp":"1970-01-01T00:00:01.5Z"}'],
  ["c7 0c ff 3b9ac9ff ffffffffffffffff", '{"$timestamp":"1969-12-31T23:59:59.999999999Z"}'],
  ["d6 02 312e3130", '{"$decimal":"1.10"}'],
  ["d8 03 00112233445566778899aabbccddeeff", '{"$uuid":"00112233-4455-6677-8899-aabbccddeeff"}'],
  ["c7 0a 04 323032342d30322d3239", '{"$date":"2024-02-29"}'],
  ["c7 0c 06 ffffffffffffffff 1dcd6500", '{"$duration":"-0.5"}'],
  ["d5 07 91 c0", '{"$tuple":[null]}'],
  ["c7 03 08 92 01 02", '{"$set":[1,2]}'],
  ["c7 0c 09 93 a3 7c7531 92 02 01 c4 02 0102", '{"$ndarray":{"dtype":"|u1","shape":[2,1],"data":"AQI="}}'],
] as const)("%s is %s and back", ([bytes, json]) => {
  expect(valueToJson(msgpack(bytes))).toBe(json);
  expect(hexOf(json)).toBe(bytesOf(bytes).toString("hex"));
});

interface Row {
  readonly name: string;
  readonly type: string;
  readonly encodings: readonly string[];
}

describe("every golden value prints as JSON that reads back to its type, and to the same bytes where the encoding is the first one", () => {
  const rows = JSON.parse(readFileSync(new URL("../../../proto/vectors/values.json", import.meta.url), "utf8")) as Row[];
  test.for(rows)("$name", ({ type, encodings }) => {
    for (const encoding of encodings) {
      const { bytes } = jsonToValue(valueToJson(msgpack(encoding)));
      expect(typeNameOf({ bytes, encoding: "" })).toBe(type);
      expect(valueToJson({ bytes, encoding: "" })).toBe(valueToJson(msgpack(encoding)));
    }
    const first = bytesOf(encodings[0] as string);
    const again = Buffer.from(jsonToValue(valueToJson({ bytes: first, encoding: "" })).bytes);
    expect(again.equals(first)).toBe(true);
  });
});

test("any JSON a program writes is read as JSON.parse reads it, and printed back to the same bytes", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 8 }), (json) => {
      const { bytes } = jsonToValue(taggedKeysAside(json));
      const printed = valueToJson({ bytes, encoding: "" });
      expect(Buffer.from(jsonToValue(printed).bytes).equals(Buffer.from(bytes))).toBe(true);
      expect(JSON.parse(printed)).toEqual(JSON.parse(taggedKeysAside(json)));
    }),
    { seed: 11 },
  );
});

/** Keys that begin with `$` have a meaning of their own. */
function taggedKeysAside(json: string): string {
  return json.replaceAll("$", "S");
}

test("random bytes that are a value print as JSON that reads back to the same value", () => {
  const anyValue = fc.letrec((tie) => ({
    value: fc.oneof({ depthSize: "small" }, tie("scalar"), tie("list"), tie("map")),
    scalar: fc.oneof(
      fc.constantFrom("c0", "c2", "c3", "00", "7f", "e0", "cc80", "cdffff", "d080", "d18000", "cb3fb999999999999a"),
      fc.string({ unit: "grapheme", maxLength: 20 }).map((text) => Buffer.from(stringToValue(text).bytes).toString("hex")),
      fc.uint8Array({ maxLength: 20 }).map((bytes) => `c4${Buffer.of(bytes.length, ...bytes).toString("hex")}`),
      fc.double({ noDefaultInfinity: false }).map((value) => {
        const bytes = Buffer.alloc(9, 0xcb);
        bytes.writeDoubleBE(value, 1);
        return bytes.toString("hex");
      }),
    ),
    list: fc.array(tie("value"), { maxLength: 5 }).map((items) => (0x90 + items.length).toString(16) + items.join("")),
    map: fc
      .uniqueArray(fc.constantFrom("a1 61", "a4 246d6170", "a6 246279746573", "a9 5f5f70726f746f5f5f", "a1 31"), { maxLength: 3 })
      .chain((keys) =>
        fc
          .tuple(...keys.map(() => tie("value")))
          .map((values) => (0x80 + keys.length).toString(16) + keys.map((key, i) => key.replaceAll(" ", "") + values[i]).join("")),
      ),
  })).value as fc.Arbitrary<string>;
  fc.assert(
    fc.property(anyValue, (hex) => {
      const bytes = Buffer.from(hex, "hex");
      scanValue(bytes);
      expect(hexOf(valueToJson({ bytes, encoding: "" }))).toBe(hex);
    }),
    { seed: 12, numRuns: 500 },
  );
});

test("a custom encoding prints with its name and bytes and reads back", () => {
  const value = { bytes: bytesOf("c1 00"), encoding: "my.codec" };
  const json = valueToJson(value);
  expect(json).toBe('{"$custom":{"encoding":"my.codec","bytes":"wQA="}}');
  const again = jsonToValue(json);
  expect({ ...again, bytes: Buffer.from(again.bytes) }).toEqual(value);
});

test.for([
  "",
  "nul",
  "01",
  "+1",
  ".5",
  "[1,]",
  '{"a":1,}',
  '{"a":1,"a":2}',
  '{"a":1',
  '"\t"',
  '"\\ud800"',
  "1e999",
  "1 2",
  "{'a':1}",
  "[".repeat(300),
  '{"$unknown":1}',
  '{"$bytes":"x"}',
  '{"$bytes":1}',
  '{"$timestamp":"2024-02-30T00:00:00Z"}',
  '{"$timestamp":"2024-02-29"}',
  '{"$uuid":"x"}',
  '{"$duration":"1e9"}',
  '{"$float":"1"}',
  '{"$ndarray":{"dtype":"<f8"}}',
  '{"$map":1}',
  '{"$custom":{"encoding":"x"}}',
  '[{"$custom":{"encoding":"x","bytes":""}}]',
])("%j is refused", (json) => {
  expect(() => jsonToValue(json)).toThrow(SyntaxError);
});

test.for([
  '{"$decimal":"x"}',
  '{"$date":"2024-02-30"}',
  '{"$time":"25:00"}',
  '{"$set":[1,1]}',
  '{"$set":[[1]]}',
  `${"[".repeat(65)}1${"]".repeat(65)}`,
])("%j is refused by the dialect's laws", (json) => {
  expect(() => jsonToValue(json)).toThrow(/not a valid value|nested|deep/);
});
