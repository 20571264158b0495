/** The changes of variables as pure functions: (store, operation) → store and result. No time, no order, no session here. */
import { type Applied, type Moment, NOTHING, type Touched } from "./applied.ts";
import type { ConstraintValidator } from "./constraints/constraint.ts";
import { type Declare, declare, prepareDeclare } from "./declarations.ts";
import { BridgeError, IntegerOverflowError, InvalidArgumentError, RevisionMismatchError, TypeMismatchError } from "./errors.ts";
import { bytesOf, type CompactValue, type KeptVariable, kept, ownValue, sizeOf } from "./kept-variable.ts";
import { checkCheckpointLabel, checkEncoding, checkName, checkPrefix, checkRevision, checkTtlMs } from "./names.ts";
import { checkpoint, deleteCheckpoint, restore, rollback } from "./past-operations.ts";
import type { StoredVariable } from "./persistence.ts";
import type { Contents } from "./session-contents.ts";
import type { Operation, OperationResult, VariableTtl } from "./session-port.ts";
import { appendBytes, incrementBytes, mergeBytes, scanValue } from "./values/index.ts";
import { checkValueSize, type VariableStore } from "./variable-store.ts";

/** An operation without a fault of its own: what it declares is understood, and a `set` that was looked through knows its value's type. */
export type PreparedOperation =
  | Exclude<Operation, { kind: "declare" | "set" }>
  | PreparedSet
  | (Extract<Operation, { kind: "declare" }> & Declare);

type SetOperation = Extract<Operation, { kind: "set" }>;

/** A `set` whose value is in the form that it is kept in. */
export interface PreparedSet extends Omit<SetOperation, "value"> {
  readonly value: { readonly bytes: CompactValue; readonly encoding: string };
}

/**
 * An operation whose every fault that does not depend on a session has been refused, with bytes of its own.
 * Throws InvalidArgumentError and SerializationError; the size of a `set` is judged later, since shrinking is always allowed.
 */
export function prepare(operation: Operation, validator: ConstraintValidator | undefined): PreparedOperation {
  if (operation.ifRevision !== undefined) checkRevision(operation.ifRevision);
  if (isNameless(operation)) return prepareNameless(operation);
  checkName(operation.name);
  switch (operation.kind) {
    case "set": {
      const encoding = checkEncoding(operation.value.encoding);
      if (typeof operation.ttl === "number") checkTtlMs(operation.ttl);
      const { kind, name, value, ttl, ifMissing, ifRevision, wantPrevious } = operation;
      const type = encoding === "" ? (operation.type ?? scanNamed(name, value.bytes)) : "custom";
      // The one copy of a value: the caller's bytes belong to a receive buffer, or may change.
      return { kind, name, value: { bytes: ownValue(value.bytes), encoding }, type, ttl, ifMissing, ifRevision, wantPrevious };
    }
    case "increment":
      scanNamed(operation.name, operation.by);
      return operation;
    case "append":
      scanNamed(operation.name, operation.value);
      return operation;
    case "merge":
      if (operation.values !== undefined) scanNamed(operation.name, operation.values);
      return operation;
    case "check":
      if (operation.ifRevision === undefined) throw new InvalidArgumentError("INVALID_ARGUMENT", "a precondition needs if_revision");
      return operation;
    case "restore":
      checkRevision(operation.revision);
      return operation;
    case "expire":
      if (typeof operation.ttl === "number") checkTtlMs(operation.ttl);
      return operation;
    case "declare":
      if (validator === undefined) throw new Error("nothing was given that understands schemas");
      return prepareDeclare(operation, validator);
    case "delete":
      return operation;
  }
}

const NAMELESS = ["clear", "pop_last", "rollback", "checkpoint", "delete_checkpoint"] as const;
type Nameless = Extract<Operation, { kind: (typeof NAMELESS)[number] }>;

/** Whether the operation is of the whole session. */
export const isNameless = (operation: Operation): operation is Nameless => (NAMELESS as readonly string[]).includes(operation.kind);

function prepareNameless(operation: Nameless): Nameless {
  if (operation.kind === "clear") checkPrefix(operation.prefix);
  else if (operation.kind !== "pop_last") checkCheckpointLabel(operation.label);
  if (operation.name === "" && operation.ifRevision === undefined) return operation;
  throw new InvalidArgumentError("INVALID_ARGUMENT", `${operation.kind} takes neither a name nor if_revision`);
}

