/** The variables of one session at one moment: an immutable value. Changing it gives another; both share what is the same. */
import { LimitExceededError } from "./errors.ts";
import { isSuspect, kept, notBefore, sizeOf } from "./kept-variable.ts";
import { DEFAULT_LIMITS, type Limits } from "./limits.ts";
import { checkName } from "./names.ts";
import type { StoredVariable } from "./persistence.ts";
import { SortedByName } from "./sorted-by-name.ts";
import { decode, encode, scanValue } from "./values/index.ts";
import { utf8Size } from "./values/utf8.ts";

/** What a variable counts towards its session's size: its name and its encoded value, in bytes. */
export const footprint = (variable: StoredVariable): number => utf8Size(variable.name) + sizeOf(variable);

/** Whether a deadline has come: at it, not after it. */
export const isDue = (of: { readonly expiresAtMs: number | undefined }, nowMs: number): boolean =>
  of.expiresAtMs !== undefined && of.expiresAtMs <= nowMs;

/** An immutable collection of named, typed variables. */
export class VariableStore {
  readonly #variables: SortedByName<StoredVariable>;
  /** Names and encoded values, in bytes. */
  readonly sizeBytes: number;
  /** The earliest deadline of a variable, Infinity when none has one. */
  readonly nextDueMs: number;

  /** Whether a variable was loaded that may be damaged; it may have been mended since. */
  readonly #hasSuspects: boolean;
  /** No variable has an earlier revision: those that were copied from another session have this one. */
  readonly #firstRevision: number;

  private constructor(
    variables: SortedByName<StoredVariable>,
    sizeBytes: number,
    nextDueMs: number,
    hasSuspects: boolean,
    firstRevision = 0,
  ) {
    this.#hasSuspects = hasSuspects;
    this.#firstRevision = firstRevision;
    this.#variables = variables;
    this.sizeBytes = sizeBytes;
    this.nextDueMs = nextDueMs;
  }

  // By its own name, the compiler would call it before it is there.
  static readonly #empty = new this(SortedByName.empty<StoredVariable>(), 0, Number.POSITIVE_INFINITY, false);

  /** A store with these values, encoded by the type table of docs/values.md. */
  static create(values: Readonly<Record<string, unknown>> | Iterable<readonly [string, unknown]> = {}): VariableStore {
    return VariableStore.#empty.merge(values);
  }

  /** A store of variables that are encoded already. */
  static of(variables: Iterable<StoredVariable>): VariableStore {
    const sorted = SortedByName.of(variables);
    if (sorted.size === 0) return VariableStore.#empty;
    let sizeBytes = 0;
    let hasSuspects = false;
    for (const variable of sorted.from()) {
      sizeBytes += footprint(variable);
      hasSuspects ||= isSuspect(variable);
    }
    return new VariableStore(sorted, sizeBytes, earliest(sorted), hasSuspects);
  }

  /** How many variables there are. */
  get size(): number {
    return this.#variables.size;
  }

  /** A copy of the value, undefined when there is none. */
  get(name: string): unknown {
    const variable = this.#variables.get(name);
    return variable && decode(variable.bytes);
  }

  /** Whether there is such a variable; a stored null counts. */
  has(name: string): boolean {
    return this.#variables.get(name) !== undefined;
  }

  /**
   * A store in which `name` has this value, its revision one more than before. Throws InvalidArgumentError for a bad name, SerializationError
   * for what cannot be encoded, LimitExceededError beyond `limits`.
   */
  set(name: string, value: unknown, limits: Limits = DEFAULT_LIMITS): VariableStore {
    checkName(name);
    const bytes = encode(value, { name });
    const before = this.#variables.get(name);
    checkValueSize(name, bytes.length, before ? sizeOf(before) : 0, limits);
    const after = this.put({
      name,
      bytes,
      encoding: "",
      type: scanValue(bytes),
      revision: (before?.revision ?? 0) + 1,
      createdAtMs: before?.createdAtMs ?? 0,
      updatedAtMs: before?.updatedAtMs ?? 0,
      expiresAtMs: undefined,
    });
    checkStoreSize(this, after, limits);
    return after;
  }

