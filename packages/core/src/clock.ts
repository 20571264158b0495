/**
 * Time and randomness as core sees them. Nothing in core touches the language's globals: `system.ts` makes the real ones, tests pass
 * a manual clock, and one seed replays a run.
 */

/** Takes a scheduled call back; calling it twice, or after the call ran, does nothing. */
export type Cancel = () => void;

/** Where core gets its time from. */
export interface Clock {
  /** The wall clock in milliseconds since the epoch; it may jump. */
  now(): number;
  /** Milliseconds since some fixed moment; it never goes back. */
  monotonic(): number;
  /** Calls `fn` once, `delayMs` from now. It keeps the process alive only when told that somebody is `awaited` by it, such as a caller's retry. */
  schedule(delayMs: number, fn: () => void, awaited?: boolean): Cancel;
}

/** Where core gets its randomness from. */
export interface Random {
  /** Fresh bytes, good enough for an identity that nobody can guess. */
  bytes(length: number): Uint8Array;
  /** A number in [0, 1), for jitter. */
  fraction(): number;
}

/** The one `now` of the laws, in whole milliseconds since the epoch: it never decreases and never stops, whatever the wall clock does. */
export type SteadyNow = () => number;

/** Makes `max(wall clock, last now + monotonic time since)`, starting no earlier than `lastNowMs`, the last now that a store remembers. */
export function steadyNow(clock: Clock, lastNowMs: number): SteadyNow {
  let last = lastNowMs;
  let at = clock.monotonic();
  return () => {
    const monotonic = clock.monotonic();
    last = Math.max(clock.now(), last + (monotonic - at));
    at = monotonic;
    return Math.floor(last);
  };
}
