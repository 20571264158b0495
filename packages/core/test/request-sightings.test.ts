import { array, assert, integer, property, uint8Array } from "fast-check";
import { describe, expect, it } from "vitest";
import { REQUEST_MEMORY_MS } from "../src/persistence.ts";
import { requestSightings } from "../src/request-sightings.ts";

const NOW_MS = 1_800_000_000_000;

describe("request sightings", () => {
  it("[P6] never miss a request for as long as it is remembered, however time goes on", () => {
    const id = uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString("base64url"));
    const steps = array(integer({ min: 0, max: REQUEST_MEMORY_MS * 1.5 }), { minLength: 1, maxLength: 12 });
    assert(
      property(array(id, { minLength: 12, maxLength: 12 }), steps, (ids, delaysMs) => {
        const sightings = requestSightings();
        sightings.began(0);
        const added: { readonly id: string; readonly atMs: number }[] = [];
        let nowMs = NOW_MS;
        for (const [i, delayMs] of delaysMs.entries()) {
          nowMs += delayMs;
          for (const { id, atMs } of added) if (atMs > nowMs - REQUEST_MEMORY_MS) expect(sightings.maybe(id, nowMs)).toBe(true);
          const next = ids[i] as string;
          sightings.add(next, nowMs);
          added.push({ id: next, atMs: nowMs });
        }
      }),
      { numRuns: 50 },
    );
  });

  it("tell nearly every new request from a hundred thousand others, and forget those after their time", () => {
    const sightings = requestSightings();
    sightings.began(0);
    const id = (i: number): string => Buffer.from(`${i}`.padStart(16, "x")).toString("base64url");
    const mistaken = (nowMs: number): number =>
      Array.from({ length: 10_000 }, (_, i) => id(1_000_000 + i)).filter((one) => sightings.maybe(one, nowMs)).length;
    expect(mistaken(NOW_MS)).toBe(0);
    for (let i = 0; i < 100_000; i++) sightings.add(id(i), NOW_MS);
    expect(mistaken(NOW_MS)).toBeLessThan(50);
    expect(sightings.maybe(id(7), NOW_MS + REQUEST_MEMORY_MS)).toBe(true);
    expect(sightings.maybe(id(7), NOW_MS + 2 * REQUEST_MEMORY_MS)).toBe(false);
  });

  it("[P6] know nothing of what was remembered before they began, until its time is over", () => {
    const sightings = requestSightings();
    expect(sightings.maybe("any", NOW_MS)).toBe(true);
    sightings.began(NOW_MS);
    expect(sightings.maybe("any", NOW_MS + REQUEST_MEMORY_MS - 1)).toBe(true);
    expect(sightings.maybe("any", NOW_MS + REQUEST_MEMORY_MS)).toBe(false);
  });
});
