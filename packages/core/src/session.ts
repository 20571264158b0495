/** The `Session` that people hold: the same in process and over the network, judged by the same suite (`@session-bridge/core/testing`). */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { DeclaredSchema, ForkOptions, HistoryEntry, HistoryOptions, JsonSchema } from "./session-past.ts";
import type { CallOptions, CheckpointInfo, SessionInfo, SessionTtl, VariableInfo, VariableTtl } from "./session-port.ts";
import type { ChangeStream, SnapshotStream, SnapshotsOptions, WaitForOptions, WatchOptions } from "./session-told.ts";
import type { Transaction, TransactionOptions, TransactOptions } from "./session-transaction.ts";

/** A variable with its value. */
export interface Entry<T = unknown> extends VariableInfo {
  readonly value: T;
}

/** A condition on a write; it fails with RevisionMismatchError. */
export interface ConditionOptions extends CallOptions {
  /** The revision that the variable must have; 0 means that it must not exist. Left out means no condition; undefined is refused. */
  readonly ifRevision?: number;
}

/** Options of `set`. */
export interface SetOptions extends ConditionOptions {
  /** Milliseconds to live, "keep" for the deadline it has. Left out or "never", a deadline that it may have is cleared. */
  readonly ttlMs?: VariableTtl | undefined;
}

/** Options of `setMany` and `setDefault`. */
export interface WriteOptions extends CallOptions {
  /** Milliseconds to live, "keep" for the deadline it has. Left out or "never", a deadline that it may have is cleared. */
  readonly ttlMs?: VariableTtl | undefined;
}

/** Options of `append`. */
export interface AppendOptions extends ConditionOptions {
  /** Keeps only so many last items, code points or bytes; at least 1. */
  readonly keepLast?: number | undefined;
}

/** Options of `merge`. */
export interface MergeOptions extends ConditionOptions {
  /** The names that lead to the map inside the value; none means the value itself. Missing maps on the way are made. */
  readonly path?: readonly string[] | undefined;
  /** Names to remove from that map. */
  readonly remove?: readonly string[] | undefined;
}

/** Options of `pop`. */
export interface PopOptions extends ConditionOptions {
  /** What to answer when there is nothing. */
  readonly default?: unknown;
}

/** Options of `updateVariable`. */
export interface UpdateVariableOptions extends CallOptions {
  /** What `fn` is given when there is nothing; undefined unless said. */
  readonly default?: unknown;
  /** How often `fn` may be tried before RevisionMismatchError is thrown; as often as the timeout allows unless said. */
  readonly attempts?: number | undefined;
  /** Lets `fn` replace something by null. */
  readonly allowNull?: boolean | undefined;
  /** As in `set`, but left out means "keep". */
  readonly ttlMs?: VariableTtl | undefined;
}

/** Options of `edit`; `timeoutMs` counts for each of its two requests. */
export interface EditOptions extends CallOptions {
  /** What a missing variable is taken for; it is written only if it changes. */
  readonly default?: unknown;
}

/** Options of `touch`. */
export interface TouchOptions extends CallOptions {
  /** The new sliding time to live, which may shorten the session's life; left out, the life is only extended. */
  readonly ttlMs?: SessionTtl | undefined;
}

/** Which variables `getMany` reads: these names, or every name with a prefix. */
export type Names = Iterable<string> | { readonly prefix: string };

/** Values by name. A property holding undefined is refused. */
export type Values = Readonly<Record<string, unknown>> | ReadonlyMap<string, unknown>;

/**
 * The named, typed, durable variables of one session. Making a Session asks nobody: the first write creates the session.
 *
 * - A value read is a copy: changing it saves nothing.
 * - Absence is an answer: undefined, false or 0. A stored null is there [P2].
 * - Every method fails with a BridgeError: InvalidArgumentError for bad names and options, before anything is sent; DeadlineExceededError
 *   after `timeoutMs` (5,000 unless said otherwise); CancelledError when the `signal` is aborted. `outcome` tells whether the change
 *   was certainly not applied.
 */
