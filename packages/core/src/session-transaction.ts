/** The transaction that people hold. */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { AppendOptions, ConditionOptions, MergeOptions, SetOptions, Values, WriteOptions } from "./session.ts";
import type { CallOptions } from "./session-port.ts";

/** Options of `transaction`; `timeoutMs` counts for each of its requests, so that `fn` may take its time between them. */
export interface TransactionOptions extends CallOptions {
  /** False: the writes do not depend on what was read. */
  readonly checkReads?: boolean | undefined;
}

/** Options of `transact`; `timeoutMs` counts for all attempts together, what `fn` does included. */
export interface TransactOptions extends CallOptions {
  /** How often `fn` may be tried before RevisionMismatchError is thrown; as often as the timeout allows unless said. */
  readonly attempts?: number | undefined;
}

/** The options of a write that is sent when its transaction is: those of a call are the transaction's. */
export type Collected<O extends CallOptions> = Omit<O, keyof CallOptions>;

/**
 * Reads and writes of one session that take effect together or not at all; what `Session.transaction` and `transact` hand out. It is over when
 * their function is, and refuses every use afterwards.
 *
 * - All reads see one state and this transaction's own writes. They reject with RevisionMismatchError, once and for all, as soon as somebody
 *   has written what they would have to see.
 * - What is read by name can be checked when the transaction ends. What names there are cannot: there is no reading by prefix.
 * - Writes are collected, with values as they are then, and return nothing. A name that is only written, not read, collides with nobody.
 */
export interface Transaction {
  /** The value, as `Session.get` gives it. */
  get(name: string): Promise<unknown>;
  /** The same, as the schema gives it. */
  get<S extends StandardSchemaV1>(name: string, schema: S): Promise<StandardSchemaV1.InferOutput<S> | undefined>;
  /** The values of these names in one round trip, missing ones left out, as `Session.getMany` gives them. */
  getMany(names: Iterable<string>): Promise<Map<string, unknown>>;
  /** Whether there is such a variable; a stored null counts. */
  has(name: string): Promise<boolean>;
  /** Will write a value. */
  set(name: string, value: unknown, options?: Collected<SetOptions>): void;
  /** Will write all of them. */
  setMany(values: Values, options?: Collected<WriteOptions>): void;
  /** Will delete the variable, if there is one. */
  delete(name: string, options?: Collected<ConditionOptions>): void;
  /** Will add to a number. */
  increment(name: string, by?: number | bigint, options?: Collected<ConditionOptions>): void;
  /** Will lengthen a list, string or bytes. */
  append(name: string, value: readonly unknown[] | string | Uint8Array, options?: Collected<AppendOptions>): void;
  /** Will write names into a map and remove others. */
  merge(name: string, values: Values, options?: Collected<MergeOptions>): void;
}
