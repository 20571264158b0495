/** Iterations that end at once when they are told to, also while they wait for something. */
import type { Signal } from "./session-port.ts";

/** A signal that its owner aborts, or another signal does. */
export interface Stop extends Signal {
  abort(reason?: unknown): void;
  /** Does not listen to the other signal any more. */
  release(): void;
}

/** A signal that is aborted with `outer`, if there is one. */
export function stopWith(outer: Signal | undefined): Stop {
  const listeners = new Set<() => void>();
  let aborted = false;
  let reason: unknown;
  const abort = (why: unknown): void => {
    if (aborted) return;
    aborted = true;
    reason = why;
    for (const listener of [...listeners]) listener();
  };
  const follow = (): void => abort(outer?.reason);
  if (outer?.aborted) follow();
  else outer?.addEventListener("abort", follow);
  return {
    get aborted() {
      return aborted;
    },
    get reason() {
      return reason;
    },
    addEventListener: (_, listener) => listeners.add(listener),
    removeEventListener: (_, listener) => listeners.delete(listener),
    abort,
    release: () => outer?.removeEventListener("abort", follow),
  };
}

/** An iteration that can be closed. */
export interface Closable<T> extends AsyncIterableIterator<T, undefined>, AsyncDisposable {
  next(): Promise<IteratorResult<T, undefined>>;
  return(): Promise<IteratorReturnResult<undefined>>;
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/**
 * Iterates over what `run` yields. `return`, leaving a loop and `outer` end it: they abort the signal that `run` is given, whose failing after
 * that is no failure. Nothing runs before the first `next`.
 */
export function closable<T>(run: (signal: Signal) => AsyncGenerator<T, void>, outer: Signal | undefined): Closable<T> {
  let running: { readonly stop: Stop; readonly generator: AsyncGenerator<T, void> } | undefined;
  let closed = false;

  function start() {
    const stop = stopWith(outer);
    return { stop, generator: run(stop) };
  }

  const iteration: Closable<T> = {
    async next() {
      if (closed) return DONE;
      running ??= start();
      const { stop, generator } = running;
      try {
        const result = await generator.next();
        if (!result.done) return result;
      } catch (error) {
        stop.release();
        if (!stop.aborted) throw error;
      }
      stop.release();
      return DONE;
    },
    async return() {
      closed = true;
      running?.stop.abort();
      running?.stop.release();
      await running?.generator.return().catch(() => {});
      return DONE;
    },
    [Symbol.asyncIterator]: () => iteration,
    async [Symbol.asyncDispose]() {
      await iteration.return();
    },
  };
  return iteration;
}
