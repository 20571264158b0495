/** A limit on how often something may happen: so many at once, and so many a second in the long run. */

/** A bucket of tokens; one is taken for each thing that happens. */
export interface TokenBucket {
  /** Takes a token; false when there is none. */
  take(): boolean;
  /** How many whole tokens are left. */
  readonly tokens: number;
}

/** A full bucket of `burst` tokens that gains `perSecond` of them a second; `monotonic` gives milliseconds that never go back. */
export function tokenBucket(perSecond: number, burst: number, monotonic: () => number): TokenBucket {
  let tokens = burst;
  let filledAtMs = monotonic();
  const fill = (): void => {
    const nowMs = monotonic();
    tokens = Math.min(burst, tokens + ((nowMs - filledAtMs) / 1000) * perSecond);
    filledAtMs = nowMs;
  };
  return {
    take() {
      fill();
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
    get tokens() {
      fill();
      return Math.floor(tokens);
    },
  };
}
