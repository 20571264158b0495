/** Everything that changes a store, on the one connection that writes. */
import type { SaveOutcome, SessionRecord } from "@session-bridge/core";
import type { Database } from "better-sqlite3";
import type { Answers, PackedDelta, PackedVariable, Questions, Request } from "./messages.ts";
import { SMALL_VALUE_BYTES, unpackRequest, type ValueReader, valueReader } from "./packing.ts";
import { requestMemory } from "./requests.ts";
import { type RecordRow, rowOf } from "./rows.ts";
import { compressed, type LargeFields, largeChecksum, variableChecksum } from "./stored-value.ts";

/** The methods of the contract that change something, and the numbers that `open` answers. */
export interface Writing {
  /** One transaction over all deltas: whatever is thrown, nothing of them was kept. */
  save(deltas: Request<"save">["question"], values: ArrayBuffer | undefined): readonly SaveOutcome[];
  numbers(): Answers["open"];
  forgetRequests(question: Questions["forgetRequests"]): Answers["forgetRequests"];
}

/** The earliest deadline of a session and its variables; the aggregate passes over what is null. */
const DUE_AT = `(SELECT min(at) FROM (SELECT :expiresAtMs AS at UNION ALL
  SELECT min(expires_at_ms) FROM variables WHERE session = :session AND expires_at_ms IS NOT NULL))`;

