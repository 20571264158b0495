/** Waiting through the clock, with backoff. */
import type { Clock, Random } from "./clock.ts";
import { CancelledError, DeadlineExceededError } from "./errors.ts";
import type { CallOptions, Signal } from "./session-port.ts";

/** Resolves after `delayMs`; rejects with CancelledError when the signal is aborted. */
export function wait(clock: Clock, delayMs: number, signal: Signal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(cancelled(signal));
    const done = (): void => {
      signal?.removeEventListener("abort", abort);
      resolve();
    };
    const cancel = clock.schedule(delayMs, done, true);
    const abort = (): void => {
      cancel();
      reject(cancelled(signal));
    };
    signal?.addEventListener("abort", abort);
  });
}

/**
 * What `promise` comes to, as long as the call waits for it; else DeadlineExceededError or CancelledError, which say that nothing was applied.
 */
export function within<T>(clock: Clock, { timeoutMs, signal }: CallOptions, promise: Promise<T>): Promise<T> {
  if (timeoutMs === undefined && signal === undefined) return promise;
  return new Promise<T>((resolve, reject) => {
    if (signal?.aborted) {
      // Its failure is nobody's any more, and must not end the process.
      promise.catch(() => {});
      return reject(cancelled(signal));
    }
    const late = () => reject(new DeadlineExceededError("the deadline passed before the call was answered"));
    const cancel = timeoutMs === undefined ? () => {} : clock.schedule(timeoutMs, late);
    const abort = () => reject(cancelled(signal));
    signal?.addEventListener("abort", abort);
    const stop = () => {
      cancel();
      signal?.removeEventListener("abort", abort);
    };
    promise.finally(stop).then(resolve, reject);
  });
}

/** The call with what is left of its time, each time it is asked: one deadline over several waits. */
export function countdown<C extends CallOptions>(clock: Clock, call: C): () => C {
  const { timeoutMs } = call;
  if (timeoutMs === undefined) return () => call;
  const begunAt = clock.monotonic();
  return () => ({ ...call, timeoutMs: timeoutMs - (clock.monotonic() - begunAt) });
}

/** The error of a call whose signal is aborted. */
export const cancelled = (signal: Signal | undefined): CancelledError =>
  new CancelledError("the call was aborted by its signal", { cause: signal?.reason });

/**
 * How long to wait before a retry, the first being number 0: anything up to `firstMs`, doubled at each retry, at most `mostMs`
 * ("full jitter": https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 */
export function backoffMs(random: Random, retry: number, firstMs: number, mostMs: number): number {
  return random.fraction() * Math.min(mostMs, firstMs * 2 ** Math.min(retry, 30));
}
