import { expect, test } from "vitest";
import { showName } from "../src/names.ts";

test("plain names are shown as they are, cut at 256 characters", () => {
  const show = showName("plain");
  expect(show("temperature")).toBe("temperature");
  expect(show("x".repeat(5000))).toHaveLength(256);
});

test("a hash is 16 hex digits, the same for the same name under the same key, and tells nothing without the key", () => {
  const [one, same, other] = [showName("hash", "key"), showName("hash", "key"), showName("hash", "another")];
  expect(one("temperature")).toMatch(/^[0-9a-f]{16}$/);
  expect(one("temperature")).toBe(same("temperature"));
  expect(one("temperature")).not.toBe(one("model"));
  expect(one("temperature")).not.toBe(other("temperature"));
});

test("without a key no two processes agree", () => {
  expect(showName("hash")("temperature")).not.toBe(showName("hash")("temperature"));
});

test("off shows nothing", () => {
  expect(showName("off")("temperature")).toBeUndefined();
});
