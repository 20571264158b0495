/** What a store's file looks like, and how a new one is made. */
import type { Database } from "better-sqlite3";
import { refusal } from "./errors.ts";
import { SECTIONS } from "./section-schema.ts";
import { VALUE_COLUMNS } from "./value-columns.ts";

/** Says in the file's header whose it is: "SBrg". */
export const APPLICATION_ID = 0x53427267;

/** The schema that this version reads and writes, in the header's `user_version`. */
export const SCHEMA_VERSION = 3;

/** Values up to 4 KiB lie with their variable, so that one range of one table is a session. Checksums: `stored-value.ts`. */
export const VARIABLES_TABLE = `
  CREATE TABLE variables (
    session INTEGER NOT NULL REFERENCES sessions ON DELETE CASCADE,${VALUE_COLUMNS},
    PRIMARY KEY (session, name)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX variables_by_deadline ON variables (session, expires_at_ms) WHERE expires_at_ms IS NOT NULL;
`;

/** Values over 4 KiB; `compression` is 0 for none, 1 for zstd. */
export const LARGE_VALUES_TABLE = `
  CREATE TABLE large_values (
    session INTEGER NOT NULL REFERENCES sessions ON DELETE CASCADE,
    name TEXT NOT NULL,
    revision INTEGER NOT NULL,
    compression INTEGER NOT NULL CHECK (compression IN (0, 1)),
    checksum INTEGER NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (session, name, revision)
  ) STRICT;
`;

/**
 * The requests that changes have answered, in the order of the changes; they outlive their session. `forgotten_requests` has the moment of
 * the latest one that a session forgot for lack of room.
 */
export const REQUESTS_TABLES = `
  CREATE TABLE requests (
    number INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    request_id TEXT NOT NULL,
    digest BLOB NOT NULL,
    answer BLOB,
    at_ms INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    UNIQUE (tenant, id, request_id)
  ) STRICT;
  CREATE TABLE forgotten_requests (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
  ) STRICT, WITHOUT ROWID;
`;

/**
 * Ids and names are TEXT in UTF-8 and compared as bytes, which is their order in listings. `due_at_ms` is the earliest deadline of the
 * session, of its variables and of its history. More columns of sessions come with SECTIONS.
 */
const SCHEMA = `
  CREATE TABLE store (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    last_now_ms INTEGER NOT NULL,
    last_deleted_revision INTEGER NOT NULL
  ) STRICT;
  INSERT INTO store VALUES (1, 0, 0);

  CREATE TABLE sessions (
    session INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    accessed_at_ms INTEGER NOT NULL,
    ttl_ms INTEGER,
    ends_at_ms INTEGER,
    expires_at_ms INTEGER,
    due_at_ms INTEGER,
    labels TEXT NOT NULL,
    variable_count INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    UNIQUE (tenant, id)
  ) STRICT;
  CREATE INDEX sessions_by_deadline ON sessions (due_at_ms) WHERE due_at_ms IS NOT NULL;

  ${VARIABLES_TABLE}
  ${LARGE_VALUES_TABLE}
  ${REQUESTS_TABLES}
  ${SECTIONS}
`;

/** Makes a new database a store, in one transaction. */
export function createSchema(db: Database): void {
  db.transaction(() => {
    db.exec(SCHEMA);
    db.pragma(`application_id = ${APPLICATION_ID}`);
    db.pragma(`user_version = ${SCHEMA_VERSION}`);
  }).immediate();
}

/** The two numbers of a database's header. */
export interface Header {
  readonly applicationId: number;
  readonly schemaVersion: number;
}

/** Throws NEWER_SCHEMA or NOT_A_STORE unless a file with this header is a store of ours, or has no owner yet. */
export function checkHeader(file: string, { applicationId, schemaVersion }: Header): void {
  if (applicationId === APPLICATION_ID && schemaVersion > SCHEMA_VERSION) {
    throw refusal(
      "NEWER_SCHEMA",
      `${file} has schema ${schemaVersion}, written by a later version of session-bridge; this one knows schema ${SCHEMA_VERSION} and leaves it as it is`,
    );
  }
  if (applicationId === APPLICATION_ID ? schemaVersion < 1 : applicationId !== 0 || schemaVersion !== 0) throw notAStore(file);
}

/** The error for a file that is somebody else's. */
export const notAStore = (file: string, cause?: unknown): Error =>
  refusal("NOT_A_STORE", `${file} is not a session-bridge store; it was left as it is`, cause);