export interface Session {
  /** The session's id, 1 to 128 bytes. */
  readonly id: string;

  /** The value, undefined when there is none. */
  get(name: string, options?: CallOptions): Promise<unknown>;
  /** The value as the schema gives it, undefined when there is none; a stored value that does not fit is a TypeMismatchError with `details.path`. */
  get<S extends StandardSchemaV1>(name: string, schema: S, options?: CallOptions): Promise<StandardSchemaV1.InferOutput<S> | undefined>;

  /** The value with its type, size, revision and times; undefined when there is none. */
  getEntry(name: string, options?: CallOptions): Promise<Entry | undefined>;
  /** The same, the value as the schema gives it. */
  getEntry<S extends StandardSchemaV1>(
    name: string,
    schema: S,
    options?: CallOptions,
  ): Promise<Entry<StandardSchemaV1.InferOutput<S>> | undefined>;

  /**
   * The values of these names (missing ones left out) or of every name with a prefix, from one consistent state, in byte order of the
   * names. A Map, because `__proto__` is a name like any other. A value that cannot be decoded here is an `UndecodedValue`.
   */
  getMany(names: Names, options?: CallOptions): Promise<Map<string, unknown>>;

  /** Every value, as `getMany({ prefix: "" })`. */
  getAll(options?: CallOptions): Promise<Map<string, unknown>>;

  /** Writes a value and gives its new revision. SerializationError, naming the path inside the value, for what cannot be stored. */
  set(name: string, value: unknown, options?: SetOptions): Promise<number>;

  /** Writes all of them or none, in one round trip, and gives their common revision; for none to write, the session's (0 without a session). */
  setMany(values: Values, options?: WriteOptions): Promise<number>;

  /** Whether there was something to delete. */
  delete(name: string, options?: ConditionOptions): Promise<boolean>;

  /** Whether there is such a variable. */
  has(name: string, options?: CallOptions): Promise<boolean>;

  /** What is known of every variable whose name begins with `prefix`, without the values, in byte order of the names. */
  list(prefix?: string, options?: CallOptions): Promise<readonly VariableInfo[]>;

  /**
   * Adds to a number and gives the new one; a missing variable counts as 0, and integer with float is float. It keeps the deadline.
   * TypeMismatchError for anything but a number, IntegerOverflowError beyond −2⁶³ … 2⁶⁴−1.
   */
  increment(name: string, by?: number | bigint, options?: ConditionOptions): Promise<number | bigint>;

  /**
   * Appends list to list, string to string, bytes to bytes, and gives the new length in items, code points or bytes; to add one item, append
   * `[item]`. A missing variable becomes the operand. It keeps the deadline. TypeMismatchError when the stored value is of another type.
   */
  append(name: string, value: readonly unknown[] | string | Uint8Array, options?: AppendOptions): Promise<number>;

  /** Writes these names into a map, at a path inside the value, and gives the new revision. What is not named stays byte for byte [P3]. */
  merge(name: string, values: Values, options?: MergeOptions): Promise<number>;

  /** Deletes the variable and gives the value it had, or `options.default`. */
  pop(name: string, options?: PopOptions): Promise<unknown>;

  /** Writes the value unless there is one, and gives the value that is stored now. */
  setDefault(name: string, value: unknown, options?: WriteOptions): Promise<unknown>;

  /** Deletes every variable whose name begins with `prefix` (all of them when it is left out) in one commit; how many there were. */
  clear(prefix?: string, options?: CallOptions): Promise<number>;

  /**
   * Replaces a value by `fn` of it, however many others do the same: when somebody was faster, `fn` runs again with what is there then. Gives
   * what was written. What `fn` does not touch stays byte for byte, and a whole number that replaces a float stays a float. `fn` may
   * be async; undefined, and null instead of something, are refused: it was probably forgotten to return.
   */
  updateVariable<S extends StandardSchemaV1>(
    name: string,
    fn: (value: StandardSchemaV1.InferOutput<S> | undefined) => unknown,
    options: UpdateVariableOptions & { readonly schema: S },
  ): Promise<unknown>;
  updateVariable(name: string, fn: (value: unknown) => unknown, options?: UpdateVariableOptions): Promise<unknown>;

