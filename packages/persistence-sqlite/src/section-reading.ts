/** Reading what a session has beside its variables; values are left to `loadValues`. */
import type { CheckpointRecord, Declaration, EndedVariable, LoadedVariable } from "@session-bridge/core";
import type { Database } from "better-sqlite3";
import { SqliteStoreError } from "./errors.ts";
import type { StoredSections } from "./messages.ts";
import { checksum } from "./stored-value.ts";

/** What most sessions have. */
export const NO_SECTIONS: StoredSections = {};

/** A session that may have sections. */
export interface Place {
  readonly session: number;
  readonly sinceRevision: number | null;
}

type MetadataRow = Omit<LoadedVariable, "bytes" | "expiresAtMs"> & { readonly expiresAtMs: number | null };

const METADATA = `name, revision, encoding, type, created_at_ms AS createdAtMs, updated_at_ms AS updatedAtMs, expires_at_ms AS expiresAtMs,
  size_bytes AS sizeBytes`;

/** Prepares reading the sections of a session. Throws SQLITE_CORRUPT for a schema that does not verify: what it forbids is unknown. */
export function sectionReader(db: Database): (place: Place) => StoredSections {
  const historyValues = db.prepare<[number], MetadataRow>(`SELECT ${METADATA} FROM history WHERE session = ?`);
  const historyEnds = db.prepare<[number], EndedVariable>("SELECT name, revision, kind, at_ms AS atMs FROM history_ends WHERE session = ?");
  const checkpoints = db.prepare<[number], CheckpointRecord>(
    "SELECT label, revision, created_at_ms AS createdAtMs FROM checkpoints WHERE session = ?",
  );
  const checkpointVariables = db.prepare<[number, string], MetadataRow>(
    `SELECT ${METADATA} FROM checkpoint_variables WHERE session = ? AND label = ?`,
  );
  const declarations = db.prepare<[number], Declaration & { readonly checksum: number }>(
    "SELECT name, revision, schema, checksum FROM declarations WHERE session = ?",
  );

  return ({ session, sinceRevision }) => {
    const entries = sinceRevision === null ? [] : [...historyValues.all(session).map(unloaded), ...historyEnds.all(session)];
    const named = checkpoints.all(session).sort(byRevision);
    const declared = declarations.all(session).map((row) => verified(session, row));
    return {
      ...(sinceRevision !== null && { history: { sinceRevision, entries: entries.sort(byRevision) } }),
      ...(named.length > 0 && {
        checkpoints: named.map((one) => ({ ...one, variables: checkpointVariables.all(session, one.label).map(unloaded) })),
      }),
      ...(declared.length > 0 && { declarations: declared }),
    };
  };
}

const unloaded = (row: MetadataRow): LoadedVariable => ({ ...row, expiresAtMs: row.expiresAtMs ?? undefined, bytes: undefined });

const byRevision = (a: { readonly revision: number }, b: { readonly revision: number }): number => a.revision - b.revision;

function verified(session: number, { name, revision, schema, checksum: stored }: Declaration & { readonly checksum: number }): Declaration {
  if (stored !== checksum(schema, [session, name, revision])) {
    throw new SqliteStoreError("SQLITE_CORRUPT", "a stored declaration does not verify");
  }
  return { name, revision, schema: new Uint8Array(schema) };
}