/** Prepares every statement once. */
export function writing(db: Database): Writing {
  const find = db.prepare<[string, string], { readonly session: number; readonly revision: number; readonly expiresAtMs: number | null }>(
    "SELECT session, revision, expires_at_ms AS expiresAtMs FROM sessions WHERE tenant = ? AND id = ?",
  );
  const insertSession = db.prepare<RecordRow & { readonly tenant: string; readonly id: string; readonly dueAtMs: number | null }>(
    `INSERT INTO sessions (tenant, id, revision, created_at_ms, accessed_at_ms, ttl_ms, ends_at_ms, expires_at_ms, due_at_ms, labels,
       variable_count, size_bytes)
     VALUES (:tenant, :id, :revision, :createdAtMs, :accessedAtMs, :ttlMs, :endsAtMs, :expiresAtMs, :dueAtMs, :labels,
       :variableCount, :sizeBytes)`,
  );
  const updateSession = db.prepare<RecordRow & { readonly session: number }>(
    `UPDATE sessions SET revision = :revision, created_at_ms = :createdAtMs, accessed_at_ms = :accessedAtMs, ttl_ms = :ttlMs,
       ends_at_ms = :endsAtMs, expires_at_ms = :expiresAtMs, due_at_ms = ${DUE_AT}, labels = :labels,
       variable_count = :variableCount, size_bytes = :sizeBytes
     WHERE session = :session`,
  );
  const extendSession = db.prepare<{ readonly session: number; readonly accessedAtMs: number; readonly expiresAtMs: number | null }>(
    `UPDATE sessions SET accessed_at_ms = max(accessed_at_ms, :accessedAtMs), expires_at_ms = :expiresAtMs, due_at_ms = ${DUE_AT}
     WHERE session = :session`,
  );
  const deleteSession = db.prepare<[number]>("DELETE FROM sessions WHERE session = ?");
  const putVariable = db.prepare(
    `INSERT OR REPLACE INTO variables (session, name, revision, encoding, type, created_at_ms, updated_at_ms, expires_at_ms, size_bytes,
       checksum, value)
     VALUES (:session, :name, :revision, :encoding, :type, :createdAtMs, :updatedAtMs, :expiresAtMs, :sizeBytes, :checksum, :value)`,
  );
  const deleteVariable = db.prepare<[number, string]>("DELETE FROM variables WHERE session = ? AND name = ?");
  const putLarge = db.prepare<LargeFields & { readonly checksum: number; readonly stored: Uint8Array }>(
    "INSERT INTO large_values (session, name, revision, compression, checksum, value) VALUES (:session, :name, :revision, :compression, :checksum, :stored)",
  );
  const deleteLarge = db.prepare<[number, string]>("DELETE FROM large_values WHERE session = ? AND name = ?");
  const numbers = db.prepare<[], Answers["open"]>(
    "SELECT last_now_ms AS lastNowMs, last_deleted_revision AS lastDeletedRevision FROM store",
  );
  const remember = db.prepare<[number, number]>(
    "UPDATE store SET last_now_ms = max(last_now_ms, ?), last_deleted_revision = max(last_deleted_revision, ?)",
  );

  const requests = requestMemory(db);

  const remove = (session: number, names: readonly string[]): void => {
    for (const name of names) {
      deleteVariable.run(session, name);
      deleteLarge.run(session, name);
    }
  };
  const put = (session: number, variables: readonly PackedVariable[], values: ValueReader): void => {
    for (const variable of variables) {
      const bytes = values.view(variable.sizeBytes);
      const { name, revision } = variable;
      const value = bytes.length <= SMALL_VALUE_BYTES ? bytes : null;
      const fields = { ...variable, session, expiresAtMs: variable.expiresAtMs ?? null };
      deleteLarge.run(session, name);
      putVariable.run({ ...fields, checksum: variableChecksum(fields, value), value });
      if (value !== null) continue;
      const { compression, stored } = compressed(bytes);
      const large = { session, name, revision, compression };
      putLarge.run({ ...large, checksum: largeChecksum(large, stored), stored });
    }
  };
  const update = (session: number, record: SessionRecord): void => {
    updateSession.run({ ...rowOf(record), session });
  };

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
    if (delta.kind === "fork") throw new Error("this store copies no sessions");
    if (delta.kind === "extend") {
      // Only later, never earlier, and "never" is as late as it gets.
      const expiresAtMs = found?.expiresAtMs == null ? null : Math.max(found.expiresAtMs, delta.expiresAtMs);
      if (found !== undefined) extendSession.run({ session: found.session, accessedAtMs: delta.accessedAtMs, expiresAtMs });
      return "saved";
    }
    if (delta.kind === "create" ? found !== undefined : found?.revision !== delta.baseRevision) {
      skipValues(delta, values);
      return "conflict";
    }
    if (delta.kind === "create") {
      const { tenant, id } = delta.key;
      const dueAtMs = earliest([delta.record, ...delta.set]);
      const { lastInsertRowid } = insertSession.run({ ...rowOf(delta.record), tenant, id, dueAtMs });
      put(Number(lastInsertRowid), delta.set, values);
      return "saved";
    }
    const { session } = found as { readonly session: number };
    if (delta.kind === "delete" || delta.record === undefined) {
      deleteSession.run(session);
      return "saved";
    }
    remove(session, delta.removed);
    if (delta.kind === "write") put(session, delta.set, values);
    update(session, delta.record);
    return "saved";
  };

  const save = db.transaction((deltas: readonly PackedDelta[], packed: ArrayBuffer | undefined): readonly SaveOutcome[] => {
    const values = valueReader(packed);
    // What follows a conflict was made on what was not saved, whatever revision the store has by chance.
    const conflicted = new Set<string>();
    const outcomes = deltas.map((delta): SaveOutcome => {
      const name = `${delta.key.tenant}\0${delta.key.id}`;
      const outcome = apply(delta, values, delta.kind !== "extend" && conflicted.has(name));
      if (outcome === "conflict") conflicted.add(name);
      return outcome;
    });
    let [lastNowMs, lastDeletedRevision] = [0, 0];
    for (const [i, delta] of deltas.entries()) {
      if (outcomes[i] === "conflict") continue;
      lastNowMs = Math.max(lastNowMs, delta.nowMs);
      if (endsSession(delta)) lastDeletedRevision = Math.max(lastDeletedRevision, delta.revision);
    }
    if (lastNowMs > 0) remember.run(lastNowMs, lastDeletedRevision);
    return outcomes;
  });

  return {
    save: (deltas, values) => save.immediate(deltas, values),
    numbers: () => numbers.get() as Answers["open"],
    forgetRequests: ({ nowMs }) => ({ oldestAtMs: requests.forgetOld(nowMs) }),
  };
}

function skipValues(delta: PackedDelta, values: ValueReader): void {
  if ("set" in delta) for (const { sizeBytes } of delta.set) values.view(sizeBytes);
}

/** The earliest of the deadlines, null for none. */
function earliest(of: readonly { readonly expiresAtMs: number | undefined }[]): number | null {
  const deadlines = of.flatMap(({ expiresAtMs }) => expiresAtMs ?? []);
  return deadlines.length === 0 ? null : deadlines.reduce((a, b) => Math.min(a, b));
}

const endsSession = (delta: PackedDelta): delta is PackedDelta & { readonly kind: "delete" | "expire" } =>
  delta.kind === "delete" || (delta.kind === "expire" && delta.record === undefined);
