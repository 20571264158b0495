import fc from "fast-check";
import { expect, test } from "vitest";
import { sessionSample } from "../../src/summary/session-sample.ts";

const QS = [0, 0.5, 0.9, 1];

test("up to its capacity it counts every session, exactly", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(60).map(String), { maxLength: 49 }), fc.integer(), (ids, seed) => {
      const sample = sessionSample(100, seed);
      for (const id of ids) sample.add("", id);
      const counts = new Map<string, number>();
      for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
      const sorted = [...counts.values()].sort((a, b) => a - b);
      expect(sample.sessions).toBe(counts.size);
      const exact = QS.map((q) => sorted[Math.floor(q * (sorted.length - 1))]);
      const operations = sample.operations();
      expect(QS.map((q) => operations.quantile(q))).toEqual(exact);
    }),
  );
});

test("beyond it, it stays at its capacity, and its sample stands for all sessions", () => {
  for (const seed of [1, 2, 3]) {
    const sample = sessionSample(1024, seed);
    // 20,000 sessions, half of them with one operation, the others with ten.
    for (let n = 0; n < 20_000; n++) for (let k = 0; k < (n % 2 === 0 ? 1 : 10); k++) sample.add("", `session-${n}`);
    expect(sample.sampled).toBeLessThanOrEqual(1024);
    expect(sample.sampled).toBeGreaterThan(256);
    expect(sample.sessions / 20_000).toBeGreaterThan(0.8);
    expect(sample.sessions / 20_000).toBeLessThan(1.2);
    const operations = sample.operations();
    expect([operations.quantile(0.4), operations.quantile(0.6)]).toEqual([1, 10]);
  }
});

test("the same id of two tenants is two sessions", () => {
  const sample = sessionSample(10, 0);
  sample.add("a", "id");
  sample.add("b", "id");
  sample.add("b", "id");
  expect(sample.sessions).toBe(2);
});
