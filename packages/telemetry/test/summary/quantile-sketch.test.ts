import fc from "fast-check";
import { expect, test } from "vitest";
import { quantileSketch, RELATIVE_ERROR } from "../../src/summary/quantile-sketch.ts";

const sizes = fc.array(fc.oneof(fc.nat({ max: 2000 }), fc.maxSafeNat(), fc.constant(0)), { minLength: 1, maxLength: 300 });

test("every quantile is within 1 % of the number at its rank, rounded, and small ones are exact", () => {
  fc.assert(
    fc.property(sizes, fc.double({ min: 0, max: 1, noNaN: true }), (values, q) => {
      const sketch = quantileSketch();
      for (const value of values) sketch.add(value);
      const sorted = [...values].sort((a, b) => a - b);
      const exact = sorted[Math.floor(q * (values.length - 1))] as number;
      const allowed = exact < 50 ? 0 : exact * (RELATIVE_ERROR + 1e-9) + 0.5;
      expect(Math.abs((sketch.quantile(q) as number) - exact)).toBeLessThanOrEqual(allowed);
    }),
  );
});

test("count, sum and maximum are exact", () => {
  fc.assert(
    fc.property(fc.array(fc.nat()), (values) => {
      const sketch = quantileSketch();
      for (const value of values) sketch.add(value);
      expect([sketch.count, sketch.sum, sketch.max]).toEqual([values.length, values.reduce((a, b) => a + b, 0), Math.max(0, ...values)]);
    }),
  );
});

test("nothing has no quantiles, and nonsense does no harm", () => {
  const sketch = quantileSketch();
  expect(sketch.quantile(0.5)).toBeUndefined();
  for (const value of [Number.NaN, -5, Number.POSITIVE_INFINITY, 0.2]) sketch.add(value);
  expect(sketch.count).toBe(3);
  expect(sketch.quantile(0)).toBe(0);
  expect(sketch.quantile(1)).toBeCloseTo(Number.MAX_SAFE_INTEGER, -15);
});
