import fc from "fast-check";
import { expect, test } from "vitest";
import { topK } from "../../src/summary/top-k.ts";

const CAPACITY = 8;
/** Streams with a few frequent keys among many. */
const stream = fc.array(
  fc.oneof(
    fc.nat(3).map((n) => `often ${n}`),
    fc.nat(500).map((n) => `rare ${n}`),
  ),
  { maxLength: 600 },
);

const counted = (keys: readonly string[]) => {
  const exact = new Map<string, number>();
  const sketch = topK(CAPACITY);
  for (const key of keys) {
    exact.set(key, (exact.get(key) ?? 0) + 1);
    sketch.add(key);
  }
  return { exact, sketch };
};

test("no count is too low, none is too high by more than its error, and no error is above total/capacity", () => {
  fc.assert(
    fc.property(stream, (keys) => {
      const { exact, sketch } = counted(keys);
      for (const { key, count, error } of sketch.top(CAPACITY)) {
        const real = exact.get(key) as number;
        expect(count).toBeGreaterThanOrEqual(real);
        expect(count - error).toBeLessThanOrEqual(real);
        expect(error).toBeLessThanOrEqual(keys.length / CAPACITY);
      }
    }),
  );
});

test("every key that is more frequent than total/capacity is known", () => {
  fc.assert(
    fc.property(stream, (keys) => {
      const { exact, sketch } = counted(keys);
      const known = new Set(sketch.top(CAPACITY).map(({ key }) => key));
      const frequent = [...exact].filter(([, count]) => count > keys.length / CAPACITY).map(([key]) => key);
      expect(frequent.filter((key) => !known.has(key))).toEqual([]);
    }),
  );
});

test("with no more keys than its capacity it counts exactly, most frequent first", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(CAPACITY - 1).map(String), { maxLength: 200 }), (keys) => {
      const { exact, sketch } = counted(keys);
      const top = sketch.top(CAPACITY);
      expect(new Map(top.map(({ key, count }) => [key, count]))).toEqual(exact);
      expect(top.every(({ error }) => error === 0)).toBe(true);
      expect(top.map(({ count }) => count)).toEqual([...exact.values()].sort((a, b) => b - a));
    }),
  );
});

test("100,000 different keys leave it at its capacity", () => {
  const sketch = topK(500);
  for (let n = 0; n < 100_000; n++) sketch.add(`name ${n}`);
  expect(sketch.size).toBe(500);
  expect(sketch.top(50)).toHaveLength(50);
});
