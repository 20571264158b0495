/** Looking on while something is carried out. */
import { BridgeError } from "./errors.ts";

/** How something ended. */
export type Ending<T> = { readonly answer: T } | { readonly error: unknown };

/**
 * Carries something out and calls `ended` with how it ended, at once or later but before whoever waits for the answer goes on. The answer
 * or error is passed on as it is, whatever `ended` does.
 */
export function followed<A>(carryOut: () => A, ended: (ending: Ending<Awaited<A>>) => void): A {
  const end = (ending: Ending<Awaited<A>>): void => {
    try {
      ended(ending);
    } catch {
      // Whoever looks on can never harm what it looks at.
    }
  };
  let answer: A;
  try {
    answer = carryOut();
  } catch (error) {
    end({ error });
    throw error;
  }
  if (answer instanceof Promise) {
    answer.then(
      (value: Awaited<A>) => end({ answer: value }),
      (error: unknown) => end({ error }),
    );
  } else end({ answer: answer as Awaited<A> });
  return answer;
}

/** The stable word for an error, `otherwise` for one that is none of ours. */
export const reasonOf = (error: unknown, otherwise: string): string => (error instanceof BridgeError ? error.reason : otherwise);
