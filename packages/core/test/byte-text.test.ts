import fc from "fast-check";
import { expect, it } from "vitest";
import { byteText, textBytes } from "../src/byte-text.ts";

it("any bytes are the same after having been text, however many there are", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(textBytes(byteText(bytes))).toEqual(bytes);
    }),
  );
  const many = Uint8Array.from({ length: 10_001 }, (_, i) => i % 256);
  expect(byteText(many)).toHaveLength(10_001);
  expect(textBytes(byteText(many))).toEqual(many);
});