/** The type name; a fault names the variable. */
function scanNamed(name: string, bytes: Uint8Array): string {
  try {
    return scanValue(bytes);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw new InvalidArgumentError(error.reason, error.message, { details: { ...error.details, name } });
  }
}

/** Throws REVISION_MISMATCH when the named variable has another revision than the operation asks for. */
export function checkPrecondition(store: VariableStore, operation: Pick<Operation, "name" | "ifRevision">): void {
  if (operation.ifRevision === undefined) return;
  const currentRevision = store.variable(operation.name)?.revision ?? 0;
  if (currentRevision === operation.ifRevision) return;
  const message = `the variable is at revision ${currentRevision}, not ${operation.ifRevision}`;
  throw new RevisionMismatchError(message, { details: { name: operation.name, currentRevision } });
}

/** Applies a prepared operation whose precondition holds. Throws a BridgeError and changes nothing when it does not fit. */
export function apply(contents: Contents, operation: PreparedOperation, moment: Moment): Applied {
  const { store } = contents;
  const before = store.variable(operation.name);
  const previous = operation.wantPrevious ? before : undefined;
  switch (operation.kind) {
    case "check":
      return { contents, result: { ...NOTHING, revision: before?.revision ?? 0 }, touched: [] };
    case "delete": {
      const result = { ...NOTHING, applied: before !== undefined, previous };
      return { contents: withStore(contents, store.delete(operation.name)), result, touched: [[operation.name, undefined]] };
    }
    case "clear":
      return clear(contents, operation.prefix);
    case "pop_last":
      return popLast(contents);
    case "set": {
      if (isAnswered(operation, before)) return { contents, result: found(before), touched: [] };
      const variable = setVariable(operation, before, moment);
      return {
        contents: { ...contents, store: store.put(variable) },
        result: written(moment, previous),
        touched: [[variable.name, variable]],
      };
    }
    case "increment": {
      const number = edit(before, operation.name, (current) => incrementBytes(current, operation.by));
      return write(contents, before, operation.name, number, moment, { previous, number });
    }
    case "append": {
      const appended = edit(before, operation.name, (current) => appendBytes(current, operation.value, operation.keepLast));
      return write(contents, before, operation.name, appended.bytes, moment, { previous, count: appended.length });
    }
    case "merge": {
      const merged = edit(before, operation.name, (current) => mergeBytes(current, operation.values, operation.path, operation.remove));
      return write(contents, before, operation.name, merged, moment, { previous });
    }
    case "expire":
      return expire(contents, before, variableDeadline(operation.ttl, before, moment.nowMs), previous, moment);
    case "restore":
      return restore(contents, operation.name, operation.revision, previous, moment);
    case "rollback":
      return rollback(contents, operation.label, moment);
    case "checkpoint":
      return checkpoint(contents, operation.label, moment);
    case "delete_checkpoint":
      return deleteCheckpoint(contents, operation.label);
    case "declare":
      return declare(contents, operation, moment);
  }
}

const withStore = (contents: Contents, store: VariableStore): Contents => (store === contents.store ? contents : { ...contents, store });

/** The result of an operation that failed by itself. */
export const failed = (error: OperationResult["error"]): OperationResult => ({ ...NOTHING, error });

/**
 * Sets in a row, applied at once: the same as one after another, but the store is changed once. What names have after earlier sets is in
 * `touched`, to which theirs is added.
 */
export function applySets(
  contents: Contents,
  sets: readonly PreparedSet[],
  moment: Moment,
  touched: Map<string, StoredVariable | undefined>,
): { readonly contents: Contents; readonly results: readonly OperationResult[] } {
  const { store } = contents;
  const plain = written(moment, undefined);
  const variables: StoredVariable[] = [];
  const results = sets.map((operation) => {
    const { name } = operation;
    const before = touched.get(name) ?? store.variable(name);
    if (isAnswered(operation, before)) return found(before);
    const variable = setVariable(operation, before, moment);
    variables.push(variable);
    touched.set(name, variable);
    return operation.wantPrevious ? written(moment, before) : plain;
  });
  return { contents: { ...contents, store: store.putAll(variables) }, results };
}

/** Whether a set leaves alone what there is. */
const isAnswered = ({ ifMissing }: PreparedSet, before: StoredVariable | undefined): before is StoredVariable =>
  ifMissing === true && before !== undefined;

const found = (before: StoredVariable): OperationResult => ({ ...NOTHING, revision: before.revision, previous: before });

