/** One owner for each file: two writers with a cache each would lose one another's work. */
import { hostname } from "node:os";
import Database from "better-sqlite3";
import { refusal } from "./errors.ts";

/** Held for as long as a store is open. */
export interface Ownership {
  /** Gives the file free. The lock file stays: removing it would let two owners hold two files of one name. */
  release(): void;
}

interface Owner {
  readonly pid: number;
  readonly host: string;
  readonly since: string;
}

/**
 * Makes this process the owner of `file`, or throws STORE_IN_USE naming the owner. The lock is a transaction that stays open on the tiny
 * database `<file>.lock`: the operating system drops it with the process, so none is ever stale, and others can read whose it is.
 */
export function takeOwnership(file: string): Ownership {
  const lock = new Database(`${file}.lock`, { timeout: 0 });
  try {
    lock.exec("BEGIN IMMEDIATE; CREATE TABLE IF NOT EXISTS owner (pid INTEGER, host TEXT, since TEXT); DELETE FROM owner");
    lock.prepare("INSERT INTO owner VALUES (?, ?, ?)").run(process.pid, hostname(), new Date().toISOString());
    // Only what is committed can be read by others. Whoever comes first in between owns the file.
    lock.exec("COMMIT; BEGIN IMMEDIATE");
    return {
      release() {
        lock.close();
      },
    };
  } catch (error) {
    const inUse = error instanceof Database.SqliteError && error.code.startsWith("SQLITE_BUSY");
    const refused = inUse
      ? refusal("STORE_IN_USE", `the store ${file} is in use${named(lock)}; a file has one owner at a time`, error)
      : error;
    lock.close();
    throw refused;
  }
}

function named(lock: Database.Database): string {
  try {
    const owner = lock.prepare<[], Owner>("SELECT pid, host, since FROM owner").get();
    return owner === undefined ? "" : ` by process ${owner.pid} on ${owner.host} since ${owner.since}`;
  } catch {
    // The owner is just writing its name.
    return "";
  }
}
