/** What a call sees of its session on its way through the engine, for whoever watches. Calls that nobody watches have no witness. */
import type { Take } from "./engine-steps.ts";
import type { Head } from "./session-state.ts";

/** What was seen last: a change may be carried out again, after a conflict. */
export interface Witness {
  /** The head that the call found. */
  before: Head | undefined;
  /** The head that it read, or led to. */
  after: Head | undefined;
  /** What it answered; a call that ends with anything else was answered from memory. */
  answer: unknown;
}

/** A call that may be watched. */
export interface Witnessed {
  readonly witness?: Witness | undefined;
}

/** A witness that has seen nothing. */
export const newWitness = (): Witness => ({ before: undefined, after: undefined, answer: undefined });

/** Answers a read before its witness, if there is one. */
export function seen<R extends { readonly head: Head | undefined }, T>({ witness }: Witnessed, reading: R, answer: (reading: R) => T): T {
  if (witness === undefined) return answer(reading);
  witness.before = reading.head;
  witness.after = reading.head;
  const answered = answer(reading);
  witness.answer = answered;
  return answered;
}

/** A step that the witness sees. */
export const witnessed =
  <T>(take: Take<T>, witness: Witness): Take<T> =>
  (head, nowMs) => {
    witness.before = head;
    const step = take(head, nowMs);
    witness.answer = step.answer;
    witness.after = step.commit === undefined ? head : step.commit.head;
    return step;
  };
