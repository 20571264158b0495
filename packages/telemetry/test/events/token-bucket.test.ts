import { manualClock } from "@session-bridge/core/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { tokenBucket } from "../../src/events/token-bucket.ts";

test("in no stretch of time does it give more than the burst and what was gained in that time", () => {
  const waits = fc.array(fc.nat(400), { maxLength: 200 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 20 }), waits, (perSecond, burst, afterMs) => {
      const clock = manualClock();
      const bucket = tokenBucket(perSecond, burst, () => clock.monotonic());
      const takenAtMs: number[] = [];
      for (const ms of afterMs) {
        clock.advance(ms);
        if (bucket.take()) takenAtMs.push(clock.monotonic());
      }
      for (const [first, from] of takenAtMs.entries())
        for (const [last, to] of takenAtMs.entries())
          if (last >= first) expect(last - first + 1).toBeLessThanOrEqual(burst + ((to - from) / 1000) * perSecond + 1e-6);
    }),
  );
});

test("a full bucket gives its burst at once, then as many as the time gained", () => {
  const clock = manualClock();
  const bucket = tokenBucket(10, 3, () => clock.monotonic());
  const taken = () => Array.from({ length: 5 }, () => bucket.take()).filter(Boolean).length;
  expect([bucket.tokens, taken(), bucket.tokens]).toEqual([3, 3, 0]);
  clock.advance(200);
  expect(taken()).toBe(2);
  clock.advance(60_000);
  expect(bucket.tokens).toBe(3);
});
