import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { manualClock } from "@session-bridge/core/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatSummary, type NamesMode } from "../../src/index.ts";
import { showName } from "../../src/names.ts";
import { summaries } from "../../src/summary/summaries.ts";
import { event, everyEvent } from "../sample-events.ts";

function summing(mode: NamesMode = "plain") {
  const clock = manualClock();
  const now = () => clock.now();
  const monotonic = () => clock.monotonic();
  return { clock, ...summaries({ mode, show: showName(mode, "key"), now, monotonic, seed: 7 }) };
}

describe("what a summary says", () => {
  test("reads, writes, types, sizes and lives of sessions", () => {
    const { observe, summary, clock } = summing();
    clock.advance(25_000);
    observe(event("session.created"));
    const startedAtMs = clock.monotonic() - 2;
    observe(event("variable.set", { type: "map", sizeBytes: 40, sessionBytes: 50, sessionVariables: 1, startedAtMs, durationMs: 2 }));
    observe(event("variable.get", { type: "map", sizeBytes: 40 }));
    observe(event("variable.get", { found: false, type: "", sizeBytes: 0, name: "absent" }));
    observe(event("variable.set", { applied: false, found: false, type: "", sizeBytes: 0, reason: "VALUE_TOO_LARGE" }));
    expect(summary()).toMatchObject({
      durationMs: 25_000,
      names: "plain",
      operations: { set: { count: 2, failed: 1 }, get: { count: 2, failed: 0 } },
      reads: { hits: 1, misses: 1, hitRatio: 0.5 },
      types: { map: { writes: 1, bytes: 40 } },
      sizes: { writtenBytes: { count: 1, p50: 40 }, readBytes: { count: 1, max: 40 }, sessionBytes: { mean: 50 } },
      growth: [{ startedAtMs: clock.now() - 5000, durationMs: 10_000, writes: 1, meanBytes: 50, maxBytes: 50, meanVariables: 1 }],
      sessions: { created: 1, active: 1, sampled: 1, operations: { count: 1, p50: 4 } },
      mostRead: [
        { name: "temperature", count: 1, error: 0 },
        { name: "absent", count: 1, error: 0 },
      ],
      mostWritten: [{ name: "temperature", count: 1, error: 0 }],
      busiestSessions: [{ name: "session-1", count: 4, error: 0 }],
    });
  });

  test("is plain JSON, whatever was observed", () => {
    const { observe, summary } = summing();
    for (const one of everyEvent()) observe(one);
    expect(JSON.parse(JSON.stringify(summary()))).toEqual(summary());
  });

  test("names are hashed with hash, and not even kept with off", () => {
    const names = (mode: NamesMode) => {
      const { observe, summary } = summing(mode);
      observe(event("variable.set"));
      observe(event("variable.get"));
      const { mostRead, mostWritten, busiestSessions } = summary();
      return [mostRead, mostWritten, busiestSessions].map((list) => list.map(({ name }) => name));
    };
    const [read, written, session] = names("hash");
    expect(read).toEqual(written);
    expect(read?.[0]).toMatch(/^[0-9a-f]{16}$/);
    expect(session?.[0]).not.toBe(read?.[0]);
    expect(names("off")).toEqual([[], [], []]);
  });
});

test("100,000 random names in 10,000 sessions over three years leave it as small as it was", () => {
  const { observe, summary, clock } = summing();
  const numbers = fc.sample(fc.nat({ max: 16 * 1024 * 1024 }), { numRuns: 1000, seed: 5 });
  setFlagsFromString("--expose-gc");
  const collectGarbage: () => void = runInNewContext("gc");
  const heap = () => {
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  const load = (from: number, to: number) => {
    for (let n = from; n < to; n++) {
      const key = { tenant: "", id: `session-${(n * 7919) % 10_000}-${"x".repeat(100)}` };
      const sizeBytes = numbers[n % 1000] as number;
      const more = { key, name: `name-${n}-${"y".repeat(200)}`, sizeBytes, sessionBytes: 3 * sizeBytes };
      observe(event("variable.set", { ...more, type: `type-${n}` }));
      observe(event("variable.get", more));
      clock.advance(1_000_000);
    }
  };
  load(0, 20_000);
  const [size, before] = [JSON.stringify(summary()).length, heap()];
  load(20_000, 100_000);
  const after = summary();
  expect(heap() - before).toBeLessThan(2 * 1024 * 1024);
  expect(JSON.stringify(after).length).toBeLessThan(1.2 * size + 4096);
  expect(JSON.stringify(after).length).toBeLessThan(100_000);
  expect([after.mostRead, after.mostWritten, after.busiestSessions].map(({ length }) => length)).toEqual([50, 50, 50]);
  expect(after.growth.length).toBeLessThanOrEqual(120);
  expect(after.sessions.sampled).toBeLessThanOrEqual(4096);
  expect(after.sessions.active / 10_000).toBeGreaterThan(0.9);
  expect(after.sessions.active / 10_000).toBeLessThan(1.1);
  expect(Object.keys(after.types)).toEqual(["other"]);
}, 30_000);

describe("as text", () => {
  test("it reads as a person would want it", () => {
    const { observe, summary, clock } = summing();
    for (let n = 0; n < 3; n++) observe(event("variable.set", { sizeBytes: 2048, type: "map" }));
    observe(event("variable.get"));
    clock.advance(90_000);
    const text = formatSummary(summary());
    expect(text).toContain("(1 min)\n");
    expect(text).toContain("Reads found something in 100.0 % (1 hits, 0 misses)");
    expect(text).toMatch(/^ {2}set +3 +0$/m);
    expect(text).toMatch(/^ {2}map +3 +6 KiB$/m);
    expect(text).toMatch(/^Variables written most\n +count\n {2}temperature +3$/m);
  });

  test("of nothing it is short", () => {
    expect(formatSummary(summing("off").summary())).toContain("Reads found something in – (0 hits, 0 misses)");
  });

  test("no name can move the cursor or turn text around", () => {
    const { observe, summary } = summing();
    observe(event("variable.set", { name: "a\u001b[2Jb\u202ec\u2028d" }));
    expect(formatSummary(summary())).toContain("a\\u{1b}[2Jb\\u{202e}c\\u{2028}d");
  });
});
