/** Everything that changes a store, on the one connection that writes. */
import type { SaveOutcome, SectionChanges, SessionKey, SessionRecord } from "@session-bridge/core";
import type { Database } from "better-sqlite3";
import { forking } from "./forking.ts";
import type { Answers, PackedDelta, Questions, Request } from "./messages.ts";
import { unpackRequest, type ValueReader, valueReader } from "./packing.ts";
import { requestMemory } from "./requests.ts";
import { type RecordRow, rowOf } from "./rows.ts";
import { sectionWriting } from "./section-writing.ts";
import { touchedNames, variableWriting } from "./variable-writing.ts";

/** The methods of the contract that change something, and the numbers that `open` answers. */
export interface Writing {
  /** One transaction over all deltas: whatever is thrown, nothing of them was kept. */
  save(deltas: Request<"save">["question"], values: ArrayBuffer | undefined): readonly SaveOutcome[];
  numbers(): Answers["open"];
  forgetRequests(question: Questions["forgetRequests"]): Answers["forgetRequests"];
}

/** What a session's row says of its sections. */
interface SectionMarks {
  readonly sinceRevision: number | null;
  /** 1 once it had any. */
  readonly hasSections: number;
}

interface FoundSession extends SectionMarks {
  readonly session: number;
  readonly revision: number;
  readonly expiresAtMs: number | null;
}

/** A delta that leaves the session there. */
type Changing = (PackedDelta & { readonly kind: "write" | "expire" }) & { readonly record: SessionRecord };

const NO_SECTIONS: SectionMarks = { sinceRevision: null, hasSections: 0 };

/**
 * The earliest deadline of a session, its variables and its history; the aggregate passes over what is null. Its number is the row's, not
 * a parameter: SQLite compiles a statement anew for each value of a parameter that may decide whether a partial index serves.
 */
const DUE_AT = `(SELECT min(at) FROM (SELECT sessions.expires_at_ms AS at
  UNION ALL SELECT min(expires_at_ms) FROM variables v WHERE v.session = sessions.session AND expires_at_ms IS NOT NULL
  UNION ALL SELECT min(expires_at_ms) FROM history h WHERE h.session = sessions.session AND expires_at_ms IS NOT NULL))`;

/** What a store has of the last now: a change that a request made has said it with the request, and leaves the row as it is. */
const LAST_NOW_MS = "max(last_now_ms, ifnull((SELECT at_ms FROM requests ORDER BY number DESC LIMIT 1), 0))";

