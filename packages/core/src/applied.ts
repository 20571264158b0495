/** What operations are applied under, and what they give. */
import type { Limits } from "./limits.ts";
import type { StoredVariable } from "./persistence.ts";
import type { Contents } from "./session-contents.ts";
import type { OperationResult } from "./session-port.ts";

/** The moment and the rules that an operation is applied under. */
export interface Moment {
  readonly nowMs: number;
  /** The revision that the commit will have. */
  readonly revision: number;
  readonly limits: Limits;
}

/** What a name has now; undefined for nothing. */
export type Touched = readonly [name: string, variable: StoredVariable | undefined];

/** What a session has after an operation, and what to answer. */
export interface Applied {
  readonly contents: Contents;
  readonly result: OperationResult;
  /** The names that may have changed. */
  readonly touched: readonly Touched[];
}

/** The result of an operation that did nothing. */
export const NOTHING: OperationResult = { applied: false, revision: 0, previous: undefined, number: undefined, count: 0, error: undefined };
