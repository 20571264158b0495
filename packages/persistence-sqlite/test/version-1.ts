/** A store as version 1 of the schema made it, and what is in it. */
import Database from "better-sqlite3";
import { APPLICATION_ID } from "../src/schema.ts";
import { NOW_MS } from "./scratch.ts";

const SCHEMA_1 = `
  CREATE TABLE store (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    last_now_ms INTEGER NOT NULL,
    last_deleted_revision INTEGER NOT NULL
  ) STRICT;
  INSERT INTO store VALUES (1, ${NOW_MS}, 77);

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

  CREATE TABLE variables (
    session INTEGER NOT NULL REFERENCES sessions ON DELETE CASCADE,
    name TEXT NOT NULL,
    revision INTEGER NOT NULL,
    encoding TEXT NOT NULL,
    type TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER,
    size_bytes INTEGER NOT NULL,
    value BLOB CHECK ((value IS NULL) = (size_bytes > 4096)),
    PRIMARY KEY (session, name)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX variables_by_deadline ON variables (session, expires_at_ms) WHERE expires_at_ms IS NOT NULL;

  CREATE TABLE large_values (
    session INTEGER NOT NULL REFERENCES sessions ON DELETE CASCADE,
    name TEXT NOT NULL,
    revision INTEGER NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (session, name, revision)
  ) STRICT;
`;

/** Makes the file: a session "old" at revision 9 with a small variable, one that expires, and a large one of 100,000 bytes. */
export function makeVersion1(file: string): void {
  const db = new Database(file);
  db.pragma("auto_vacuum = INCREMENTAL");
  db.pragma("journal_mode = WAL");
  db.exec(SCHEMA_1);
  db.pragma(`application_id = ${APPLICATION_ID}`);
  db.pragma("user_version = 1");
  db.prepare(`INSERT INTO sessions VALUES (5, '', 'old', 9, 1, 2, 3, 4, NULL, ?, '{"team":"x"}', 3, 100014)`).run(NOW_MS + 5);
  const variable = db.prepare("INSERT INTO variables VALUES (5, ?, ?, '', ?, 1, 2, ?, ?, ?)");
  variable.run("small", 7, "int", null, 1, Buffer.of(42));
  variable.run("soon", 8, "bool", NOW_MS + 5, 1, Buffer.of(0xc3));
  variable.run("large", 9, "bytes", null, 100_000, null);
  db.prepare("INSERT INTO large_values VALUES (5, 'large', 9, ?)").run(LARGE_BYTES);
  db.close();
}

/** The large value of that store. */
export const LARGE_BYTES = Buffer.alloc(100_000, "a large value of version 1; ");