  /** A store without `name`; this very store when there was none. */
  delete(name: string): VariableStore {
    const before = this.#variables.get(name);
    if (before === undefined) return this;
    if (this.size === 1) return VariableStore.#empty;
    const variables = this.#variables.delete(name);
    const nextDueMs = this.#dueWithout(before, variables);
    return new VariableStore(variables, this.sizeBytes - footprint(before), nextDueMs, this.#hasSuspects, this.#firstRevision);
  }

  /** Copies of all values by name, in byte order of the names. */
  toMap(): Map<string, unknown> {
    return new Map(this.variables().map((variable) => [variable.name, decode(variable.bytes)]));
  }

  /** A store with the values of the other one, or of these, written over this one's. */
  merge(other: VariableStore | Readonly<Record<string, unknown>> | Iterable<readonly [string, unknown]>): VariableStore {
    if (other instanceof VariableStore) return this.putAll(other.variables());
    const entries = Symbol.iterator in other ? other : Object.entries(other);
    let store: VariableStore = this;
    for (const [name, value] of entries as Iterable<readonly [string, unknown]>) store = store.set(name, value);
    return store;
  }

  /** The variable with its metadata and encoded value. */
  variable(name: string): StoredVariable | undefined {
    const variable = this.#variables.get(name);
    return variable && this.#own(variable);
  }

  /** All variables whose names begin with `prefix`, in byte order of the names. */
  variables(prefix = ""): StoredVariable[] {
    const variables = [...this.#variables.from(prefix)];
    return this.#firstRevision === 0 ? variables : variables.map((variable) => this.#own(variable));
  }

  /** The variables that may be damaged; none in a store that nothing was loaded into. */
  suspects(): StoredVariable[] {
    return this.#hasSuspects ? this.variables().filter(isSuspect) : [];
  }

  /** The last variable in byte order of the names. */
  last(): StoredVariable | undefined {
    const last = this.#variables.last();
    return last && this.#own(last);
  }

  /** A store with this variable in place of the one of its name. */
  put(variable: StoredVariable): VariableStore {
    const before = this.#variables.get(variable.name);
    const variables = this.#variables.put(kept(variable));
    const sizeBytes = this.sizeBytes + footprint(variable) - (before ? footprint(before) : 0);
    const dueMs = before === undefined ? this.nextDueMs : this.#dueWithout(before, variables);
    const nextDueMs = Math.min(dueMs, variable.expiresAtMs ?? Number.POSITIVE_INFINITY);
    return new VariableStore(variables, sizeBytes, nextDueMs, this.#hasSuspects, this.#firstRevision);
  }

  /** As if each of these were put by itself; quicker for many. */
  putAll(these: readonly StoredVariable[]): VariableStore {
    let { sizeBytes } = this;
    let dueMs = this.nextDueMs;
    let isEarliestGone = false;
    const variables = this.#variables.putAll(these.map(kept), (variable, before) => {
      sizeBytes += before === undefined ? footprint(variable) : sizeOf(variable) - sizeOf(before);
      isEarliestGone ||= before?.expiresAtMs === dueMs;
      dueMs = Math.min(dueMs, variable.expiresAtMs ?? Number.POSITIVE_INFINITY);
    });
    const nextDueMs = isEarliestGone ? earliest(variables) : dueMs;
    return new VariableStore(variables, sizeBytes, nextDueMs, this.#hasSuspects, this.#firstRevision);
  }

  /** A copy for a session whose first revision this is; it takes no more time for many variables, or large ones. */
  fork(firstRevision: number): VariableStore {
    return new VariableStore(this.#variables, this.sizeBytes, this.nextDueMs, this.#hasSuspects, firstRevision);
  }

  /** What is due at `nowMs`, and the store without it. */
  removeDue(nowMs: number): { readonly store: VariableStore; readonly removed: readonly string[] } {
    if (this.nextDueMs > nowMs) return { store: this, removed: [] };
    const all = this.variables();
    return {
      store: VariableStore.of(all.filter((variable) => !isDue(variable, nowMs))),
      removed: all.filter((variable) => isDue(variable, nowMs)).map((variable) => variable.name),
    };
  }

  #own(variable: StoredVariable): StoredVariable {
    return this.#firstRevision === 0 ? variable : notBefore(variable, this.#firstRevision);
  }

  /** The earliest deadline when `gone` is not among them any more; looks at the others only if it was the earliest. */
  #dueWithout(gone: StoredVariable, rest: SortedByName<StoredVariable>): number {
    return gone.expiresAtMs === this.nextDueMs ? earliest(rest) : this.nextDueMs;
  }
}

function earliest(variables: SortedByName<StoredVariable>): number {
  let dueMs = Number.POSITIVE_INFINITY;
  for (const { expiresAtMs } of variables.from()) if (expiresAtMs !== undefined && expiresAtMs < dueMs) dueMs = expiresAtMs;
  return dueMs;
}

/** Throws VALUE_TOO_LARGE for a value beyond its limit, unless it became smaller. */
export function checkValueSize(name: string, sizeBytes: number, beforeBytes: number, limits: Limits): void {
  if (sizeBytes <= limits.valueBytes || sizeBytes < beforeBytes) return;
  throw new LimitExceededError("VALUE_TOO_LARGE", `the value has ${sizeBytes} encoded bytes; at most ${limits.valueBytes} are allowed`, {
    details: { name, limit: "valueBytes", limitValue: limits.valueBytes, actual: sizeBytes },
  });
}

/** Throws TOO_MANY_VARIABLES or SESSION_TOO_LARGE for a state beyond its limits, unless it became smaller. */
export function checkStoreSize(before: VariableStore, after: VariableStore, limits: Limits): void {
  if (after.size > limits.variablesPerSession && after.size > before.size) {
    throw new LimitExceededError(
      "TOO_MANY_VARIABLES",
      `the session would have ${after.size} variables; at most ${limits.variablesPerSession} are allowed`,
      { details: { limit: "variablesPerSession", limitValue: limits.variablesPerSession, actual: after.size } },
    );
  }
  if (after.sizeBytes > limits.sessionBytes && after.sizeBytes > before.sizeBytes) {
    throw new LimitExceededError(
      "SESSION_TOO_LARGE",
      `the session would have ${after.sizeBytes} bytes of names and values; at most ${limits.sessionBytes} are allowed`,
      { details: { limit: "sessionBytes", limitValue: limits.sessionBytes, actual: after.sizeBytes } },
    );
  }
}
