/** A batch of operations on one session's store: all or nothing, or each by itself. Pure. */

import type { Moment } from "./applied.ts";
import type { ConstraintValidator } from "./constraints/constraint.ts";
import { judge } from "./declarations.ts";
import { BridgeError, InvalidArgumentError, LimitExceededError } from "./errors.ts";
import { sizeOf } from "./kept-variable.ts";
import type { Limits } from "./limits.ts";
import { apply, applySets, checkPrecondition, failed, type PreparedOperation, type PreparedSet, prepare } from "./operations.ts";
import { restoreReads, rollbackReads, settleCheckpoints } from "./past-operations.ts";
import type { StoredVariable } from "./persistence.ts";
import type { Contents } from "./session-contents.ts";
import type { Operation, OperationResult, Update } from "./session-port.ts";
import { checkStoreSize, type VariableStore } from "./variable-store.ts";

/** A prepared operation, or, in an independent update, why it cannot be one. */
export type Prepared = PreparedOperation | BridgeError;

/** What a session has after a batch, the net change of its variables, and what to answer. */
export interface Batch {
  readonly contents: Contents;
  /** The last revision used; the one before when nothing changed. */
  readonly revision: number;
  readonly results: readonly OperationResult[];
  readonly set: readonly StoredVariable[];
  readonly removed: readonly string[];
}

/** Checks everything about a batch that no session can change. Throws a BridgeError; an independent batch keeps its faults apart. */
export function prepareUpdate(update: Update, limits: Limits, validator?: ConstraintValidator): readonly Prepared[] {
  const count = update.operations.length;
  if (count === 0) throw new InvalidArgumentError("INVALID_ARGUMENT", "the update has no operations");
  if (count > limits.operationsPerUpdate) {
    throw new LimitExceededError(
      "TOO_MANY_OPERATIONS",
      `the update has ${count} operations; at most ${limits.operationsPerUpdate} are allowed`,
      { details: { limit: "operationsPerUpdate", limitValue: limits.operationsPerUpdate, actual: count } },
    );
  }
  if (!update.independent) return update.operations.map((operation) => prepare(operation, validator));
  return update.operations.map((operation) => {
    const refused = NOT_INDEPENDENT[operation.kind];
    if (refused !== undefined) {
      throw new InvalidArgumentError("INVALID_ARGUMENT", `an independent update takes no ${refused}`, {
        details: { name: operation.name },
      });
    }
    return caught(() => prepare(operation, validator));
  });
}

/** What is of the whole state that an update leads to, or of the one before it. */
const NOT_INDEPENDENT: Readonly<Partial<Record<Operation["kind"], string>>> = {
  check: "bare preconditions",
  rollback: "rollback",
  checkpoint: "checkpoint",
  delete_checkpoint: "checkpoint",
};

/** The variables whose values the operations read: those that they edit, and those that they answer. */
export function readsOf(operations: readonly Prepared[], contents: Contents): readonly (StoredVariable | undefined)[] {
  const { store } = contents;
  const popped = operations.filter((operation) => !(operation instanceof BridgeError) && operation.kind === "pop_last").length;
  // What other operations do before it decides which variable is the last.
  const last = popped === 0 ? [] : popped === operations.length ? store.variables().slice(-popped) : store.variables();
  return [...last, ...operations.flatMap((operation) => readsOfOne(operation, contents, operations.length === 1))];
}

function readsOfOne(operation: Prepared, contents: Contents, alone: boolean): readonly (StoredVariable | undefined)[] {
  if (operation instanceof BridgeError) return [];
  if (operation.kind === "rollback") return rollbackReads(contents, operation.label, alone);
  const present = isRead(operation) ? [contents.store.variable(operation.name)] : [];
  return operation.kind === "restore" ? [...present, ...restoreReads(contents, operation)] : present;
}

function isRead(operation: PreparedOperation): boolean {
  switch (operation.kind) {
    case "increment":
    case "append":
    case "merge":
    case "expire":
    // What a name has must fit what it is declared as.
    case "declare":
      return true;
  }
  return operation.wantPrevious === true || (operation.kind === "set" && operation.ifMissing === true);
}

/** Every precondition judges `before`, the limits judge the state after; one revision; throws and changes nothing when anything fails. */
export function applyAtomic(before: Contents, operations: readonly Prepared[], moment: Moment, beforeRevision: number): Batch {
  const valid = operations.map(orThrow);
  for (const operation of valid) checkPrecondition(before.store, operation);
  const touched: Touches = new Map();
  const { contents: after, results } = applyAll(before, valid, moment, touched);
  checkStoreSize(before.store, after.store, moment.limits);
  judge(after, touched.keys());
  const contents = settleCheckpoints(before, after, moment.limits);
  const change = netChange(before.store, beforeRevision, touched);
  if (change === undefined && sameSections(before, contents))
    return { contents: before, revision: beforeRevision, results: settled(valid, results, touched, before.store), ...NO_CHANGE };
  const { set, removed } = change ?? NO_CHANGE;
  return { contents, revision: moment.revision, results: settled(valid, results, touched, contents.store), set, removed };
}

