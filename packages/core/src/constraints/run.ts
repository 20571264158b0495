/** Judging one value. What is said of a failure holds after a schema did not fit, until the next one is tried. */
export interface Run {
  readonly bytes: Uint8Array;
  /** How many more steps it may take; below 0 nothing is judged any more. */
  steps: number;
  /** The rule that the value broke. */
  rule: string;
  /** Whether that was its type, and not something about a value of a right type. */
  isType: boolean;
  /** The keys and indices that lead from there to the place that was judged. */
  keys: (string | number)[];
}
