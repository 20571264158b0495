/** What `/summary` says, as plain JSON. Sizes are in bytes, moments in milliseconds since the epoch; all is counted since the process began. */
import type { NamesMode } from "../names.ts";
import type { GrowthPeriod } from "./growth.ts";

/** A distribution; p50, p90 and p99 are within 1 % (see quantile-sketch.ts), the rest is exact. All 0 while `count` is. */
export interface Quantiles {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** A frequent name: it occurred at most `count` times, and at least `count − error` times. */
export interface NamedCount {
  /** As it is, or its hash, as `names` says. */
  readonly name: string;
  readonly count: number;
  readonly error: number;
}

/** What sessions did since the process began. */
export interface Summary {
  readonly startedAtMs: number;
  readonly durationMs: number;
  /** How names are shown; with `off`, the three lists of names are empty. */
  readonly names: NamesMode;
  /** Operations on variables, by what was asked for. */
  readonly operations: Readonly<Record<string, { readonly count: number; readonly failed: number }>>;
  /** Variables that were read, alone or among many, and were there or not; the ratio is null before the first read. */
  readonly reads: { readonly hits: number; readonly misses: number; readonly hitRatio: number | null };
  /** Values written, by their type names. */
  readonly types: Readonly<Record<string, { readonly writes: number; readonly bytes: number }>>;
  /** Values as they were written and read; sessions as they were after each change. */
  readonly sizes: {
    readonly writtenBytes: Quantiles;
    readonly readBytes: Quantiles;
    readonly sessionBytes: Quantiles;
    readonly sessionVariables: Quantiles;
  };
  /** The sizes of sessions over time, oldest first, in at most 120 periods of equal length: 10 s at first, longer as time goes by. */
  readonly growth: readonly GrowthPeriod[];
  readonly sessions: {
    readonly created: number;
    readonly loaded: number;
    readonly touched: number;
    readonly expired: number;
    readonly deleted: number;
    readonly evicted: number;
    /** How many different sessions had operations; an estimate from 4,096 on. */
    readonly active: number;
    /** How many of them, picked at random, `operations` is about: all of them up to 4,096. */
    readonly sampled: number;
    /** Operations on variables per session. */
    readonly operations: Quantiles;
  };
  /** The variables read most, written most, and the sessions with most operations: at most 50 each, most frequent first. */
  readonly mostRead: readonly NamedCount[];
  readonly mostWritten: readonly NamedCount[];
  readonly busiestSessions: readonly NamedCount[];
}
