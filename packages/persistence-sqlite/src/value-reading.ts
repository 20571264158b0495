/** Finding a value by its name and revision, wherever its session has it. */
import type { VariableRef } from "@session-bridge/core";
import type { Database } from "better-sqlite3";
import { isCorruption } from "./errors.ts";
import { selectValues, storedValueOf, type ValueRow } from "./rows.ts";

/** The session to look in. */
export interface Place {
  readonly session: number;
  /** 0 when only its variables have values. */
  readonly hasSections: number;
}

type Found = Uint8Array | "damaged" | undefined;

/**
 * Prepares finding a value: undefined when the session does not have it, "damaged" when it has it and none of its copies verifies [P21].
 * Whoever has the name and the revision has the same value.
 */
export function valueFinder(db: Database): (place: Place, ref: VariableRef) => Found {
  const select = (sql: string) => db.prepare<[number, string, number], ValueRow>(sql);
  const ofVariables = select(`${selectValues("variables")} WHERE v.session = ? AND v.name = ? AND v.revision = ?`);
  const ofSections = [
    select(`${selectValues("history")} WHERE v.session = ? AND v.name = ? AND v.revision = ?`),
    select(
      `${selectValues("checkpoint_variables")} WHERE (v.session, v.label) IN (SELECT session, label FROM checkpoints WHERE session = ?)
       AND v.name = ? AND v.revision = ?`,
    ),
  ];
  return ({ session, hasSections }, { name, revision }) => {
    let found: Found;
    for (const statement of hasSections === 0 ? [ofVariables] : [ofVariables, ...ofSections]) {
      const value = firstWhole(() => statement.iterate(session, name, revision));
      if (value !== undefined && value !== "damaged") return value;
      found = value ?? found;
    }
    return found;
  };
}

/** The first value that verifies; "damaged" when there are rows and none does, or SQLite finds the pages damaged on which they lie. */
function firstWhole(rows: () => Iterable<ValueRow>): Found {
  let found: Found;
  try {
    for (const row of rows()) {
      const value = storedValueOf(row);
      if (value !== undefined) return value;
      found = "damaged";
    }
  } catch (error) {
    if (!isCorruption(error)) throw error;
    found = "damaged";
  }
  return found;
}
