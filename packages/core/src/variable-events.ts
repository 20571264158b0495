/** What an observer is told of reading and changing variables. */
import { reasonOf } from "./followed.ts";
import { sizeOf } from "./kept-variable.ts";
import { isName } from "./names.ts";
import type { BatchEvent, CallEvent, SessionSizes, VariableEvent } from "./observer.ts";
import { isNameless } from "./operations.ts";
import type {
  Operation,
  OperationResult,
  Selection,
  Update,
  UpdateResult,
  VariableListing,
  VariableReading,
  VariablesReading,
} from "./session-port.ts";
import type { VariableStore } from "./variable-store.ts";

/** What all events of one call say. */
export type CallFacts = CallEvent & SessionSizes;

/** A name as it may be told: of what failed, only a valid one. */
const toldName = (name: string, reason: string): string => (reason === "" || isName(name) ? name : "");

/** A read of one variable; without a reading, it failed. */
export function getEvent(name: string, reading: VariableReading | undefined, facts: CallFacts): VariableEvent {
  const variable = reading?.variable;
  // Field by field: a spread would cost more than everything else here, on the path that is taken most.
  return {
    kind: "variable.get",
    operation: "get",
    key: facts.key,
    name: toldName(name, facts.reason),
    found: variable !== undefined,
    applied: false,
    type: variable?.type ?? "",
    sizeBytes: variable === undefined ? 0 : sizeOf(variable),
    sessionVariables: facts.sessionVariables,
    sessionBytes: facts.sessionBytes,
    startedAtMs: facts.startedAtMs,
    durationMs: facts.durationMs,
    reason: facts.reason,
    trace: facts.trace,
  };
}

/** Each variable that was found, then each name that is missing, then the batch; without a reading, it failed as a whole. */
export function readingEvents(
  selection: Selection,
  reading: VariablesReading | undefined,
  facts: CallFacts,
): readonly (VariableEvent | BatchEvent)[] {
  const found = (reading?.variables ?? []).map((variable) => getEvent(variable.name, { variable, sessionRevision: 0 }, facts));
  const missing = new Set("names" in selection ? selection.names : []);
  const asked = "names" in selection ? missing.size : found.length;
  for (const { name } of found) missing.delete(name);
  const absent = reading === undefined ? [] : [...missing].map((name) => getEvent(name, undefined, facts));
  const batch = { operation: "get", atomic: true, operations: asked, succeeded: found.length } as const;
  return [...found, ...absent, { kind: "variable.batch", ...batch, sizeBytes: sumOf(found), ...facts }];
}

/** A listing; without one, it failed. */
export function listingEvent(listing: VariableListing | undefined, facts: CallFacts): BatchEvent {
  const variables = listing?.variables ?? [];
  const listed = { operations: variables.length, succeeded: variables.length, sizeBytes: sumOf(variables) };
  return { kind: "variable.batch", operation: "list", atomic: true, ...listed, ...facts };
}

const sumOf = (sized: readonly { readonly sizeBytes: number }[]): number => sized.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);

/** An update that ended. */
export interface EndedUpdate {
  readonly update: Update;
  /** Undefined when it failed. */
  readonly result: UpdateResult | undefined;
  /** Whether it is the repeat of an earlier call, answered from memory. */
  readonly repeated: boolean;
  /** The variables after it; undefined when it failed or was repeated. */
  readonly store: VariableStore | undefined;
  readonly facts: CallFacts;
}

/** One event for each operation; and one for all of them, unless there is exactly one. Of too many operations, none is told by itself. */
export function updateEvents(ended: EndedUpdate): readonly (VariableEvent | BatchEvent)[] {
  const { update, facts } = ended;
  const { operations, independent } = update;
  const events = facts.reason === "TOO_MANY_OPERATIONS" ? [] : operations.map((operation, i) => operationEvent(operation, i, ended));
  if (operations.length === 1) return events;
  const changes = events.filter(({ applied }) => applied);
  const batch: BatchEvent = {
    kind: "variable.batch",
    operation: "update",
    atomic: !independent,
    operations: operations.length,
    succeeded: changes.length,
    sizeBytes: sumOf(changes),
    ...facts,
  };
  return [...events, batch];
}

function operationEvent(operation: Operation, index: number, { result: all, repeated, store, facts }: EndedUpdate): VariableEvent {
  const result = all?.results[index];
  const reason = result?.error === undefined ? facts.reason : reasonOf(result.error, "INTERNAL");
  const done = reason === "" ? result : undefined;
  const kind = KINDS[operation.kind];
  const name = toldName(nameOf(operation, done), reason);
  const found = kind === "variable.delete" ? done?.applied : done !== undefined && done.revision !== 0;
  const variable = done && store?.variable(name);
  // Field by field, as in `getEvent`.
  return {
    kind,
    operation: operation.kind,
    key: facts.key,
    name,
    found: found === true,
    applied: done?.applied === true && !repeated,
    type: variable?.type ?? "",
    sizeBytes: variable === undefined ? 0 : sizeOf(variable),
    sessionVariables: facts.sessionVariables,
    sessionBytes: facts.sessionBytes,
    startedAtMs: facts.startedAtMs,
    durationMs: facts.durationMs,
    reason,
    trace: facts.trace,
  };
}

function nameOf(operation: Operation, done: OperationResult | undefined): string {
  if (isNameless(operation) && operation.kind !== "pop_last") return "";
  return operation.kind === "pop_last" ? (done?.previous?.name ?? "") : operation.name;
}

const KINDS: Readonly<Record<Operation["kind"], VariableEvent["kind"]>> = {
  set: "variable.set",
  delete: "variable.delete",
  clear: "variable.delete",
  pop_last: "variable.delete",
  increment: "variable.update",
  append: "variable.update",
  merge: "variable.update",
  expire: "variable.update",
  restore: "variable.update",
  rollback: "variable.update",
  checkpoint: "variable.update",
  delete_checkpoint: "variable.update",
  declare: "variable.update",
  check: "variable.check",
};
