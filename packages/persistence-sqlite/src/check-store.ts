/** Whether a store is whole: its pages, its rows, and every value. It only reads, and works beside the server that has the file. */
import { resolve } from "node:path";
import type { SessionKey } from "@session-bridge/core";
import type { Database } from "better-sqlite3";
import { type CheckedRow, sectionCheck } from "./check-sections.ts";
import { type CheckedSections, type Finding, findingsOf } from "./check-session.ts";
import { isCorruption } from "./errors.ts";
import { inspectStore } from "./file-checks.ts";
import { SUMMARY_COLUMNS, selectValues, type ValueRow } from "./rows.ts";

/** Something that is wrong. `pages` is what SQLite itself finds, `orphan` a row that belongs to nothing. */
export interface StoreProblem {
  readonly kind: Finding["kind"] | "pages" | "orphan";
  /** Of which session, when that is known. */
  readonly session?: SessionKey;
  /** Of which variable. */
  readonly name?: string;
  readonly text: string;
}

/** What a check found. */
export interface StoreReport {
  readonly ok: boolean;
  readonly file: string;
  readonly schemaVersion: number;
  readonly sessions: number;
  readonly variables: number;
  /** Names and values, uncompressed. */
  readonly sizeBytes: number;
  readonly problemCount: number;
  /** The first 1,000. */
  readonly problems: readonly StoreProblem[];
}

/** Told how much is done of how much. */
export type Progress = (done: number, total: number) => void;

/** A session as it is at one moment. */
interface CheckedSession {
  readonly row: CheckedRow;
  readonly variables: readonly ValueRow[];
  readonly sections: CheckedSections;
}

/** Reads, and reports it when the pages make no sense that it needs. */
type Guard = (reading: string, look: () => void, session?: SessionKey) => void;

const MAX_PROBLEMS = 1000;
const SESSIONS_AT_ONCE = 100;

/** Rows that belong to nothing, as `[session, name]`. */
const ORPHANS = {
  "a variable of no session": ofNoSession("variables", "name"),
  "a history of no session": `${ofNoSession("history", "name")} UNION ALL ${ofNoSession("history_ends", "name")}`,
  "a checkpoint of no session": ofNoSession("checkpoints", "label"),
  "a variable of no checkpoint": `SELECT session, name FROM checkpoint_variables v WHERE NOT EXISTS
    (SELECT 1 FROM checkpoints WHERE session = v.session AND label = v.label)`,
  "a declaration of no session": ofNoSession("declarations", "name"),
  "a large value of no variable": `SELECT session, name FROM large_values l
    WHERE NOT EXISTS (SELECT 1 FROM variables WHERE session = l.session AND name = l.name AND revision = l.revision AND value IS NULL)
    AND NOT EXISTS (SELECT 1 FROM history WHERE session = l.session AND name = l.name AND revision = l.revision AND value IS NULL)
    AND NOT EXISTS (SELECT 1 FROM checkpoints c CROSS JOIN checkpoint_variables v ON v.session = c.session AND v.label = c.label
      WHERE c.session = l.session AND v.name = l.name AND v.revision = l.revision AND v.value IS NULL)`,
} as const;

function ofNoSession(table: string, name: string): string {
  return `SELECT session, ${name} AS name FROM ${table} t WHERE NOT EXISTS (SELECT 1 FROM sessions WHERE session = t.session)`;
}

/**
 * Checks a store. Sessions are looked at a hundred at a time, each time as they are at that moment, so that a server beside it is kept
 * from nothing for long. Rejects with a SqliteStoreError when the file is no store of this version, or cannot be read at all.
 */
export function checkStore(given: string, onProgress: Progress = () => {}): Promise<StoreReport> {
  const file = resolve(given);
  return inspectStore(file, async (db, schemaVersion) => {
    const problems: StoreProblem[] = [];
    const counts = { sessions: 0, variables: 0, sizeBytes: 0, problemCount: 0 };
    const report = (problem: StoreProblem): void => {
      counts.problemCount += 1;
      if (problems.length < MAX_PROBLEMS) problems.push(problem);
    };
    const guarded: Guard = (reading, look, session) => {
      try {
        look();
      } catch (error) {
        if (!isCorruption(error)) throw error;
        report({ kind: "pages", ...(session && { session }), text: `reading ${reading}: ${(error as Error).message}` });
      }
    };

    let total = 0;
    guarded("how many sessions there are", () => {
      total = db.prepare<[], number>("SELECT count(*) FROM sessions").pluck().get() as number;
    });
    onProgress(0, total);
    guarded("the pages", () => checkPages(db, report));
    for await (const { row, variables, sections } of sessionsOf(db, guarded, (done) => onProgress(done, Math.max(done, total)))) {
      const session = { tenant: row.tenant, id: row.id };
      counts.sessions += 1;
      counts.variables += variables.length;
      counts.sizeBytes += row.sizeBytes;
      for (const finding of findingsOf(row, variables, sections)) report({ session, ...finding });
    }
    for (const [what, sql] of Object.entries(ORPHANS)) {
      guarded(`whether there is ${what}`, () => {
        for (const { session, name } of db.prepare<[], { readonly session: number; readonly name: string }>(sql).iterate()) {
          report({ kind: "orphan", name, text: `${what}: row ${session}` });
        }
      });
    }
    return { ok: counts.problemCount === 0, file, schemaVersion, ...counts, problems };
  });
}

function checkPages(db: Database, report: (problem: StoreProblem) => void): void {
  for (const text of db.prepare<[], string>(`PRAGMA integrity_check(${MAX_PROBLEMS})`).pluck().iterate()) {
    if (text !== "ok") report({ kind: "pages", text: text.replace("*** in database main ***\n", "") });
  }
}

/** Every session with its variables. One whose pages make no sense is told to `guarded` and left out. */
async function* sessionsOf(db: Database, guarded: Guard, onDone: (sessions: number) => void): AsyncGenerator<CheckedSession> {
  const some = db.prepare<[number, number], CheckedRow>(
    `SELECT session, has_sections AS hasSections, ${SUMMARY_COLUMNS} FROM sessions WHERE session > ? ORDER BY session LIMIT ?`,
  );
  const ofSession = db.prepare<[number], ValueRow>(`${selectValues("variables")} WHERE v.session = ?`);
  const sectionsOf = sectionCheck(db);
  let [last, done] = [0, 0];
  for (;;) {
    const found: CheckedSession[] = [];
    let rows: readonly CheckedRow[] = [];
    const read = db.transaction(() => {
      rows = some.all(last, SESSIONS_AT_ONCE);
      for (const row of rows) {
        const key = { tenant: row.tenant, id: row.id };
        guarded("its variables", () => found.push({ row, variables: ofSession.all(row.session), sections: sectionsOf(row) }), key);
      }
    });
    guarded("the sessions", read);
    yield* found;
    done += rows.length;
    onDone(done);
    if (rows.length < SESSIONS_AT_ONCE) return;
    last = rows.at(-1)?.session ?? last;
    // Between two portions the process answers signals.
    await new Promise(setImmediate);
  }
}
