/** How large sessions were over time, in a fixed number of periods: when they are full, two become one and each lasts twice as long. */

/** The sizes of sessions right after writes to them, in one period. */
export interface GrowthPeriod {
  /** Milliseconds since the epoch. */
  readonly startedAtMs: number;
  readonly durationMs: number;
  /** How many writes there were; periods without any are left out. */
  readonly writes: number;
  /** The mean over those writes of the bytes in the session. */
  readonly meanBytes: number;
  readonly maxBytes: number;
  /** The mean over those writes of the variables in the session. */
  readonly meanVariables: number;
}

/** A history of sizes. */
export interface Growth {
  /** Counts a write at a moment of the monotonic clock, after which its session has these bytes and variables. */
  add(monotonicMs: number, bytes: number, variables: number): void;
  /** The periods in which something was written, oldest first. */
  periods(): readonly GrowthPeriod[];
}

interface Sums {
  writes: number;
  bytes: number;
  maxBytes: number;
  variables: number;
}

const nothing = (): Sums => ({ writes: 0, bytes: 0, maxBytes: 0, variables: 0 });

/**
 * An empty history of at most `capacity` periods (an even number) of `firstPeriodMs` at first. `startedAtMs` is the wall clock's and
 * `startedMonotonicMs` the monotonic clock's name for the same moment.
 */
export function growth(capacity: number, firstPeriodMs: number, startedAtMs: number, startedMonotonicMs: number): Growth {
  let periodMs = firstPeriodMs;
  let periods = Array.from({ length: capacity }, nothing);

  const coarsen = (): void => {
    const pairs = Array.from({ length: capacity / 2 }, (_, at) => together(periods[2 * at] as Sums, periods[2 * at + 1] as Sums));
    periods = [...pairs, ...Array.from({ length: capacity / 2 }, nothing)];
    periodMs *= 2;
  };

  return {
    add(monotonicMs, bytes, variables) {
      const sinceMs = Math.max(monotonicMs - startedMonotonicMs, 0);
      while (sinceMs >= capacity * periodMs) coarsen();
      const sums = periods[Math.floor(sinceMs / periodMs)] as Sums;
      sums.writes += 1;
      sums.bytes += bytes;
      sums.variables += variables;
      if (bytes > sums.maxBytes) sums.maxBytes = bytes;
    },
    periods: () =>
      periods.flatMap(({ writes, bytes, maxBytes, variables }, at) => {
        if (writes === 0) return [];
        const startedAt = startedAtMs + at * periodMs;
        const means = { meanBytes: bytes / writes, meanVariables: variables / writes };
        return [{ startedAtMs: startedAt, durationMs: periodMs, writes, maxBytes, ...means }];
      }),
  };
}

const together = (one: Sums, other: Sums): Sums => ({
  writes: one.writes + other.writes,
  bytes: one.bytes + other.bytes,
  maxBytes: Math.max(one.maxBytes, other.maxBytes),
  variables: one.variables + other.variables,
});
