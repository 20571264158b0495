/** Things that come one after another to whoever takes them without waiting, and never more of them than it has room for. */
import type { Signal } from "./session-port.ts";

/** What is subscribed to. Nothing happens before the first `take`, and nothing more once the subscriber's signal is aborted. */
export interface Subscription<T> {
  /** The next one; undefined when it is not here yet, or never will be because all of it was taken. Throws why there will be no more. */
  take(): T | undefined;
  /** Whether everything was taken that will ever come. */
  readonly isOver: boolean;
}

/** Who takes. */
export interface Subscriber {
  /** Aborted when nothing is taken any more. */
  readonly signal: Signal;
  /**
   * Called when `take` is worth another try after it gave undefined, perhaps sooner: in the middle of whatever brought what there is, so it
   * never throws.
   */
  readonly ready: () => void;
}

/** Subscribes to an iteration, which is asked for no more than is taken. */
export function subscribed<T>(iterable: AsyncIterable<T>, { signal, ready }: Subscriber): Subscription<T> {
  const iterator = iterable[Symbol.asyncIterator]();
  let state: "idle" | "asked" | "here" | "over" = "idle";
  let here: T | undefined;
  let failure: { readonly error: unknown } | undefined;
  const ask = async (): Promise<void> => {
    state = "asked";
    try {
      const { value, done } = await iterator.next();
      state = done ? "over" : "here";
      here = done ? undefined : value;
    } catch (error) {
      failure = { error };
    }
    if (!signal.aborted) ready();
  };
  signal.addEventListener("abort", () => void iterator.return?.().catch(() => {}));
  return {
    get isOver() {
      return state === "over";
    },
    take() {
      if (failure) throw failure.error;
      if (state === "idle") void ask();
      if (state !== "here") return undefined;
      const taken = here;
      state = "idle";
      here = undefined;
      return taken;
    },
  };
}

/** Iterates over what is subscribed to. */
export async function* iterated<T>(subscribe: (subscriber: Subscriber) => Subscription<T>, signal: Signal): AsyncGenerator<T, void> {
  let wake = (): void => {};
  const subscription = subscribe({ signal, ready: () => wake() });
  signal.addEventListener("abort", () => wake());
  while (!signal.aborted) {
    const next = subscription.take();
    if (next !== undefined) yield next;
    else if (subscription.isOver) return;
    else
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
  }
}
