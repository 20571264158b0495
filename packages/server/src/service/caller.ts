import type { MutationCall, Subscriber } from "@session-bridge/core/internal";

/** Who asks, and how long they wait. Made by the transport; the service functions know nothing else of it. */
export interface Caller extends MutationCall {
  /** "" until authentication exists. */
  readonly tenant: string;
}

/** Who reads a stream; the signal is aborted when nobody reads any more, or the server shuts down. */
export interface StreamCaller extends Subscriber {
  /** "" until authentication exists. */
  readonly tenant: string;
}

/** What a service function gives: at once where the port answers at once, so that a cached read costs no turn of the event loop. */
export type Answer<T> = T | Promise<T>;

/** Goes on with an answer, at once if it is there. */
export function andThen<T, U>(answer: Answer<T>, next: (value: T) => U): Answer<U> {
  return answer instanceof Promise ? answer.then(next) : next(answer);
}
