/** Trying again when somebody else was faster, so that those who write the same variables do not all try at once. */
import type { Clock, Random } from "./clock.ts";
import { DeadlineExceededError, type RevisionMismatchError } from "./errors.ts";
import type { CallOptions } from "./session-port.ts";
import { backoffMs, cancelled, wait } from "./waiting.ts";

/**
 * Two attempts collide when they overlap, so waits are counted in attempts: up to one attempt long at first, however fast or loaded the way
 * to the store is, and doubled at each collision. A handle remembers how crowded it was, losing half a doubling at each success: with
 * fifty writers of one variable two attempts an update suffice, where starting over each time takes four.
 */
const MOST_DOUBLINGS = 6;
const LEAST_ATTEMPT_MS = 1;
const MOST_BACKOFF_MS = 1_000;
const RELIEF = 0.5;

/** How crowded a session handle found its variables lately, in doublings of the wait; below 0 nobody else was there. */
export interface Contention {
  doublings: number;
}

/** What a new handle supposes. */
export const noContention = (): Contention => ({ doublings: -1 });

/** What came of one attempt: its result, or the conflict that it lost. */
export type Attempt<T> = { readonly result: T } | { readonly lost: RevisionMismatchError };

/** How long, how often and for whom it is tried. */
export interface Patience {
  readonly clock: Clock;
  readonly random: Random;
  readonly contention: Contention;
  /** What did not happen when the time is over, such as `"n" was not updated`. */
  readonly failure: string;
  /** The variable that all of it is about, if it is one. */
  readonly name?: string;
  readonly call: CallOptions & { readonly timeoutMs: number };
  readonly attempts: number | undefined;
}

/**
 * The result of the first attempt that loses to nobody. `attempt` asks for the options of each of its calls, which have the time that is left.
 * Throws the conflict of the last attempt that may be, DeadlineExceededError, CancelledError, and what an attempt throws.
 */
export async function untilAlone<T>(patience: Patience, attempt: (left: () => CallOptions) => Promise<Attempt<T>>): Promise<T> {
  const { clock, random, contention, failure, call, attempts = Number.POSITIVE_INFINITY } = patience;
  const { signal, timeoutMs } = call;
  const endsAt = clock.monotonic() + timeoutMs;
  let name = patience.name;
  let tried = 0;
  const left = () => {
    if (signal?.aborted) throw cancelled(signal);
    const leftMs = endsAt - clock.monotonic();
    if (leftMs > 0) return { signal, timeoutMs: leftMs };
    throw new DeadlineExceededError(`${failure} within ${timeoutMs} ms, after ${tried} attempts`, {
      details: name === undefined ? {} : { name },
    });
  };
  for (;;) {
    left();
    tried++;
    const startedAt = clock.monotonic();
    const outcome = await attempt(left);
    if ("result" in outcome) {
      contention.doublings = Math.max(contention.doublings - RELIEF, -1);
      return outcome.result;
    }
    if (tried >= attempts) throw outcome.lost;
    name ??= outcome.lost.details.name;
    contention.doublings = Math.min(contention.doublings + 1, MOST_DOUBLINGS);
    const attemptMs = Math.max(clock.monotonic() - startedAt, LEAST_ATTEMPT_MS);
    const delayMs = backoffMs(random, contention.doublings, attemptMs, MOST_BACKOFF_MS);
    await wait(clock, Math.min(delayMs, left().timeoutMs), signal);
  }
}