  /**
   * Hands a copy of a map, list or set to `fn`, which changes it in place, and writes back what is different then, if anything is; the variable
   * keeps its deadline. What is equal stays byte for byte [P3], and a whole number that replaces a float stays a float. Gives what `fn`
   * returned, which is not written; it may be async. When `fn` throws, nothing is written.
   *
   * RevisionMismatchError when somebody else wrote in between: once is enough where nobody does; `updateVariable` and `transact` try
   * again. TypeMismatchError when there is no variable and no default, or nothing that could be changed in place, such as a number.
   */
  edit<T, R = unknown>(name: string, fn: (draft: T) => R | Promise<R>, options?: EditOptions): Promise<R>;

  /**
   * Calls `fn` with a transaction, commits what it has written to it as one atomic update with one revision, and gives what `fn` returned. What
   * it has read is a precondition of that, unless `checkReads` is false; without writes, nobody is asked. When `fn` throws, nothing is written.
   *
   * RevisionMismatchError when somebody else wrote what was read: `details.name`, which is at `details.currentRevision` now (0: not there).
   */
  transaction<R>(fn: (t: Transaction) => R | Promise<R>, options?: TransactionOptions): Promise<R>;

  /**
   * As `transaction`, however many others do the same: when somebody else wrote what was read, `fn` is called again with another transaction,
   * after a pause that grows. So it should do nothing but read and write that. DeadlineExceededError when the time is over.
   */
  transact<R>(fn: (t: Transaction) => R | Promise<R>, options?: TransactOptions): Promise<R>;

  /**
   * Tells what is there, each variable as a `set`, then `caught_up`, then every change once, in order [P15]. It connects again and goes on by
   * itself, or says `resync` when it cannot without a gap. One change is fetched after another, as fast as the loop takes them; a loop that is
   * too slow is resumed likewise. A session that does not exist can be watched, and one that is watched does not expire unused. Fails with
   * BridgeClosedError, with LimitExceededError TOO_MANY_WATCHES, and with ServerUnavailableError when nothing comes at first.
   */
  watch(options?: WatchOptions): ChangeStream;

  /**
   * Every value, as `getMany({ prefix })` gives them: once at the beginning and again after every commit that changed one of them or the
   * session. Values are decoded anew for each map. It goes on by itself as `watch` does.
   */
  snapshots(options?: SnapshotsOptions): SnapshotStream;

  /**
   * Waits until `predicate` holds for the value (undefined when there is none), which it is asked at once and after every change, and gives
   * the value then. It may be async. DeadlineExceededError when that did not happen within `timeoutMs`.
   */
  waitFor(name: string, predicate: (value: unknown) => unknown, options?: WaitForOptions): Promise<unknown>;

  /**
   * Changes the variable's deadline alone, to `ttlMs` milliseconds from now or "never": the value stays byte for byte. Gives its new revision, 0
   * when there is none.
   */
  expire(name: string, ttlMs: SessionTtl, options?: ConditionOptions): Promise<number>;

  /**
   * What the variable was before what it is now, newest first, as far as the session keeps it (`createSession({ historyEntries })`); that it was
   * deleted or had expired is an entry too. Fetched page by page; what is written meanwhile is not told. A value is gone when its time is over.
   */
  history(name: string, options?: HistoryOptions): AsyncIterable<HistoryEntry>;

  /**
   * Writes again what the variable was at a revision of its history, deadline included, and gives the new revision; 0 where that was nothing, and
   * the variable is deleted. CompactedError when it is not kept, or its time is over.
   */
  restore(name: string, revision: number, options?: ConditionOptions): Promise<number>;

  /**
   * Names the present state of all variables, and gives the revision of that. The same label again names another state. LimitExceededError
   * TOO_MANY_CHECKPOINTS and CHECKPOINTS_TOO_LARGE.
   */
  checkpoint(label: string, options?: CallOptions): Promise<number>;

