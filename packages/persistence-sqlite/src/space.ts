/** What becomes of bytes that nothing needs any more: they leave the write-ahead log, and their pages the file. Each call is short. */
import type { Database } from "better-sqlite3";
import type { Answers } from "./messages.ts";

/** Two milliseconds of work or so: what a save waits at most for it. */
export const STEP_PAGES = 64;

/** How long emptying the log waits for loads that are under way; new ones do not need the log any more. */
const LOADS_END_MS = 20;

/**
 * Brings everything into the file and empties the log, in which the bytes of deleted and replaced values would still be. It waits for
 * loads and for nobody else: while another connection, such as a backup's, goes on reading what is in the log, it answers that it is busy.
 */
export function checkpoint(db: Database): Answers["checkpoint"] {
  const timeoutMs = db.pragma("busy_timeout", { simple: true }) as number;
  db.pragma(`busy_timeout = ${LOADS_END_MS}`);
  try {
    const [result] = db.pragma("wal_checkpoint(TRUNCATE)") as [{ readonly busy: number }];
    return { busy: result.busy !== 0, freePages: freePagesOf(db) };
  } finally {
    db.pragma(`busy_timeout = ${timeoutMs}`);
  }
}

/** Gives at most `STEP_PAGES` free pages back; the file is smaller after the next checkpoint. */
export function giveBack(db: Database): Answers["giveBack"] {
  db.pragma(`incremental_vacuum(${STEP_PAGES})`);
  return { freePages: freePagesOf(db) };
}

const freePagesOf = (db: Database): number => db.pragma("freelist_count", { simple: true }) as number;
