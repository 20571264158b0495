/** The columns of a variable, wherever it lies: in its session, in a history, in a checkpoint. */

/** As a table declares them. A row keeps its checksum where it goes: it says nothing of the table. */
export const VALUE_COLUMNS = `
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

/** Their names. */
export const VALUE_COLUMN_NAMES =
  "name, revision, encoding, type, created_at_ms, updated_at_ms, expires_at_ms, size_bytes, checksum, value" as const;
