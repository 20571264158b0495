/** Writing the variables of a session and their values. */
import type { StoredVariable, VariableRef } from "@session-bridge/core";
import type { Database } from "better-sqlite3";
import { SMALL_VALUE_BYTES } from "./packing.ts";
import { compressed, type LargeFields, largeChecksum, variableChecksum } from "./stored-value.ts";

/** That no head, history entry or checkpoint has a large value of this name and revision. CROSS JOIN keeps the order: few labels, then one row of each. */
const NEEDED_BY_NONE = `
  NOT EXISTS (SELECT 1 FROM variables v WHERE v.session = l.session AND v.name = l.name AND v.revision = l.revision AND v.size_bytes > 4096)
  AND NOT EXISTS (SELECT 1 FROM history h WHERE h.session = l.session AND h.name = l.name AND h.revision = l.revision AND h.size_bytes > 4096)
  AND NOT EXISTS (SELECT 1 FROM checkpoints c CROSS JOIN checkpoint_variables k ON k.session = c.session AND k.label = c.label
    WHERE c.session = l.session AND k.name = l.name AND k.revision = l.revision AND k.size_bytes > 4096)`;

/** The variables of sessions, by the number of the session's row. */
export interface VariableWriting {
  put(session: number, variables: readonly StoredVariable[]): void;
  remove(session: number, names: readonly string[]): void;
  /** Large values are there that were not put: a session was copied, or what was done was taken back. */
  forget(): void;
  /** What large values of these names, or of all, nothing needs any more is gone [P22]. Told after everything else of a delta. */
  prune(session: number, names: Iterable<string> | "all"): void;
}

/** Prepares every statement once. */
export function variableWriting(db: Database): VariableWriting {
  const putVariable = db.prepare(
    `INSERT OR REPLACE INTO variables (session, name, revision, encoding, type, created_at_ms, updated_at_ms, expires_at_ms, size_bytes,
       checksum, value)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const deleteVariable = db.prepare<[number, string]>("DELETE FROM variables WHERE session = ? AND name = ?");
  const putLarge = db.prepare<LargeFields & { readonly checksum: number; readonly stored: Uint8Array }>(
    `INSERT OR REPLACE INTO large_values (session, name, revision, compression, checksum, value)
     VALUES (:session, :name, :revision, :compression, :checksum, :stored)`,
  );
  const hasLarge = db.prepare<[number], 1>("SELECT 1 FROM large_values WHERE session = ? LIMIT 1").pluck();
  const pruneName = db.prepare<[number, string]>(`DELETE FROM large_values AS l WHERE session = ? AND name = ? AND ${NEEDED_BY_NONE}`);
  const pruneAll = db.prepare<[number]>(`DELETE FROM large_values AS l WHERE session = ? AND ${NEEDED_BY_NONE}`);

  /** Sessions of which it is known that they have no large value, so that nothing has to be looked for at each set. */
  const small = new Set<number>();
  const isSmall = (session: number): boolean => {
    if (small.has(session)) return true;
    if (hasLarge.get(session) !== undefined) return false;
    if (small.size >= MOST_SMALL) small.clear();
    small.add(session);
    return true;
  };

  return {
    put(session, variables) {
      for (const { name, bytes, encoding, type, revision, createdAtMs, updatedAtMs, expiresAtMs: at } of variables) {
        const [expiresAtMs, sizeBytes] = [at ?? null, bytes.length];
        const value = sizeBytes <= SMALL_VALUE_BYTES ? bytes : null;
        const sum = variableChecksum({ session, name, revision, encoding, type, createdAtMs, updatedAtMs, expiresAtMs, sizeBytes }, value);
        // By their places: SQLite looks each name up, every time.
        putVariable.run(session, name, revision, encoding, type, createdAtMs, updatedAtMs, expiresAtMs, sizeBytes, sum, value);
        if (value !== null) continue;
        small.delete(session);
        const { compression, stored } = compressed(bytes);
        const large = { session, name, revision, compression };
        putLarge.run({ ...large, checksum: largeChecksum(large, stored), stored });
      }
    },
    remove(session, names) {
      for (const name of names) deleteVariable.run(session, name);
    },
    forget() {
      small.clear();
    },
    prune(session, names) {
      if (isSmall(session)) return;
      if (names === "all") pruneAll.run(session);
      else for (const name of names) pruneName.run(session, name);
    },
  };
}

/** The names that a delta touches, each once. */
export const touchedNames = (
  set: readonly StoredVariable[],
  removed: readonly string[],
  dropped: readonly VariableRef[] = [],
): ReadonlySet<string> => new Set([...removed, ...set.map(({ name }) => name), ...dropped.map(({ name }) => name)]);

/** Of how many sessions it is known at most that they have no large value. */
const MOST_SMALL = 10_000;
