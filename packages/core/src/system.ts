/** The real clock and randomness: the only file of core that touches the language's globals for them. */
import type { Clock, Random } from "./clock.ts";

// Core has no types of any runtime: these few globals exist in every one of them.
declare const performance: { now(): number };
declare const crypto: { getRandomValues<Bytes extends Uint8Array>(array: Bytes): Bytes };
declare function setTimeout(fn: () => void, delayMs: number): unknown;
declare function clearTimeout(timer: unknown): void;

/** Longer delays overflow the timers of JavaScript and would fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  schedule(delayMs, fn, awaited = false) {
    const timer = setTimeout(fn, Math.min(Math.max(delayMs, 0), MAX_DELAY_MS));
    // In Node a waiting timer would keep the process alive; elsewhere a timer is a number and there is nothing to do.
    if (!awaited) (timer as { unref?(): void }).unref?.();
    return () => clearTimeout(timer);
  },
};

/** Random bytes that nobody has been given: the system is asked for many at once, since that costs as much as asking for a few. */
let drawn = new Uint8Array(0);
let given = 0;
const DRAWN_BYTES = 4_096;

/** The machine's randomness. */
export const systemRandom: Random = {
  bytes(length) {
    if (given + length > drawn.length) {
      drawn = crypto.getRandomValues(new Uint8Array(Math.max(length, DRAWN_BYTES)));
      given = 0;
    }
    const bytes = drawn.slice(given, given + length);
    given += length;
    return bytes;
  },
  fraction: () => Math.random(),
};