/** Prepares every statement once. */
export function writing(db: Database): Writing {
  const find = db.prepare<[string, string], FoundSession>(
    `SELECT session, revision, expires_at_ms AS expiresAtMs, since_revision AS sinceRevision, has_sections AS hasSections
     FROM sessions WHERE tenant = ? AND id = ?`,
  );
  const insertSession = db.prepare<RecordRow & SectionMarks & SessionKey & { readonly dueAtMs: number | null }>(
    `INSERT INTO sessions (tenant, id, revision, created_at_ms, accessed_at_ms, ttl_ms, ends_at_ms, expires_at_ms, due_at_ms, labels,
       variable_count, size_bytes, history_entries, since_revision, has_sections)
     VALUES (:tenant, :id, :revision, :createdAtMs, :accessedAtMs, :ttlMs, :endsAtMs, :expiresAtMs, :dueAtMs, :labels,
       :variableCount, :sizeBytes, :historyEntries, :sinceRevision, :hasSections)`,
  );
  const updateSession = db.prepare<RecordRow & SectionMarks & { readonly session: number }>(
    `UPDATE sessions SET revision = :revision, created_at_ms = :createdAtMs, accessed_at_ms = :accessedAtMs, ttl_ms = :ttlMs,
       ends_at_ms = :endsAtMs, expires_at_ms = :expiresAtMs, labels = :labels, variable_count = :variableCount,
       size_bytes = :sizeBytes, history_entries = :historyEntries, since_revision = :sinceRevision, has_sections = :hasSections
     WHERE session = :session`,
  );
  const extendSession = db.prepare<{ readonly session: number; readonly accessedAtMs: number; readonly expiresAtMs: number | null }>(
    `UPDATE sessions SET accessed_at_ms = max(accessed_at_ms, :accessedAtMs), expires_at_ms = :expiresAtMs WHERE session = :session`,
  );
  // Apart from the others: a column that an index has is written there also when it stays as it is.
  const updateDue = db.prepare<[number]>(`UPDATE sessions SET due_at_ms = ${DUE_AT} WHERE session = ? AND due_at_ms IS NOT ${DUE_AT}`);
  const deleteSession = db.prepare<[number]>("DELETE FROM sessions WHERE session = ?");
  const readNumbers = db.prepare<[], Answers["open"]>(
    `SELECT ${LAST_NOW_MS} AS lastNowMs, last_deleted_revision AS lastDeletedRevision FROM store`,
  );
  const numbers = (): Answers["open"] => readNumbers.get() as Answers["open"];
  const remember = db.prepare<Answers["open"]>(
    `UPDATE store SET last_now_ms = max(last_now_ms, :lastNowMs), last_deleted_revision = max(last_deleted_revision, :lastDeletedRevision)
     WHERE :lastNowMs > ${LAST_NOW_MS} OR :lastDeletedRevision > last_deleted_revision`,
  );

  /** The latest now of a change; no request that comes after another in the file may take it back. */
  let { lastNowMs } = numbers();

  const requests = requestMemory(db);
  const variables = variableWriting(db);
  const sections = sectionWriting(db);
  const copySession = forking(db);

  /** Applies one delta with the request it answers; or it follows a conflict, finds another base, or the request, and touches nothing. */
  const apply = (delta: PackedDelta, values: ValueReader, follows: boolean): SaveOutcome => {
    const request = delta.request && unpackRequest(delta.request, values);
    if (follows || (request !== undefined && requests.knows(delta.key, request.requestId, delta.nowMs))) {
      skipValues(delta, values);
      return "conflict";
    }
    const outcome = applyChange(delta, values);
    if (request !== undefined && outcome === "saved") requests.remember(delta.key, request);
    return outcome;
  };

  /** Its values are taken from `values` whatever the outcome. */
  const applyChange = (delta: PackedDelta, values: ValueReader): SaveOutcome => {
    const found = find.get(delta.key.tenant, delta.key.id);
    if (delta.kind === "extend") {
      // Only later, never earlier, and "never" is as late as it gets.
      const expiresAtMs = found?.expiresAtMs == null ? null : Math.max(found.expiresAtMs, delta.expiresAtMs);
      if (found === undefined) return "saved";
      extendSession.run({ session: found.session, accessedAtMs: delta.accessedAtMs, expiresAtMs });
      updateDue.run(found.session);
      return "saved";
    }
    if (delta.kind === "fork") return found === undefined ? fork(delta) : "conflict";
    if (delta.kind === "create" ? found !== undefined : found?.revision !== delta.baseRevision) {
      skipValues(delta, values);
      return "conflict";
    }
    if (delta.kind === "create") return create(delta, values);
    const standing = found as FoundSession;
    if (delta.kind === "delete" || delta.record === undefined) deleteSession.run(standing.session);
    else change(standing, { ...delta, record: delta.record }, values);
    return "saved";
  };

  const create = ({ record, key, set, sections: changes }: PackedDelta & { readonly kind: "create" }, values: ValueReader): SaveOutcome => {
    const marks = marksAfter(NO_SECTIONS, changes);
    const session = insert({ ...rowOf(record), ...marks, tenant: key.tenant, id: key.id, dueAtMs: earliest([record, ...set]) });
    variables.put(session, set, values);
    sections.change(session, changes);
    return "saved";
  };

  const change = (standing: FoundSession, delta: Changing, values: ValueReader): void => {
    const { session } = standing;
    const set = delta.kind === "write" ? delta.set : [];
    const { record, removed, sections: changes } = delta;
    sections.keep(session, changes?.history);
    variables.remove(session, removed);
    variables.put(session, set, values);
    const anyName = sections.change(session, changes);
    variables.prune(session, anyName ? "all" : touchedNames(set, removed, changes?.history?.dropped));
    update({ ...rowOf(record), ...marksAfter(standing, changes), session });
  };

  const fork = ({ key, source, record }: PackedDelta & { readonly kind: "fork" }): SaveOutcome => {
    const original = find.get(source.key.tenant, source.key.id);
    if (original?.revision !== source.revision) return "conflict";
    const marks = { ...NO_SECTIONS, hasSections: original.hasSections };
    const session = insert({ ...rowOf(record), ...marks, tenant: key.tenant, id: key.id, dueAtMs: null });
    copySession({ from: original.session, to: session, revision: record.revision });
    update({ ...rowOf(record), ...marks, session });
    return "saved";
  };
  const update = (row: Parameters<typeof updateSession.run>[0] & { readonly session: number }): void => {
    updateSession.run(row);
    updateDue.run(row.session);
  };
  const insert = (row: Parameters<typeof insertSession.run>[0]): number => Number(insertSession.run(row).lastInsertRowid);

  const save = db.transaction((deltas: readonly PackedDelta[], packed: ArrayBuffer | undefined): readonly SaveOutcome[] => {
    const values = valueReader(packed);
    // What follows a conflict was made on what was not saved, whatever revision the store has by chance.
    const conflicted = new Set<string>();
    const outcomes = deltas.map((delta): SaveOutcome => {
      const name = keyText(delta.key);
      const follows = conflicted.has(name) || (delta.kind === "fork" && conflicted.has(keyText(delta.source.key)));
      const outcome = apply(delta, values, delta.kind !== "extend" && follows);
      if (outcome === "conflict") conflicted.add(name);
      return outcome;
    });
    let lastDeletedRevision = 0;
    for (const [i, delta] of deltas.entries()) {
      if (outcomes[i] === "conflict") continue;
      lastNowMs = Math.max(lastNowMs, delta.nowMs);
      if (endsSession(delta)) lastDeletedRevision = Math.max(lastDeletedRevision, delta.revision);
    }
    remember.run({ lastNowMs, lastDeletedRevision });
    return outcomes;
  });

  return {
    save: (deltas, values) => save.immediate(deltas, values),
    numbers,
    forgetRequests: ({ nowMs }) => ({ oldestAtMs: requests.forgetOld(nowMs) }),
  };
}

function skipValues(delta: PackedDelta, values: ValueReader): void {
  if ("set" in delta) for (const { sizeBytes } of delta.set) values.view(sizeBytes);
}

/** What the row says of the sections after a delta. */
const marksAfter = (before: SectionMarks, changes: SectionChanges | undefined): SectionMarks => ({
  sinceRevision: changes?.history === undefined ? before.sinceRevision : (changes.history.sinceRevision ?? null),
  hasSections: changes === undefined ? before.hasSections : 1,
});

/** The earliest of the deadlines, null for none. */
function earliest(of: readonly { readonly expiresAtMs: number | undefined }[]): number | null {
  const deadlines = of.flatMap(({ expiresAtMs }) => expiresAtMs ?? []);
  return deadlines.length === 0 ? null : deadlines.reduce((a, b) => Math.min(a, b));
}

const endsSession = (delta: PackedDelta): delta is PackedDelta & { readonly kind: "delete" | "expire" } =>
  delta.kind === "delete" || (delta.kind === "expire" && delta.record === undefined);

const keyText = ({ tenant, id }: SessionKey): string => `${tenant}\0${id}`;
