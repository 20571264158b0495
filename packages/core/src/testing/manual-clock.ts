/** Time that moves only when a test says so. */
import type { Clock } from "../clock.ts";

/** A clock in a test's hands. */
export interface ManualClock extends Clock {
  /** Moves both clocks by `ms`, calling on the way what was scheduled, each at its own moment, in the order of the moments. */
  advance(ms: number): void;
  /** Moves the wall clock alone, back or forth, as an administrator would; calls nothing. */
  jump(ms: number): void;
  /** How many scheduled calls wait. */
  readonly scheduled: number;
}

interface Scheduled {
  readonly atMs: number;
  readonly fn: () => void;
}

/** A clock that stands at `nowMs` until it is moved. */
export function manualClock(nowMs = 1_800_000_000_000): ManualClock {
  let wallMs = nowMs;
  let monotonicMs = 0;
  const waiting = new Set<Scheduled>();

  /** The earliest one due by `untilMs`; of several at one moment, the one scheduled first. */
  const next = (untilMs: number): Scheduled | undefined => {
    let earliest: Scheduled | undefined;
    for (const call of waiting) if (call.atMs <= untilMs && call.atMs < (earliest?.atMs ?? Number.POSITIVE_INFINITY)) earliest = call;
    return earliest;
  };
  const moveTo = (atMs: number): void => {
    wallMs += atMs - monotonicMs;
    monotonicMs = atMs;
  };

  return {
    now: () => wallMs,
    monotonic: () => monotonicMs,
    schedule(delayMs, fn) {
      const call = { atMs: monotonicMs + Math.max(delayMs, 0), fn };
      waiting.add(call);
      return () => waiting.delete(call);
    },
    advance(ms) {
      const untilMs = monotonicMs + ms;
      for (let call = next(untilMs); call !== undefined; call = next(untilMs)) {
        waiting.delete(call);
        moveTo(call.atMs);
        call.fn();
      }
      moveTo(untilMs);
    },
    jump(ms) {
      wallMs += ms;
    },
    get scheduled() {
      return waiting.size;
    },
  };
}
