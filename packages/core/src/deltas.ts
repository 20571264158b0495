/** What a delta makes of a session, wherever that is kept. */
import { sizeOf } from "./kept-variable.ts";
import type {
  LoadedVariable,
  SessionDelta,
  SessionKey,
  SessionPersistence,
  SessionRecord,
  StoredSession,
  StoredVariable,
} from "./persistence.ts";
import { compareText } from "./text-order.ts";

/** A session's key as one text. */
export const keyText = ({ tenant, id }: SessionKey): string => `${tenant}\0${id}`;

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
    if (delta.kind === "create") return delta.record;
    return delta.kind === "delete" ? undefined : record && delta.record;
  }, before);
}

/** The session after the deltas, which go on from `before` or from an earlier state of it. */
export function sessionAfter(before: StoredSession | undefined, deltas: readonly SessionDelta[]): StoredSession | undefined {
  let record = before?.record;
  let variables = new Map(before?.variables.map((variable) => [variable.name, variable]));
  for (const delta of deltas) {
    const included = isIncluded(delta, record);
    record = recordAfter(record, [delta]);
    if (included || delta.kind === "extend" || delta.kind === "delete") continue;
    if (delta.kind === "create") variables = new Map();
    else for (const name of delta.removed) variables.delete(name);
    for (const variable of setBy(delta)) variables.set(variable.name, loadedVariable(variable));
  }
  return record && { record, variables: [...variables.values()].sort((a, b) => compareText(a.name, b.name)) };
}

/** Whether the state has the delta already: revisions only grow. */
const isIncluded = (delta: SessionDelta, record: SessionRecord | undefined): boolean =>
  record !== undefined && (revisionOf(delta) ?? Number.POSITIVE_INFINITY) <= record.revision;

/** A variable as a store answers it that has its bytes at hand. */
export const loadedVariable = (variable: StoredVariable): LoadedVariable => ({
  name: variable.name,
  bytes: variable.bytes,
  sizeBytes: sizeOf(variable),
  encoding: variable.encoding,
  type: variable.type,
  revision: variable.revision,
  createdAtMs: variable.createdAtMs,
  updatedAtMs: variable.updatedAtMs,
  expiresAtMs: variable.expiresAtMs,
});
