/**
 * Quantiles of sizes and counts in a fixed amount of memory: the logarithmic buckets of DDSketch (Masson, Rim and Lee, "DDSketch", VLDB 2019),
 * all of them present from the start, since the numbers here are 0 … 2⁵³ and that takes 1,800 buckets.
 */

/** A quantile is within this share of the whole number that was added at that rank, and rounded: up to 49 it is exact. */
export const RELATIVE_ERROR = 0.01;

const GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR);
const LOG_GAMMA = Math.log(GAMMA);

/** The bucket of a number ≥ 1: bucket i holds (γ^(i−1), γ^i]. */
const bucketOf = (value: number): number => Math.ceil(Math.log(value) / LOG_GAMMA);

const BUCKETS = bucketOf(Number.MAX_SAFE_INTEGER) + 1;

/** A sketch of whole numbers from 0 to 2⁵³. */
export interface QuantileSketch {
  /** Counts a number. What is below 1 counts as 0, what is above 2⁵³ as that, and what is no number is left out. */
  add(value: number): void;
  /** The number at rank ⌊q·(count−1)⌋, within RELATIVE_ERROR; undefined when nothing was added. `q` is in [0, 1]. */
  quantile(q: number): number | undefined;
  /** How many were added. */
  readonly count: number;
  readonly sum: number;
  /** The greatest added, exactly; 0 when nothing was. */
  readonly max: number;
}

/** An empty sketch; it takes 15 KB and never more. */
export function quantileSketch(): QuantileSketch {
  const buckets = new Float64Array(BUCKETS);
  let zeros = 0;
  let count = 0;
  let sum = 0;
  let max = 0;
  return {
    add(value) {
      if (Number.isNaN(value)) return;
      const kept = Math.min(value, Number.MAX_SAFE_INTEGER);
      count += 1;
      if (kept < 1) {
        zeros += 1;
        return;
      }
      const at = bucketOf(kept);
      buckets[at] = (buckets[at] as number) + 1;
      sum += kept;
      if (kept > max) max = kept;
    },
    quantile(q) {
      if (count === 0) return undefined;
      const rank = Math.floor(q * (count - 1));
      let seen = zeros;
      if (rank < seen) return 0;
      for (let at = 0; at < BUCKETS; at++) {
        seen += buckets[at] as number;
        // The middle of the bucket, in the sense that both its ends are as far away, relative to themselves.
        if (rank < seen) return Math.min(Math.round((2 * GAMMA ** at) / (GAMMA + 1)), max);
      }
      return max;
    },
    get count() {
      return count;
    },
    get sum() {
      return sum;
    },
    get max() {
      return max;
    },
  };
}
