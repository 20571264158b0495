/** How a file of an older schema becomes one of ours: forward, one version after another, and never without a backup. */
import type { Database } from "better-sqlite3";
import { copyAside } from "./copies.ts";
import { LARGE_VALUES_TABLE, REQUESTS_TABLES, VARIABLES_TABLE } from "./schema.ts";
import { SECTIONS } from "./section-schema.ts";
import { COMPRESSION, checksum } from "./stored-value.ts";

/** Brings a file one version further, inside a transaction that it does not end. */
export type Migration = (db: Database) => void;

/** Checksums for every row, room for compressed values, and remembered requests; the values stay as they are. */
const toVersion2: Migration = (db) => {
  db.function("checksum_of", { varargs: true, deterministic: true }, (value, ...fields) =>
    checksum(value as Uint8Array | null, fields as (string | number | null)[]),
  );
  db.exec(`
    DROP INDEX variables_by_deadline;
    ALTER TABLE variables RENAME TO variables_1;
    ALTER TABLE large_values RENAME TO large_values_1;
    ${VARIABLES_TABLE}
    ${LARGE_VALUES_TABLE}
    ${REQUESTS_TABLES}
    INSERT INTO variables
      SELECT session, name, revision, encoding, type, created_at_ms, updated_at_ms, expires_at_ms, size_bytes,
        checksum_of(value, session, name, revision, encoding, type, created_at_ms, updated_at_ms, expires_at_ms, size_bytes), value
      FROM variables_1;
    INSERT INTO large_values
      SELECT session, name, revision, ${COMPRESSION.none}, checksum_of(value, session, name, revision, ${COMPRESSION.none}), value
      FROM large_values_1;
    DROP TABLE variables_1;
    DROP TABLE large_values_1;
  `);
};

/** Room for histories, checkpoints and declarations. */
const toVersion3: Migration = (db) => {
  db.exec(SECTIONS);
};

/** The step from each version to the next: the first one leads from version 1 to 2. */
export const MIGRATIONS: readonly Migration[] = [toVersion2, toVersion3];

/**
 * Brings a store to the newest version. Before the first step the file is copied to `<file>.v<version>.backup`, or, when that is taken, to
 * the same name with a number. Each step is a transaction: whatever ends it leaves a whole store of one version, and the next opening goes on.
 */
export function migrate(db: Database, file: string, migrations = MIGRATIONS): void {
  const version = (): number => db.pragma("user_version", { simple: true }) as number;
  const newest = migrations.length + 1;
  if (version() >= newest) return;
  copyAside(db, `${file}.v${version()}.backup`);
  while (version() < newest) {
    const next = version() + 1;
    db.transaction(() => {
      (migrations[next - 2] as Migration)(db);
      db.pragma(`user_version = ${next}`);
    }).immediate();
  }
}
