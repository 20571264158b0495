import { expect, test } from "vitest";
import { systemRandom } from "../src/system.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

test("random bytes are as many as asked for, and nobody is given the same ones again", () => {
  const lengths = [16, 0, 1_000, 4_096, 16, 10_000, ...Array.from({ length: 2_000 }, () => 16)];
  const drawn = lengths.map((length) => systemRandom.bytes(length));
  expect(drawn.map((bytes) => bytes.length)).toEqual(lengths);
  // Of any drawing, every 16 bytes at their place: those of one would be in another if it were given again.
  const pieces = drawn.flatMap((bytes) => hex(bytes).match(/.{32}/g) ?? []);
  expect(new Set(pieces).size).toBe(pieces.length);
});

test("whoever changes the random bytes that it was given changes nobody else's", () => {
  const [first, second] = [systemRandom.bytes(16), systemRandom.bytes(16)];
  const before = hex(second);
  new Uint8Array(first.buffer).fill(0);
  expect(hex(second)).toBe(before);
  expect(hex(systemRandom.bytes(16))).not.toBe("00".repeat(16));
});
