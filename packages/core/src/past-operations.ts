/** The operations that go back, and those that name a state to go back to. Pure, as the others. */

import { type Applied, type Moment, NOTHING, type Touched } from "./applied.ts";
import { CheckpointNotFoundError, CompactedError, LimitExceededError } from "./errors.ts";
import { sizeOf } from "./kept-variable.ts";
import type { Limits } from "./limits.ts";
import type { StoredVariable } from "./persistence.ts";
import { type Checkpoint, type Checkpoints, type Contents, heldBy } from "./session-contents.ts";
import { isValue } from "./session-history.ts";
import { checkValueSize, isDue, type VariableStore } from "./variable-store.ts";

/** What a variable was at a revision: a value, or undefined for none. Throws CompactedError when that is not kept. */
function stateAt({ store, history }: Contents, name: string, revision: number, nowMs: number): StoredVariable | undefined {
  const present = store.variable(name);
  if (present?.revision === revision) return present;
  const entry = history?.find(name, revision, nowMs);
  if (entry === undefined) throw new CompactedError(`what the variable was at revision ${revision} is not kept`, { details: { name } });
  return isValue(entry) ? entry : undefined;
}

/** The value that a restore writes. */
export function restoreReads({ store, history }: Contents, { name, revision }: { readonly name: string; readonly revision: number }) {
  const entry = history?.find(name, revision, Number.NEGATIVE_INFINITY);
  const present = store.variable(name);
  return [present?.revision === revision ? present : undefined, entry !== undefined && isValue(entry) ? entry : undefined];
}

/** Writes again what a variable was. */
export function restore(contents: Contents, name: string, revision: number, previous: StoredVariable | undefined, moment: Moment): Applied {
  const state = stateAt(contents, name, revision, moment.nowMs);
  const before = contents.store.variable(name);
  if (state === undefined) {
    const result = { ...NOTHING, applied: before !== undefined, previous };
    const store = contents.store.delete(name);
    return { contents: before === undefined ? contents : { ...contents, store }, result, touched: [[name, undefined]] };
  }
  const store = writeAgain(contents.store, state, moment);
  const result = { ...NOTHING, applied: true, revision: moment.revision, previous };
  return { contents: { ...contents, store }, result, touched: [[name, store.variable(name)]] };
}

/** Makes the variables what a checkpoint names; what has expired since then stays away. */
export function rollback(contents: Contents, label: string, moment: Moment): Applied {
  const before = contents.store;
  const target = checkpointOf(contents, label).store;
  const { written, gone } = difference(before, target, moment.nowMs);
  const kept = gone.reduce((store, name) => store.delete(name), before);
  const store = written.reduce((rest, variable) => writeAgain(rest, variable, moment), kept);
  const touched = [...gone, ...written.map(({ name }) => name)].map((name): Touched => [name, store.variable(name)]);
  return { contents: { ...contents, store }, result: { ...NOTHING, applied: touched.length > 0, count: touched.length }, touched };
}

/**
 * The values that a rollback may write: beside other operations, all that the checkpoint has; and all that there are, since one of them may
 * be what names them.
 */
export function rollbackReads(contents: Contents, label: string, alone: boolean): readonly StoredVariable[] {
  const target = contents.checkpoints?.get(label)?.store;
  if (!alone) return [...contents.store.variables(), ...(target?.variables() ?? [])];
  return target === undefined ? [] : difference(contents.store, target, Number.NEGATIVE_INFINITY).written;
}

function difference(before: VariableStore, target: VariableStore, nowMs: number) {
  const alive = target.variables().filter((variable) => !isDue(variable, nowMs));
  const names = new Set(alive.map(({ name }) => name));
  return {
    written: alive.filter(({ name, revision }) => before.variable(name)?.revision !== revision),
    gone: before.variables().flatMap(({ name }) => (names.has(name) ? [] : [name])),
  };
}

function writeAgain(store: VariableStore, state: StoredVariable, moment: Moment): VariableStore {
  const { name, bytes, encoding, type, expiresAtMs } = state;
  const before = store.variable(name);
  checkValueSize(name, bytes.length, before ? sizeOf(before) : 0, moment.limits);
  const createdAtMs = before?.createdAtMs ?? moment.nowMs;
  return store.put({ name, bytes, encoding, type, expiresAtMs, revision: moment.revision, createdAtMs, updatedAtMs: moment.nowMs });
}

/** Names a state. Which one is settled when the update has ended: the one that it leads to. */
export function checkpoint(contents: Contents, label: string, { revision, nowMs }: Moment): Applied {
  const checkpoints = new Map(contents.checkpoints);
  // Its place is that of the latest.
  checkpoints.delete(label);
  checkpoints.set(label, { label, revision, createdAtMs: nowMs, store: contents.store });
  return { contents: { ...contents, checkpoints }, result: { ...NOTHING, applied: true, revision }, touched: [] };
}

/** Forgets a named state. */
export function deleteCheckpoint(contents: Contents, label: string): Applied {
  if (!contents.checkpoints?.has(label)) return { contents, result: NOTHING, touched: [] };
  const checkpoints = new Map(contents.checkpoints);
  checkpoints.delete(label);
  return { contents: { ...contents, checkpoints }, result: { ...NOTHING, applied: true }, touched: [] };
}

/** The checkpoints of an update that has ended. Throws LimitExceededError when they are too many, or take too much. */
export function settleCheckpoints(before: Contents, after: Contents, limits: Limits): Contents {
  if (after.checkpoints === undefined || after.checkpoints === before.checkpoints) return after;
  const settled = [...after.checkpoints.values()].map(
    (named): Checkpoint => (before.checkpoints?.get(named.label) === named ? named : { ...named, store: after.store }),
  );
  const { checkpointsPerSession, sessionBytes } = limits;
  if (settled.length > checkpointsPerSession && settled.length > (before.checkpoints?.size ?? 0)) {
    throw new LimitExceededError(
      "TOO_MANY_CHECKPOINTS",
      `the session would have ${settled.length} checkpoints; at most ${checkpointsPerSession} are allowed`,
      { details: { limit: "checkpointsPerSession", limitValue: checkpointsPerSession, actual: settled.length } },
    );
  }
  const checkpoints: Checkpoints = new Map(settled.map((named) => [named.label, named]));
  const actual = heldBy(checkpoints).sizeBytes;
  if (actual > sessionBytes && actual > heldBy(before.checkpoints ?? NONE).sizeBytes) {
    throw new LimitExceededError(
      "CHECKPOINTS_TOO_LARGE",
      `the session's checkpoints would have ${actual} bytes of names and values; at most ${sessionBytes} are allowed`,
      { details: { limit: "sessionBytes", limitValue: sessionBytes, actual } },
    );
  }
  return { ...after, checkpoints };
}

const NONE: Checkpoints = new Map();

function checkpointOf({ checkpoints }: Contents, label: string): Checkpoint {
  const found = checkpoints?.get(label);
  if (found === undefined) throw new CheckpointNotFoundError(`the session has no checkpoint "${label}"`, { details: { name: label } });
  return found;
}
