/** The changes of variables as pure functions: (store, operation) → store and result. No time, no order, no session here. */
import { BridgeError, IntegerOverflowError, InvalidArgumentError, RevisionMismatchError, TypeMismatchError } from "./errors.ts";
import { sizeOf } from "./kept-variable.ts";
import type { Limits } from "./limits.ts";
import { checkEncoding, checkName, checkPrefix, checkRevision, checkTtlMs } from "./names.ts";
import type { StoredVariable } from "./persistence.ts";
import type { Operation, OperationResult, VariableTtl } from "./session-port.ts";
import { appendBytes, incrementBytes, mergeBytes, scanValue } from "./values/index.ts";
import { checkValueSize, type VariableStore } from "./variable-store.ts";

/** The moment and the rules that an operation is applied under. */
export interface Moment {
  readonly nowMs: number;
  /** The revision that the commit will have. */
  readonly revision: number;
  readonly limits: Limits;
}

/** A store after an operation, and what to answer. */
export interface Applied {
  readonly store: VariableStore;
  readonly result: OperationResult;
  /** The names that may have changed. */
  readonly touched: readonly string[];
}

/**
 * An operation whose every fault that does not depend on a session has been refused, with bytes of its own.
 * Throws InvalidArgumentError and SerializationError; the size of a `set` is judged later, since shrinking is always allowed.
 */
export function prepare(operation: Operation): Operation {
  if (operation.ifRevision !== undefined) checkRevision(operation.ifRevision);
  if (operation.kind === "clear" || operation.kind === "pop_last") return prepareNameless(operation);
  checkName(operation.name);
  switch (operation.kind) {
    case "set": {
      const encoding = checkEncoding(operation.value.encoding);
      if (typeof operation.ttl === "number") checkTtlMs(operation.ttl);
      if (encoding === "") scanNamed(operation.name, operation.value.bytes);
      // The one copy of a value: the caller's bytes belong to a receive buffer, or may change.
      return { ...operation, value: { bytes: operation.value.bytes.slice(), encoding } };
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
    case "delete":
      return operation;
  }
}

function prepareNameless(operation: Extract<Operation, { kind: "clear" | "pop_last" }>): Operation {
  if (operation.kind === "clear") checkPrefix(operation.prefix);
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
export function checkPrecondition(store: VariableStore, operation: Operation): void {
  if (operation.ifRevision === undefined) return;
  const currentRevision = store.variable(operation.name)?.revision ?? 0;
  if (currentRevision === operation.ifRevision) return;
  const message = `the variable is at revision ${currentRevision}, not ${operation.ifRevision}`;
  throw new RevisionMismatchError(message, { details: { name: operation.name, currentRevision } });
}

/** Applies a prepared operation whose precondition holds. Throws a BridgeError and changes nothing when it does not fit. */
export function apply(store: VariableStore, operation: Operation, moment: Moment): Applied {
  const before = store.variable(operation.name);
  const previous = operation.wantPrevious ? before : undefined;
  switch (operation.kind) {
    case "check":
      return { store, result: { ...NOTHING, revision: before?.revision ?? 0 }, touched: [] };
    case "delete": {
      const result = { ...NOTHING, applied: before !== undefined, previous };
      return { store: store.delete(operation.name), result, touched: [operation.name] };
    }
    case "clear":
      return clear(store, operation.prefix);
    case "pop_last":
      return popLast(store);
    case "set":
      if (operation.ifMissing && before) return { store, result: { ...NOTHING, revision: before.revision, previous: before }, touched: [] };
      return write(store, before, operation.name, operation.value.bytes, moment, {
        previous,
        encoding: operation.value.encoding,
        expiresAtMs: variableDeadline(operation.ttl, before, moment.nowMs),
      });
    case "increment": {
      const number = edit(before, operation.name, (current) => incrementBytes(current, operation.by));
      return write(store, before, operation.name, number, moment, { previous, number });
    }
    case "append": {
      const appended = edit(before, operation.name, (current) => appendBytes(current, operation.value, operation.keepLast));
      return write(store, before, operation.name, appended.bytes, moment, { previous, count: appended.length });
    }
    case "merge": {
      const merged = edit(before, operation.name, (current) => mergeBytes(current, operation.values, operation.path, operation.remove));
      return write(store, before, operation.name, merged, moment, { previous });
    }
  }
}

/** The result of an operation that did nothing. */
const NOTHING: OperationResult = { applied: false, revision: 0, previous: undefined, number: undefined, count: 0, error: undefined };

/** The result of an operation that failed by itself. */
export const failed = (error: OperationResult["error"]): OperationResult => ({ ...NOTHING, error });

interface Written {
  readonly previous: StoredVariable | undefined;
  readonly encoding?: string;
  /** A set's deadline; an edit keeps the one there is. */
  readonly expiresAtMs?: number | undefined;
  readonly number?: Uint8Array;
  readonly count?: number;
}

function write(
  store: VariableStore,
  before: StoredVariable | undefined,
  name: string,
  bytes: Uint8Array,
  moment: Moment,
  written: Written,
): Applied {
  checkValueSize(name, bytes.length, before ? sizeOf(before) : 0, moment.limits);
  const encoding = written.encoding ?? "";
  const variable: StoredVariable = {
    name,
    bytes,
    encoding,
    type: encoding === "" ? scanNamed(name, bytes) : "custom",
    revision: moment.revision,
    createdAtMs: before?.createdAtMs ?? moment.nowMs,
    updatedAtMs: moment.nowMs,
    expiresAtMs: "expiresAtMs" in written ? written.expiresAtMs : before?.expiresAtMs,
  };
  const { previous, number, count = 0 } = written;
  const result = { applied: true, revision: moment.revision, previous, number, count, error: undefined };
  return { store: store.put(variable), result, touched: [name] };
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

function clear(store: VariableStore, prefix: string): Applied {
  const names = store.variables(prefix).map((variable) => variable.name);
  const cleared = names.reduce((rest, name) => rest.delete(name), store);
  return { store: cleared, result: { ...NOTHING, applied: names.length > 0, count: names.length }, touched: names };
}

function popLast(store: VariableStore): Applied {
  const last = store.last();
  if (last === undefined) return { store, result: NOTHING, touched: [] };
  return { store: store.delete(last.name), result: { ...NOTHING, applied: true, previous: last }, touched: [last.name] };
}
