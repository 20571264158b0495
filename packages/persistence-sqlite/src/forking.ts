/** Copying a session inside the store: no value leaves it. */
import type { Database } from "better-sqlite3";
import { checksum } from "./stored-value.ts";

/** From which session's row to which, and the revision of the copy's variables. */
export interface Copy {
  readonly from: number;
  readonly to: number;
  readonly revision: number;
}

const FIELDS = "encoding, type, created_at_ms, updated_at_ms, expires_at_ms, size_bytes";

/** Prepares copying the variables, the large values and the declarations of a session, each with one statement. */
export function forking(db: Database): (copy: Copy) => void {
  db.function(
    "copied_checksum",
    { varargs: true, deterministic: true, directOnly: true },
    copiedChecksum as (...args: unknown[]) => number,
  );
  const statements = [
    `INSERT INTO variables (session, name, revision, ${FIELDS}, checksum, value)
     SELECT :to, name, :revision, ${FIELDS}, copied_checksum(value, checksum, :to, :revision, session, name, revision, ${FIELDS}), value
     FROM variables WHERE session = :from`,
    `INSERT INTO large_values (session, name, revision, compression, checksum, value)
     SELECT :to, l.name, :revision, l.compression,
       copied_checksum(l.value, l.checksum, :to, :revision, l.session, l.name, l.revision, l.compression), l.value
     FROM variables v JOIN large_values l ON l.session = v.session AND l.name = v.name AND l.revision = v.revision
     WHERE v.session = :from AND v.size_bytes > 4096`,
    `INSERT INTO declarations (session, name, revision, checksum, schema)
     SELECT :to, name, revision, copied_checksum(schema, checksum, :to, revision, session, name, revision), schema
     FROM declarations WHERE session = :from`,
  ].map((sql) => db.prepare<Copy>(sql));
  return (copy) => {
    for (const statement of statements) statement.run(copy);
  };
}

/**
 * The checksum of a row's copy, whose session and revision are others than the row's; one that does not verify when the row's does not, so
 * that damage stays known in the copy [P21].
 */
export function copiedChecksum(
  value: Uint8Array | null,
  stored: number,
  to: number,
  toRevision: number,
  from: number,
  name: string,
  fromRevision: number,
  ...rest: readonly (string | number | null)[]
): number {
  const copied = checksum(value, [to, name, toRevision, ...rest]);
  const verifies = stored === checksum(value, [from, name, fromRevision, ...rest]);
  return verifies ? copied : (copied ^ 1) >>> 0;
}
