/** Where histories, checkpoints and declarations lie. */

import { VALUE_COLUMNS } from "./value-columns.ts";

/**
 * What version 3 has more than version 2. `since_revision` is null without a history; `has_sections` is 0 for sessions that never had
 * anything of what follows, which then is not looked for. A large value is kept once, for whoever has its name and revision.
 */
export const SECTIONS = `
  ALTER TABLE sessions ADD COLUMN history_entries INTEGER;
  ALTER TABLE sessions ADD COLUMN since_revision INTEGER;
  ALTER TABLE sessions ADD COLUMN has_sections INTEGER NOT NULL DEFAULT 0;

  CREATE TABLE history (
    session INTEGER NOT NULL REFERENCES sessions ON DELETE CASCADE,${VALUE_COLUMNS},
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
    label TEXT NOT NULL,${VALUE_COLUMNS},
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
