/** Where histories, checkpoints and declarations lie. */

/** The columns of `variables` that its copies have too. A row keeps its checksum where it goes: it says nothing of the table. */
const VARIABLE = `
    name TEXT NOT NULL,
    revision INTEGER NOT NULL,
    encoding TEXT NOT NULL,
    type TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER,
    size_bytes INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    value BLOB CHECK ((value IS NULL) = (size_bytes > 4096))`;

/** The names of these columns. */
export const COPIED_COLUMNS =
  "name, revision, encoding, type, created_at_ms, updated_at_ms, expires_at_ms, size_bytes, checksum, value" as const;

/**
 * What version 3 has more than version 2. `since_revision` is null without a history; `has_sections` is 0 for sessions that never had
 * anything of what follows, which then is not looked for. A large value is kept once, for whoever has its name and revision.
 */
export const SECTIONS = `
  ALTER TABLE sessions ADD COLUMN history_entries INTEGER;
  ALTER TABLE sessions ADD COLUMN since_revision INTEGER;
  ALTER TABLE sessions ADD COLUMN has_sections INTEGER NOT NULL DEFAULT 0;

  CREATE TABLE history (
    session INTEGER NOT NULL REFERENCES sessions ON DELETE CASCADE,${VARIABLE},
    PRIMARY KEY (session, name, revision)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX history_by_deadline ON history (session, expires_at_ms) WHERE expires_at_ms IS NOT NULL;

  CREATE TABLE history_ends (
    session INTEGER NOT NULL REFERENCES sessions ON DELETE CASCADE,
    name TEXT NOT NULL,
    revision INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('delete', 'expire')),
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (session, name, revision)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE checkpoints (
    session INTEGER NOT NULL REFERENCES sessions ON DELETE CASCADE,
    label TEXT NOT NULL,
    revision INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    PRIMARY KEY (session, label)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE checkpoint_variables (
    session INTEGER NOT NULL,
    label TEXT NOT NULL,${VARIABLE},
    PRIMARY KEY (session, label, name),
    FOREIGN KEY (session, label) REFERENCES checkpoints ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE declarations (
    session INTEGER NOT NULL REFERENCES sessions ON DELETE CASCADE,
    name TEXT NOT NULL,
    revision INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    schema BLOB NOT NULL,
    PRIMARY KEY (session, name)
  ) STRICT, WITHOUT ROWID;
`;
