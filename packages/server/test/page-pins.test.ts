import { InvalidArgumentError, PageExpiredError } from "@session-bridge/core/internal";
import { manualClock, seededRandom } from "@session-bridge/core/testing";
import { expect, test } from "vitest";
import { PIN_MS, PINS_PER_SESSION, pagePins } from "../src/service/page-pins.ts";

const scope = (sessionId: string, request = "all") => ({ tenant: "", sessionId, request });
const snapshot = { items: ["a", "b", "c"], sessionRevision: 7 };

function setUp() {
  const clock = manualClock();
  return { clock, pins: pagePins<string>(clock, seededRandom(1)) };
}

test("a token gives its page as often as it is asked, for as long as pages are asked", () => {
  const { clock, pins } = setUp();
  const token = pins.pin(scope("s"), snapshot).tokenAt(2);
  for (let i = 0; i < 3; i++) {
    expect(pins.open(scope("s"), token)).toMatchObject({ ...snapshot, offset: 2 });
    clock.advance(PIN_MS - 1);
  }
});

test("a snapshot that nobody asked for in time is gone, and its memory too", () => {
  const { clock, pins } = setUp();
  const token = pins.pin(scope("s"), snapshot).tokenAt(1);
  clock.advance(PIN_MS);
  expect(() => pins.open(scope("s"), token)).toThrow(PageExpiredError);
  clock.advance(PIN_MS);
  expect(pins.size).toBe(0);
});

test("a session's oldest snapshot goes when it has too many; other sessions keep theirs", () => {
  const { pins } = setUp();
  const other = pins.pin(scope("other"), snapshot).tokenAt(1);
  const tokens = Array.from({ length: PINS_PER_SESSION + 1 }, () => pins.pin(scope("s"), snapshot).tokenAt(1));
  expect(() => pins.open(scope("s"), tokens[0] as string)).toThrow(PageExpiredError);
  for (const token of tokens.slice(1)) expect(pins.open(scope("s"), token).offset).toBe(1);
  expect(pins.open(scope("other"), other).offset).toBe(1);
});

test("a token is of no use to another session, tenant or request, nor beyond the end", () => {
  const { pins } = setUp();
  const page = pins.pin(scope("s"), snapshot);
  for (const other of [scope("t"), scope("s", "other"), { ...scope("s"), tenant: "x" }]) {
    expect(() => pins.open(other, page.tokenAt(1))).toThrow(InvalidArgumentError);
  }
  expect(() => pins.open(scope("s"), page.tokenAt(3))).toThrow(InvalidArgumentError);
});

test.for(["", "x", "AAAAAAAAAAAAAAAAAAAAAA.0", "__proto__", "AAAAAAAAAAAAAAAAAAAAAA.9999999999"])(
  "a made-up token %j is PAGE_EXPIRED",
  (token) => {
    const { pins } = setUp();
    pins.pin(scope("s"), snapshot);
    expect(() => pins.open(scope("s"), token)).toThrow(PageExpiredError);
  },
);
