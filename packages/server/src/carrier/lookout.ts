/**
 * How the server waits for its next request: it looks for one that comes soon, and sleeps for one that takes long. To sleep and be woken
 * costs as much of the processor as to look for a while, and far more time (docs/performance.md has the numbers).
 */

/** For so long after it has answered all requests the event loop looks for the next one. */
export const LOOK_MS = 0.15;
/** It looks after this many requests in a row that came soon at the latest, however often it has looked in vain. */
const MOST_NEEDED = 1024;

/** What is told of the server's work. */
export interface Lookout {
  /** A request has come while there was none. */
  busy(): void;
  /** The last request has been answered. */
  idle(): void;
}

/** Of a server that always sleeps until the next request. */
export const SLEEPING: Lookout = { busy() {}, idle() {} };

/** Where time comes from, and turns of an event loop that does not sleep while one is asked for. */
export interface LookoutParts {
  /** Milliseconds with fractions, which never go back. */
  readonly now: () => number;
  readonly nextTurn: (fn: () => void) => void;
}

/**
 * Looks while requests come one soon after the other, each in a turn of its own: who is woken for several at once may sleep. Each time in
 * vain, twice as many have to come before it looks again.
 */
export function lookout({ now, nextTurn }: LookoutParts): Lookout {
  /** Since when there is nothing to do. How long the requests before took does not matter: nobody looked meanwhile. */
  let restedAtMs = Number.NEGATIVE_INFINITY;
  let isIdle = true;
  let isLooking = false;
  let soonInARow = 0;
  let needed = 1;
  let cameInTurn = 0;

  const look = (): void => {
    const came = cameInTurn;
    cameInTurn = 0;
    if (isIdle && came < 2 && now() - restedAtMs < LOOK_MS) {
      nextTurn(look);
      return;
    }
    isLooking = false;
    if (!isIdle) return;
    soonInARow = 0;
    if (came < 2) needed = Math.min(2 * needed, MOST_NEEDED);
  };
  return {
    busy() {
      soonInARow = now() - restedAtMs < LOOK_MS ? soonInARow + 1 : 0;
      isIdle = false;
      cameInTurn += 1;
      if (isLooking) needed = 1;
    },
    idle() {
      isIdle = true;
      restedAtMs = now();
      if (isLooking || soonInARow < needed) return;
      isLooking = true;
      cameInTurn = 1;
      nextTurn(look);
    },
  };
}
