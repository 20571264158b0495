/** Keeps the failures of telemetry inside telemetry. */

/** Makes functions that call what they were made of and give its failures to `onError`; they never throw. */
export function guard(onError: (error: unknown) => void): <A extends readonly unknown[]>(fn: (...args: A) => void) => (...args: A) => void {
  return (fn) =>
    (...args) => {
      try {
        fn(...args);
      } catch (error) {
        onError(error);
      }
    };
}
