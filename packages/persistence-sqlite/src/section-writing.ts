/** Writing what a session has beside its variables. Values do not come along: what is kept of them is in the store already. */
import type { CheckpointRecord, Declaration, EndedVariable, HistoryChange, SectionChanges, VariableRef } from "@session-bridge/core";
import type { Database } from "better-sqlite3";
import { checksum } from "./stored-value.ts";
import { VALUE_COLUMN_NAMES } from "./value-columns.ts";

/** The sections of sessions, by the number of the session's row. */
export interface SectionWriting {
  /** Keeps variables as they are before the delta writes anything. */
  keep(session: number, history: HistoryChange | undefined): void;
  /** Everything else, once the delta's variables are written; whether large values of any name may be needed by nothing now. */
  change(session: number, changes: SectionChanges | undefined): boolean;
}

/** Prepares every statement once. */
export function sectionWriting(db: Database): SectionWriting {
  const keep = db.prepare<VariableRef & { readonly session: number }>(
    `INSERT OR REPLACE INTO history (session, ${VALUE_COLUMN_NAMES})
     SELECT session, ${VALUE_COLUMN_NAMES} FROM variables WHERE session = :session AND name = :name AND revision = :revision`,
  );
  const end = db.prepare<EndedVariable & { readonly session: number }>(
    "INSERT OR REPLACE INTO history_ends (session, name, revision, kind, at_ms) VALUES (:session, :name, :revision, :kind, :atMs)",
  );
  const drop = db.prepare<[number, string, number]>("DELETE FROM history WHERE session = ? AND name = ? AND revision = ?");
  const dropEnd = db.prepare<[number, string, number]>("DELETE FROM history_ends WHERE session = ? AND name = ? AND revision = ?");
  const dropAll = ["history", "history_ends"].map((table) => db.prepare<[number]>(`DELETE FROM ${table} WHERE session = ?`));
  const removeCheckpoint = db.prepare<[number, string]>("DELETE FROM checkpoints WHERE session = ? AND label = ?");
  const setCheckpoint = db.prepare<CheckpointRecord & { readonly session: number }>(
    "INSERT INTO checkpoints (session, label, revision, created_at_ms) VALUES (:session, :label, :revision, :createdAtMs)",
  );
  const copyVariables = db.prepare<{ readonly session: number; readonly label: string }>(
    `INSERT INTO checkpoint_variables (session, label, ${VALUE_COLUMN_NAMES})
     SELECT session, :label, ${VALUE_COLUMN_NAMES} FROM variables WHERE session = :session`,
  );
  const removeDeclaration = db.prepare<[number, string]>("DELETE FROM declarations WHERE session = ? AND name = ?");
  const setDeclaration = db.prepare<Declaration & { readonly session: number; readonly checksum: number }>(
    `INSERT OR REPLACE INTO declarations (session, name, revision, checksum, schema)
     VALUES (:session, :name, :revision, :checksum, :schema)`,
  );

  const changeHistory = (session: number, { sinceRevision, ended, dropped }: HistoryChange): boolean => {
    for (const entry of ended) end.run({ ...entry, session });
    for (const { name, revision } of dropped) {
      if (drop.run(session, name, revision).changes === 0) dropEnd.run(session, name, revision);
    }
    return sinceRevision === undefined && dropAll.map((statement) => statement.run(session).changes).some((changes) => changes > 0);
  };
  const changeCheckpoints = (session: number, { removed, set }: NonNullable<SectionChanges["checkpoints"]>): boolean => {
    const replaced = [...removed, ...set.map(({ label }) => label)].map((label) => removeCheckpoint.run(session, label).changes);
    for (const checkpoint of set) {
      setCheckpoint.run({ ...checkpoint, session });
      copyVariables.run({ session, label: checkpoint.label });
    }
    return replaced.some((changes) => changes > 0);
  };
  const changeDeclarations = (session: number, { removed, set }: NonNullable<SectionChanges["declarations"]>): void => {
    for (const name of removed) removeDeclaration.run(session, name);
    for (const declaration of set) {
      const { name, schema, revision } = declaration;
      setDeclaration.run({ ...declaration, session, checksum: checksum(schema, [session, name, revision]) });
    }
  };

  return {
    keep(session, history) {
      for (const ref of history?.kept ?? []) keep.run({ ...ref, session });
    },
    change(session, changes) {
      if (changes === undefined) return false;
      const { history, checkpoints, declarations } = changes;
      const forgotten = history !== undefined && changeHistory(session, history);
      const replaced = checkpoints !== undefined && changeCheckpoints(session, checkpoints);
      if (declarations !== undefined) changeDeclarations(session, declarations);
      return forgotten || replaced;
    },
  };
}