/** What the touched names have now; undefined for nothing. */
type Touches = Map<string, StoredVariable | undefined>;

/** One operation after another, sets in a row at once; what they touch is added to `touched`. */
function applyAll(before: Contents, operations: readonly PreparedOperation[], moment: Moment, touched: Touches) {
  const results: OperationResult[] = [];
  let contents = before;
  for (let at = 0; at < operations.length; ) {
    const sets = setsInARow(operations, at);
    if (sets.length > 1) {
      const applied = applySets(contents, sets, moment, touched);
      contents = applied.contents;
      for (const result of applied.results) results.push(result);
      at += sets.length;
    } else {
      const applied = apply(contents, operations[at++] as PreparedOperation, moment);
      contents = applied.contents;
      results.push(applied.result);
      for (const [name, variable] of applied.touched) touched.set(name, variable);
    }
  }
  return { contents, results };
}

function setsInARow(operations: readonly PreparedOperation[], from: number): readonly PreparedSet[] {
  let end = from;
  while (operations[end]?.kind === "set") end += 1;
  return operations.slice(from, end) as readonly PreparedSet[];
}

/** Each operation succeeds or fails by itself; each success has the next revision. */
export function applyIndependent(before: Contents, operations: readonly Prepared[], moment: Moment, beforeRevision: number): Batch {
  let contents = before;
  let last = beforeRevision;
  const touched: Touches = new Map();
  const results = operations.map((operation): OperationResult => {
    const revision = Math.max(moment.revision, last + 1);
    const applied = caught(() => {
      const valid = orThrow(operation);
      checkPrecondition(contents.store, valid);
      const next = apply(contents, valid, { ...moment, revision });
      checkStoreSize(contents.store, next.contents.store, moment.limits);
      judge(
        next.contents,
        next.touched.map(([name]) => name),
      );
      return next;
    });
    if (applied instanceof BridgeError) return failed(applied);
    if (applied.contents !== contents) last = revision;
    contents = applied.contents;
    for (const [name, variable] of applied.touched) touched.set(name, variable);
    return applied.result;
  });
  return { contents, revision: last, results, ...(netChange(before.store, beforeRevision, touched) ?? NO_CHANGE) };
}

/** Throws MESSAGE_TOO_LARGE when the answer would carry more bytes of previous values than its reader can take. */
export function checkPreviousBytes(results: readonly OperationResult[], limitBytes: number | undefined): void {
  if (limitBytes === undefined) return;
  const actual = results.reduce((size, { previous }) => size + (previous === undefined ? 0 : sizeOf(previous)), 0);
  if (actual <= limitBytes) return;
  throw new LimitExceededError("MESSAGE_TOO_LARGE", `the previous values have ${actual} bytes; at most ${limitBytes} fit the answer`, {
    details: { limit: "messageBytes", limitValue: limitBytes, actual },
  });
}

type Change = Pick<Batch, "set" | "removed">;
const NO_CHANGE: Change = { set: [], removed: [] };

/** One change a name, however often the batch touched it; undefined when nothing is different. */
function netChange(before: VariableStore, beforeRevision: number, touched: Touches): Change | undefined {
  const set: StoredVariable[] = [];
  const removed: string[] = [];
  for (const [name, variable] of touched) {
    if (variable === undefined) {
      if (before.has(name)) removed.push(name);
    } else if (variable.revision > beforeRevision) set.push(variable);
  }
  return set.length + removed.length === 0 ? undefined : { set, removed };
}

const sameSections = (before: Contents, after: Contents): boolean =>
  before.checkpoints === after.checkpoints && before.declarations === after.declarations;

/** The results with the revisions that the names have in the end: a later operation of the batch may have deleted what an earlier one wrote. */
function settled(
  operations: readonly PreparedOperation[],
  results: readonly OperationResult[],
  touched: Touches,
  store: VariableStore,
): readonly OperationResult[] {
  if (results.length === 1) return results;
  return results.map((result, i) => {
    const { kind, name } = operations[i] as PreparedOperation;
    // What these lead to is no variable.
    if (kind === "declare" || kind === "checkpoint") return result;
    const revision = (touched.has(name) ? touched.get(name) : store.variable(name))?.revision ?? 0;
    return revision === result.revision ? result : { ...result, revision };
  });
}

function orThrow(operation: Prepared): PreparedOperation {
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
