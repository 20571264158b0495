/**
 * Time and randomness as core sees them. Nothing in core touches the language's globals: `system.ts` makes the real ones, tests pass
 * a manual clock, and one seed replays a run.
 */

import type { Notify } from "./notices.ts";

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
export interface SteadyNow {
  (): number;
  /** When the wall clock last went ahead of the time that had passed by a minute or more, as far as it was looked at; 0 for never. */
  readonly leaptAtMs: number;
}

const LEAP_MS = 60_000;
/** Less is what clocks are corrected by all the time. */
const LATE_START_MS = 1_000;

/**
 * Makes `max(wall clock, last now + monotonic time since)`, starting no earlier than `lastNowMs`, the last now that a store remembers. Tells
 * of a wall clock that starts behind that, and of one that leaps.
 */
export function steadyNow(clock: Clock, lastNowMs: number, notify: Notify = () => {}): SteadyNow {
  const behindMs = lastNowMs - clock.now();
  if (behindMs >= LATE_START_MS) notify({ kind: "clock_behind", behindMs });
  let last = Math.max(clock.now(), lastNowMs);
  let at = clock.monotonic();
  let leaptAtMs = 0;
  const now = (): number => {
    const monotonic = clock.monotonic();
    const passed = last + (monotonic - at);
    last = Math.max(clock.now(), passed);
    at = monotonic;
    const nowMs = Math.floor(last);
    if (last - passed >= LEAP_MS) {
      leaptAtMs = nowMs;
      notify({ kind: "clock_leapt", aheadMs: last - passed });
    }
    return nowMs;
  };
  return Object.defineProperty(now, "leaptAtMs", { get: () => leaptAtMs }) as SteadyNow;
}
