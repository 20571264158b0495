/** What a delta makes of a session, wherever that is kept. */
import { kept, loadedVariable } from "./kept-variable.ts";
import type {
  LoadedVariable,
  SessionDelta,
  SessionKey,
  SessionPersistence,
  SessionRecord,
  StoredSession,
  StoredVariable,
} from "./persistence.ts";
import { SectionsAtRest, type VariablesAtRest } from "./stored-sections.ts";
import { compareText } from "./text-order.ts";

/** A session's key as one text, which no other key has: ids have no control characters. */
export const keyText = ({ tenant, id }: SessionKey): string => (tenant === "" ? id : `${tenant}\0${id}`);

/** The revision that a delta makes; undefined when it makes none. */
export function revisionOf(delta: SessionDelta): number | undefined {
  if (delta.kind === "extend") return undefined;
  return delta.kind === "delete" || delta.kind === "expire" ? delta.revision : delta.record.revision;
}

/** The variables that a delta sets. */
export const setBy = (delta: SessionDelta): readonly StoredVariable[] =>
  delta.kind === "create" || delta.kind === "write" ? delta.set : [];

/** The record with a later deadline: only later, never earlier, and "never" is as late as it gets. */
export function extendedRecord(record: SessionRecord, to: { readonly accessedAtMs: number; readonly expiresAtMs: number }): SessionRecord {
  return {
    ...record,
    accessedAtMs: Math.max(record.accessedAtMs, to.accessedAtMs),
    expiresAtMs: record.expiresAtMs === undefined ? undefined : Math.max(record.expiresAtMs, to.expiresAtMs),
  };
}

/** What the store has of a session that the deltas go on from; a store that has not been told of it yet is not asked. */
export async function storedBefore(
  persistence: Pick<SessionPersistence, "load">,
  key: SessionKey,
  deltas: readonly SessionDelta[],
): Promise<StoredSession | undefined> {
  return deltas[0]?.kind === "create" ? undefined : persistence.load(key);
}

/** The record after the deltas of one session, which go on from `before` or from an earlier state of it; undefined when it is gone. */
export function recordAfter(before: SessionRecord | undefined, deltas: readonly SessionDelta[]): SessionRecord | undefined {
  return deltas.reduce((record, delta) => {
    if (delta.kind === "extend") return record && extendedRecord(record, delta);
    if (isIncluded(delta, record)) return record;
    if (delta.kind === "create" || delta.kind === "fork") return delta.record;
    return delta.kind === "delete" ? undefined : record && delta.record;
  }, before);
}

/** The session after the deltas, which go on from `before` or from an earlier state of it. */
export function sessionAfter(before: StoredSession | undefined, deltas: readonly SessionDelta[]): StoredSession | undefined {
  let record = before?.record;
  let variables = new Map(before?.variables.map((variable) => [variable.name, variable]));
  let sections = new SectionsAtRest(before);
  for (const delta of deltas) {
    const included = isIncluded(delta, record);
    record = recordAfter(record, [delta]);
    if (delta.kind === "fork") throw new Error("what a fork makes of a session, only its store can tell");
    if (included || delta.kind === "extend" || delta.kind === "delete") continue;
    const earlier = atRest(variables);
    variables = new Map(delta.kind === "create" ? [] : variables);
    if (delta.kind === "create") sections = new SectionsAtRest();
    else for (const name of delta.removed) variables.delete(name);
    for (const variable of setBy(delta)) variables.set(variable.name, loadedVariable(variable));
    if (delta.sections) sections.apply(delta.sections, earlier, atRest(variables));
  }
  return record && { record, variables: inOrder(variables), ...sections.stored() };
}

const atRest = (variables: ReadonlyMap<string, LoadedVariable>): VariablesAtRest => ({
  variable(name) {
    const variable = variables.get(name);
    return variable && kept(variable);
  },
  variables: () => inOrder(variables).map(kept),
});

const inOrder = (variables: ReadonlyMap<string, LoadedVariable>): readonly LoadedVariable[] =>
  [...variables.values()].sort((a, b) => compareText(a.name, b.name));

/** Whether the state has the delta already: revisions only grow. */
const isIncluded = (delta: SessionDelta, record: SessionRecord | undefined): boolean =>
  record !== undefined && (revisionOf(delta) ?? Number.POSITIVE_INFINITY) <= record.revision;
