import fc from "fast-check";
import { expect, test } from "vitest";
import { growth } from "../../src/summary/growth.ts";

const write = fc.record({ afterMs: fc.nat(100_000), bytes: fc.nat(1000), variables: fc.nat(10) });

test("whenever it is written to, it has few periods, without gap or overlap, and every write is in one of them", () => {
  fc.assert(
    fc.property(fc.array(write, { minLength: 1 }), (writes) => {
      const sizes = growth(8, 10, 5000, 70);
      let atMs = 70;
      for (const { afterMs, bytes, variables } of writes) {
        atMs += afterMs;
        sizes.add(atMs, bytes, variables);
      }
      const periods = sizes.periods();
      expect(periods.length).toBeLessThanOrEqual(8);
      expect(periods.reduce((sum, { writes }) => sum + writes, 0)).toBe(writes.length);
      const mean = (of: "meanBytes" | "meanVariables") => periods.reduce((sum, period) => sum + period[of] * period.writes, 0);
      expect(mean("meanBytes")).toBeCloseTo(
        writes.reduce((sum, { bytes }) => sum + bytes, 0),
        3,
      );
      expect(mean("meanVariables")).toBeCloseTo(
        writes.reduce((sum, { variables }) => sum + variables, 0),
        3,
      );
      expect(Math.max(...periods.map(({ maxBytes }) => maxBytes))).toBe(Math.max(...writes.map(({ bytes }) => bytes)));
      for (const [at, period] of periods.entries()) {
        expect((period.startedAtMs - 5000) % period.durationMs).toBe(0);
        const before = periods[at - 1];
        if (before !== undefined) expect(before.startedAtMs + before.durationMs).toBeLessThanOrEqual(period.startedAtMs);
      }
      expect((periods.at(-1)?.startedAtMs ?? 0) + (periods[0]?.durationMs ?? 0)).toBeGreaterThan(5000 + atMs - 70);
    }),
  );
});
