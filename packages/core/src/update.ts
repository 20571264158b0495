/** A batch of operations on one session's store: all or nothing, or each by itself. Pure. */
import { BridgeError, InvalidArgumentError, LimitExceededError } from "./errors.ts";
import type { Limits } from "./limits.ts";
import { apply, checkPrecondition, failed, type Moment, prepare } from "./operations.ts";
import type { StoredVariable } from "./persistence.ts";
import type { Operation, OperationResult, Update } from "./session-port.ts";
import { checkStoreSize, type VariableStore } from "./variable-store.ts";

/** A prepared operation, or, in an independent update, why it cannot be one. */
export type Prepared = Operation | BridgeError;

/** A store after a batch, its net change, and what to answer. */
export interface Batch {
  readonly store: VariableStore;
  /** The last revision used; the one before when nothing changed. */
  readonly revision: number;
  readonly results: readonly OperationResult[];
  readonly set: readonly StoredVariable[];
  readonly removed: readonly string[];
}

/** Checks everything about a batch that no session can change. Throws a BridgeError; an independent batch keeps its faults apart. */
export function prepareUpdate(update: Update, limits: Limits): readonly Prepared[] {
  const count = update.operations.length;
  if (count === 0) throw new InvalidArgumentError("INVALID_ARGUMENT", "the update has no operations");
  if (count > limits.operationsPerUpdate) {
    throw new LimitExceededError(
      "TOO_MANY_OPERATIONS",
      `the update has ${count} operations; at most ${limits.operationsPerUpdate} are allowed`,
      { details: { limit: "operationsPerUpdate", limitValue: limits.operationsPerUpdate, actual: count } },
    );
  }
  if (!update.independent) return update.operations.map(prepare);
  return update.operations.map((operation) => {
    if (operation.kind === "check") {
      throw new InvalidArgumentError("INVALID_ARGUMENT", "an independent update takes no bare preconditions", {
        details: { name: operation.name },
      });
    }
    return caught(() => prepare(operation));
  });
}

/** The variables whose values the operations read: those that they edit, and those that they answer. */
export function readsOf(
  operations: readonly Prepared[],
  { store }: { readonly store: VariableStore },
): readonly (StoredVariable | undefined)[] {
  const popped = operations.filter((operation) => !(operation instanceof BridgeError) && operation.kind === "pop_last").length;
  // What other operations do before it decides which variable is the last.
  if (popped > 0) return popped === operations.length ? store.variables().slice(-popped) : store.variables();
  return operations.map((operation) =>
    operation instanceof BridgeError || !isRead(operation) ? undefined : store.variable(operation.name),
  );
}

function isRead(operation: Operation): boolean {
  if (operation.kind === "increment" || operation.kind === "append" || operation.kind === "merge") return true;
  return operation.wantPrevious === true || (operation.kind === "set" && operation.ifMissing === true);
}

/** Every precondition judges `before`, the limits judge the state after; one revision; throws and changes nothing when anything fails. */
export function applyAtomic(before: VariableStore, operations: readonly Prepared[], moment: Moment, beforeRevision: number): Batch {
  const valid = operations.map(orThrow);
  for (const operation of valid) checkPrecondition(before, operation);
  const results: OperationResult[] = [];
  const touched = new Set<string>();
  let store = before;
  for (const operation of valid) {
    const applied = apply(store, operation, moment);
    store = applied.store;
    results.push(applied.result);
    for (const name of applied.touched) touched.add(name);
  }
  checkStoreSize(before, store, moment.limits);
  const change = netChange(before, store, touched);
  if (change === undefined) return { store: before, revision: beforeRevision, results: settled(valid, results, before), ...NO_CHANGE };
  return { store, revision: moment.revision, results: settled(valid, results, store), ...change };
}

/** Each operation succeeds or fails by itself; each success has the next revision. */
export function applyIndependent(before: VariableStore, operations: readonly Prepared[], moment: Moment, beforeRevision: number): Batch {
  let store = before;
  let last = beforeRevision;
  const touched = new Set<string>();
  const results = operations.map((operation): OperationResult => {
    const revision = Math.max(moment.revision, last + 1);
    const applied = caught(() => {
      const valid = orThrow(operation);
      checkPrecondition(store, valid);
      const next = apply(store, valid, { ...moment, revision });
      checkStoreSize(store, next.store, moment.limits);
      return next;
    });
    if (applied instanceof BridgeError) return failed(applied);
    if (applied.store !== store) last = revision;
    store = applied.store;
    for (const name of applied.touched) touched.add(name);
    return applied.result;
  });
  return { store, revision: last, results, ...(netChange(before, store, touched) ?? NO_CHANGE) };
}

/** Throws MESSAGE_TOO_LARGE when the answer would carry more bytes of previous values than its reader can take. */
export function checkPreviousBytes(results: readonly OperationResult[], limitBytes: number | undefined): void {
  if (limitBytes === undefined) return;
  const actual = results.reduce((size, { previous }) => size + (previous?.bytes.length ?? 0), 0);
  if (actual <= limitBytes) return;
  throw new LimitExceededError("MESSAGE_TOO_LARGE", `the previous values have ${actual} bytes; at most ${limitBytes} fit the answer`, {
    details: { limit: "messageBytes", limitValue: limitBytes, actual },
  });
}

type Change = Pick<Batch, "set" | "removed">;
const NO_CHANGE: Change = { set: [], removed: [] };

/** One change a name, however often the batch touched it; undefined when nothing is different. */
function netChange(before: VariableStore, after: VariableStore, touched: Iterable<string>): Change | undefined {
  const set: StoredVariable[] = [];
  const removed: string[] = [];
  for (const name of touched) {
    const variable = after.variable(name);
    if (variable === undefined) {
      if (before.has(name)) removed.push(name);
    } else if (variable !== before.variable(name)) set.push(variable);
  }
  return set.length + removed.length === 0 ? undefined : { set, removed };
}

/** The results with the revisions that the names have in the end: a later operation of the batch may have deleted what an earlier one wrote. */
function settled(operations: readonly Operation[], results: readonly OperationResult[], store: VariableStore): readonly OperationResult[] {
  if (results.length === 1) return results;
  return results.map((result, i) => ({ ...result, revision: store.variable(operations[i]?.name ?? "")?.revision ?? 0 }));
}

function orThrow(operation: Prepared): Operation {
  if (operation instanceof BridgeError) throw operation;
  return operation;
}

function caught<T>(run: () => T): T | BridgeError {
  try {
    return run();
  } catch (error) {
    if (error instanceof BridgeError) return error;
    throw error;
  }
}
