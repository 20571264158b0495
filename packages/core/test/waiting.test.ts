import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { manualClock, seededRandom } from "../src/testing/index.ts";
import { backoffMs, wait, within } from "../src/waiting.ts";

describe("backoffMs", () => {
  it("is below the first wait, doubled at each retry, and never above the longest", () => {
    const retries = fc.record({
      seed: fc.integer(),
      retry: fc.nat(100),
      firstMs: fc.double({ min: 0.1, max: 1_000, noNaN: true }),
      mostMs: fc.integer({ min: 1 }),
    });
    fc.assert(
      fc.property(retries, ({ seed, retry, firstMs, mostMs }) => {
        const delayMs = backoffMs(seededRandom(seed), retry, firstMs, mostMs);
        expect(delayMs).toBeGreaterThanOrEqual(0);
        expect(delayMs).toBeLessThan(Math.min(mostMs, firstMs * 2 ** retry));
      }),
    );
  });
});

describe("wait", () => {
  it("ends when its time is over, not before", async () => {
    const clock = manualClock();
    let over = false;
    const waiting = wait(clock, 10, undefined).then(() => {
      over = true;
    });
    clock.advance(9);
    await Promise.resolve();
    expect(over).toBe(false);
    clock.advance(1);
    await waiting;
  });

  it("ends when its signal is aborted, and leaves nothing scheduled", async () => {
    const clock = manualClock();
    const controller = new AbortController();
    const waiting = wait(clock, 10, controller.signal).catch((error: unknown) => error);
    controller.abort("enough");
    expect(await waiting).toMatchObject({ name: "CancelledError", cause: "enough" });
    expect(clock.scheduled).toBe(0);
    expect(await wait(clock, 10, controller.signal).catch((error: unknown) => error)).toMatchObject({ name: "CancelledError" });
  });
});

describe("within", () => {
  it("[P13] handles the failure of what an aborted call does not wait for any more", async () => {
    const failures: unknown[] = [];
    const note = (cause: unknown): number => failures.push(cause);
    process.on("unhandledRejection", note);
    const aborted = within(manualClock(), { signal: AbortSignal.abort() }, Promise.reject(new Error("the store failed")));
    await expect(aborted).rejects.toMatchObject({ reason: "CANCELLED" });
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", note);
    expect(failures).toEqual([]);
  });
});
