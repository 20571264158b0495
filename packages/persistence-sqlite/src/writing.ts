/** Everything that changes a store, on the one connection that writes. */
import type {
  AnsweringDelta,
  SaveOutcome,
  SectionChanges,
  SessionDelta,
  SessionKey,
  SessionRecord,
  StoredVariable,
} from "@session-bridge/core";
import type { Database } from "better-sqlite3";
import { forking } from "./forking.ts";
import type { Answers, Questions } from "./messages.ts";
import { keyText, requestMemory } from "./requests.ts";
import { type RecordRow, rowOf } from "./rows.ts";
import { sectionWriting } from "./section-writing.ts";
import { touchedNames, variableWriting } from "./variable-writing.ts";

/** The methods of the contract that change something, and the numbers that `open` answers. */
export interface Writing {
  /** One transaction over all deltas: whatever is thrown, nothing of them was kept. */
  save(deltas: readonly AnsweringDelta[]): readonly SaveOutcome[];
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
  readonly dueAtMs: number | null;
}

/** A delta that leaves the session there. */
type Changing = (SessionDelta & { readonly kind: "write" | "expire" }) & { readonly record: SessionRecord };

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
    `SELECT session, revision, expires_at_ms AS expiresAtMs, due_at_ms AS dueAtMs, since_revision AS sinceRevision,
       has_sections AS hasSections
     FROM sessions WHERE tenant = ? AND id = ?`,
  );
  const insertSession = db.prepare<RecordRow & SectionMarks & SessionKey & { readonly dueAtMs: number | null }>(
    `INSERT INTO sessions (tenant, id, revision, created_at_ms, accessed_at_ms, ttl_ms, ends_at_ms, expires_at_ms, due_at_ms, labels,
       variable_count, size_bytes, history_entries, since_revision, has_sections)
     VALUES (:tenant, :id, :revision, :createdAtMs, :accessedAtMs, :ttlMs, :endsAtMs, :expiresAtMs, :dueAtMs, :labels,
       :variableCount, :sizeBytes, :historyEntries, :sinceRevision, :hasSections)`,
  );
  const updateSession = db.prepare(
    `UPDATE sessions SET revision = ?, created_at_ms = ?, accessed_at_ms = ?, ttl_ms = ?, ends_at_ms = ?, expires_at_ms = ?, labels = ?,
       variable_count = ?, size_bytes = ?, history_entries = ?, since_revision = ?, has_sections = ?
     WHERE session = ?`,
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
  const apply = (delta: AnsweringDelta, follows: boolean): SaveOutcome => {
    const { key, request, nowMs } = delta;
    if (follows || (request !== undefined && !requests.remember(key, request, nowMs))) return "conflict";
    const outcome = applyChange(delta);
    if (request === undefined) return outcome;
    if (outcome === "conflict") requests.unremember(key, request.requestId);
    else requests.makeRoom(key, request);
    return outcome;
  };

  const applyChange = (delta: SessionDelta): SaveOutcome => {
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
    if (delta.kind === "create") return found === undefined ? create(delta) : "conflict";
    if (found?.revision !== delta.baseRevision) return "conflict";
    if (delta.kind === "delete" || delta.record === undefined) deleteSession.run(found.session);
    else change(found, { ...delta, record: delta.record });
    return "saved";
  };

  const create = ({ record, key, set, sections: changes }: SessionDelta & { readonly kind: "create" }): SaveOutcome => {
    const marks = marksAfter(NO_SECTIONS, changes);
    const session = insert({ ...rowOf(record), ...marks, tenant: key.tenant, id: key.id, dueAtMs: earliest([record, ...set]) });
    variables.put(session, set);
    sections.change(session, changes);
    return "saved";
  };

  const change = (standing: FoundSession, delta: Changing): void => {
    const { session } = standing;
    const set = delta.kind === "write" ? delta.set : [];
    const { record, removed, sections: changes } = delta;
    sections.keep(session, changes?.history);
    variables.remove(session, removed);
    variables.put(session, set);
    const anyName = sections.change(session, changes);
    variables.prune(session, anyName ? "all" : touchedNames(set, removed, changes?.history?.dropped));
    update(session, rowOf(record), marksAfter(standing, changes));
    if (!isDueAsBefore(standing, record, set)) updateDue.run(session);
  };

  const fork = ({ key, source, record }: SessionDelta & { readonly kind: "fork" }): SaveOutcome => {
    const original = find.get(source.key.tenant, source.key.id);
    if (original?.revision !== source.revision) return "conflict";
    const marks = { ...NO_SECTIONS, hasSections: original.hasSections };
    const session = insert({ ...rowOf(record), ...marks, tenant: key.tenant, id: key.id, dueAtMs: null });
    copySession({ from: original.session, to: session, revision: record.revision });
    variables.forget();
    update(session, rowOf(record), marks);
    updateDue.run(session);
    return "saved";
  };
  const update = (session: number, row: RecordRow, { sinceRevision, hasSections }: SectionMarks): void => {
    const { revision, createdAtMs, accessedAtMs, ttlMs, endsAtMs, expiresAtMs, labels, variableCount, sizeBytes, historyEntries } = row;
    const times = [createdAtMs, accessedAtMs, ttlMs, endsAtMs, expiresAtMs] as const;
    // By their places: SQLite looks each name up, every time.
    updateSession.run(revision, ...times, labels, variableCount, sizeBytes, historyEntries, sinceRevision, hasSections, session);
  };
  const insert = (row: Parameters<typeof insertSession.run>[0]): number => Number(insertSession.run(row).lastInsertRowid);

  const save = db.transaction((deltas: readonly AnsweringDelta[]): readonly SaveOutcome[] => {
    // What follows a conflict was made on what was not saved, whatever revision the store has by chance.
    const conflicted = new Set<string>();
    const outcomes = deltas.map((delta): SaveOutcome => {
      const name = keyText(delta.key);
      const follows = conflicted.has(name) || (delta.kind === "fork" && conflicted.has(keyText(delta.source.key)));
      const outcome = apply(delta, delta.kind !== "extend" && follows);
      if (outcome === "conflict") conflicted.add(name);
      return outcome;
    });
    let lastDeletedRevision = 0;
    for (const [i, delta] of deltas.entries()) {
      if (outcomes[i] === "conflict") continue;
      lastNowMs = Math.max(lastNowMs, delta.nowMs);
      if (endsSession(delta)) lastDeletedRevision = Math.max(lastDeletedRevision, delta.revision);
    }
    // Nearly always the latest request says all of it.
    if (lastNowMs > requests.latestAtMs || lastDeletedRevision > 0) remember.run({ lastNowMs, lastDeletedRevision });
    return outcomes;
  });

  /** What a transaction has taught is not so when it was taken back. */
  const learning = <T>(transaction: () => T): T => {
    try {
      return transaction();
    } catch (error) {
      variables.forget();
      requests.takenBack();
      throw error;
    }
  };

  return {
    save: (deltas) => learning(() => save.immediate(deltas)),
    numbers,
    forgetRequests: ({ nowMs }) => learning(() => ({ oldestAtMs: requests.forgetOld(nowMs) })),
  };
}

/**
 * Whether a change leaves the earliest deadline as it is, without a look at all of them: it was the session's own, which stays, and nothing
 * new is due before it.
 */
function isDueAsBefore(before: FoundSession, { expiresAtMs }: SessionRecord, set: readonly StoredVariable[]): boolean {
  const dueAtMs = expiresAtMs ?? null;
  if (before.dueAtMs !== dueAtMs || before.expiresAtMs !== dueAtMs) return false;
  return set.every((variable) => variable.expiresAtMs === undefined || (dueAtMs !== null && variable.expiresAtMs >= dueAtMs));
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

const endsSession = (delta: SessionDelta): delta is SessionDelta & { readonly kind: "delete" | "expire" } =>
  delta.kind === "delete" || (delta.kind === "expire" && delta.record === undefined);