  /** The states that have names, oldest first. */
  listCheckpoints(options?: CallOptions): Promise<readonly CheckpointInfo[]>;

  /** Forgets a named state; whether there was one. */
  deleteCheckpoint(label: string, options?: CallOptions): Promise<boolean>;

  /**
   * Makes all variables what they were at a checkpoint, in one commit, and gives how many it wrote or deleted: those that were written since. What
   * has expired since stays away, and histories, checkpoints and declarations stay as they are. CheckpointNotFoundError; ConstraintError for what was declared otherwise since.
   */
  rollback(label: string, options?: CallOptions): Promise<number>;

  /**
   * Refuses, from now on and on every path, values of this name that do not fit a schema, and gives the revision of that; null ends it and gives 0.
   * The schema is looked at where the variable is kept: InvalidArgumentError INVALID_SCHEMA, with `details.path` and `details.rule`, for what
   * it may not say. ConstraintError when the present value does not fit; then nothing is declared.
   */
  declare(name: string, schema: DeclaredSchema | null, options?: CallOptions): Promise<number>;

  /** What names are declared as, in byte order of the names. */
  declarations(options?: CallOptions): Promise<Map<string, JsonSchema>>;

  /**
   * Copies the session as it is at this moment, under a new id or one of 128 random bits: variables with their deadlines, and declarations; not
   * its history and not its checkpoints. From then on neither knows the other [P7]. SessionNotFoundError; SessionExistsError.
   */
  fork(): Promise<Session>;
  fork(options: ForkOptions): Promise<Session>;
  fork(newId: string, options?: ForkOptions): Promise<Session>;

  /** Extends the session's life, or replaces its time to live. SessionNotFoundError when there is no such session. */
  touch(options?: TouchOptions): Promise<SessionInfo>;

  /** What is known of the session. Looking does not extend its life. SessionNotFoundError when there is no such session. */
  info(options?: CallOptions): Promise<SessionInfo>;

  /** Deletes the session and all of its variables; whether there was one. */
  destroy(options?: CallOptions): Promise<boolean>;
}

/** Options of `session(id, …)`. */
export interface SessionOptions {
  /** The time to live it is given if the first write of this handle creates it. */
  readonly ttlMs?: SessionTtl | undefined;
  /** The labels it is given if the first write of this handle creates it. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** False: a write to a missing session is a SessionNotFoundError instead of making it anew. */
  readonly create?: boolean | undefined;
}

/** Options of `createSession`. */
export interface CreateSessionOptions extends CallOptions {
  /** Left out, one of 128 random bits is made; undefined is refused. */
  readonly id?: string;
  /** The sliding time to live; the server's default unless said. */
  readonly ttlMs?: SessionTtl | undefined;
  /** Milliseconds after which it expires however much it is used. */
  readonly maxLifeMs?: number | undefined;
  /** At most 16, keys up to 63 bytes, values up to 255 bytes. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** How many earlier states are kept of each variable, 0 to 64; the server's default unless said, which is 0 unless configured. */
  readonly historyEntries?: number | undefined;
}

/** Options of `listSessions`; `timeoutMs` counts for each page. */
export interface ListSessionsOptions extends CallOptions {
  /** Only ids that begin with this. */
  readonly prefix?: string | undefined;
  /** Only sessions that have all of these. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** Where sessions come from: a manager in this process, or a bridge to a server. */
export interface SessionDirectory {
  /** The session of this id, without asking anybody; without an id, one of 128 random bits. Throws InvalidArgumentError for a bad id. */
  session(id?: string, options?: SessionOptions): Session;
  /** Creates a session. SessionExistsError when there is one of this id. */
  createSession(options?: CreateSessionOptions): Promise<Session>;
  /** The sessions that are alive, in byte order of their ids, fetched page by page. */
  listSessions(options?: ListSessionsOptions): AsyncIterable<SessionInfo>;
  /** Deletes a session and all of its variables; whether there was one. */
  deleteSession(id: string, options?: CallOptions): Promise<boolean>;
}
