/** Longer than any chain of promises between two things that a simulation decides. */
const PROMISES = 40;

/** Lets everything run that waits for nothing but other promises; the same things at each run. */
export async function settle(): Promise<void> {
  for (let i = 0; i < PROMISES; i++) await Promise.resolve();
}