const written = ({ revision }: Moment, previous: StoredVariable | undefined, number?: Uint8Array, count = 0): OperationResult => ({
  applied: true,
  revision,
  previous,
  number,
  count,
  error: undefined,
});

/** What a set makes of a variable. */
function setVariable({ name, value, type, ttl }: PreparedSet, before: StoredVariable | undefined, moment: Moment): KeptVariable {
  const { bytes, encoding } = value;
  return newVariable({ name, bytes, encoding, type, expiresAtMs: variableDeadline(ttl, before, moment.nowMs) }, before, moment);
}

interface NewValue extends Pick<StoredVariable, "name" | "encoding" | "expiresAtMs"> {
  readonly bytes: CompactValue;
  /** Undefined when it is not known. */
  readonly type?: string | undefined;
}

function newVariable(value: NewValue, before: StoredVariable | undefined, { nowMs, revision, limits }: Moment): KeptVariable {
  const { name, bytes, encoding, expiresAtMs } = value;
  checkValueSize(name, bytes.length, before ? sizeOf(before) : 0, limits);
  const type = value.type ?? (encoding === "" ? scanNamed(name, bytesOf(bytes)) : "custom");
  return kept({ name, bytes, encoding, type, revision, createdAtMs: before?.createdAtMs ?? nowMs, updatedAtMs: nowMs, expiresAtMs });
}

/** An edited value in place of the one before, whose deadline it has. */
function write(
  contents: Contents,
  before: StoredVariable | undefined,
  name: string,
  bytes: Uint8Array,
  moment: Moment,
  { previous, number, count }: { readonly previous: StoredVariable | undefined; readonly number?: Uint8Array; readonly count?: number },
): Applied {
  const variable = newVariable({ name, bytes, encoding: "", expiresAtMs: before?.expiresAtMs }, before, moment);
  return {
    contents: { ...contents, store: contents.store.put(variable) },
    result: written(moment, previous, number, count),
    touched: [[name, variable]],
  };
}

function expire(
  contents: Contents,
  before: StoredVariable | undefined,
  expiresAtMs: number | undefined,
  previous: StoredVariable | undefined,
  { revision, nowMs }: Moment,
): Applied {
  if (before === undefined) return { contents, result: NOTHING, touched: [] };
  const { name, bytes, encoding, type, createdAtMs } = before;
  const variable = kept({ name, bytes, encoding, type, createdAtMs, revision, updatedAtMs: nowMs, expiresAtMs });
  const store = contents.store.put(variable);
  return { contents: { ...contents, store }, result: { ...NOTHING, applied: true, revision, previous }, touched: [[name, variable]] };
}

/** Edits the encoded value; only msgpack has a structure to edit. Every refusal names the variable. */
function edit<T>(before: StoredVariable | undefined, name: string, change: (current: Uint8Array | undefined) => T): T {
  if (before !== undefined && before.encoding !== "") {
    throw new TypeMismatchError(`the value has the custom encoding "${before.encoding}" and can only be set`, { details: { name } });
  }
  try {
    return change(before?.bytes);
  } catch (error) {
    if (!(error instanceof BridgeError)) throw error;
    const options = { details: { ...error.details, name } };
    if (error instanceof TypeMismatchError) throw new TypeMismatchError(error.message, options);
    if (error instanceof IntegerOverflowError) throw new IntegerOverflowError(error.message, options);
    if (error instanceof InvalidArgumentError) throw new InvalidArgumentError(error.reason, error.message, options);
    throw error;
  }
}

/** A plain set clears the deadline, `keep` keeps it. */
function variableDeadline(ttl: VariableTtl | undefined, before: StoredVariable | undefined, nowMs: number): number | undefined {
  if (ttl === "keep") return before?.expiresAtMs;
  return ttl === undefined || ttl === "never" ? undefined : nowMs + ttl;
}

function clear(contents: Contents, prefix: string): Applied {
  const { store } = contents;
  const names = store.variables(prefix).map((variable) => variable.name);
  const cleared = names.reduce((rest, name) => rest.delete(name), store);
  const result = { ...NOTHING, applied: names.length > 0, count: names.length };
  return { contents: withStore(contents, cleared), result, touched: names.map((name): Touched => [name, undefined]) };
}

function popLast(contents: Contents): Applied {
  const last = contents.store.last();
  if (last === undefined) return { contents, result: NOTHING, touched: [] };
  const result = { ...NOTHING, applied: true, previous: last };
  return { contents: withStore(contents, contents.store.delete(last.name)), result, touched: [[last.name, undefined]] };
}
