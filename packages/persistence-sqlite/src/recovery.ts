/** What is done after a commit that failed, before anything else is answered. */
import type { Database } from "better-sqlite3";
import { type Durability, openWriter } from "./connections.ts";
import { refusal, SqliteStoreError } from "./errors.ts";
import type { WorkerLink } from "./worker-link.ts";

/**
 * Opens the connection anew and makes sure that the disk works and that the file is whole. A commit whose sync failed still lies in the
 * log, where a crash would bring it back: writing over it and emptying the log settles for good whether it happened. Throws what SQLite
 * says while the disk does not work, or STORE_DAMAGED; the old connection is closed then, and it can be tried again.
 */
export function reopen(failed: Database, file: string, durability: Durability): Database {
  failed.close();
  const db = openWriter(file, durability);
  try {
    // The version that it has: of rows, SQLite does not write what is there already, but of this number it does.
    db.pragma(`user_version = ${String(db.pragma("user_version", { simple: true }))}`);
    const [{ busy }] = db.pragma("wal_checkpoint(TRUNCATE)") as [{ readonly busy: number }];
    if (busy !== 0) throw refusal("LOG_IN_USE", `somebody reads the log of ${file}, so that it cannot be emptied`);
    const found = db.pragma("quick_check(1)", { simple: true });
    if (found !== "ok") throw refusal("STORE_DAMAGED", `${file} is damaged: ${String(found)}`);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** A link whose thread is started anew when it ended by itself: what it was asked fails with WORKER_DEAD, what comes next does not. */
export function lasting(start: () => WorkerLink): WorkerLink {
  let current = start();
  let dead = false;
  let reviving: Promise<void> | undefined;

  async function revive(): Promise<void> {
    const next = start();
    try {
      await next.ask("open", undefined);
      current = next;
      dead = false;
    } catch (error) {
      await next.end().catch(() => {});
      throw error;
    } finally {
      reviving = undefined;
    }
  }

  return {
    async ask(method, question, values) {
      if (dead) {
        reviving ??= revive();
        await reviving;
      }
      const asked = current;
      try {
        return await asked.ask(method, question, values);
      } catch (error) {
        if (asked === current && error instanceof SqliteStoreError && error.code === "WORKER_DEAD") dead = true;
        throw error;
      }
    },
    end: () => current.end(),
  };
}

/**
 * The links of a file's writer and reader, neither of which is asked anything between a change that failed and a `recover` that succeeded:
 * nobody is told what a crash could make untrue. Whoever asks meanwhile tries to recover, and is refused while that fails.
 */
export function recovering(writer: WorkerLink, reader: WorkerLink): { readonly writer: WorkerLink; readonly reader: WorkerLink } {
  let doubtful = false;
  let recovery: Promise<void> | undefined;

  async function recover(): Promise<void> {
    try {
      await writer.ask("recover", undefined);
      doubtful = false;
    } finally {
      recovery = undefined;
    }
  }

  const guarded = (link: WorkerLink): WorkerLink => ({
    async ask(method, question, values) {
      if (doubtful) {
        recovery ??= recover();
        await recovery;
      }
      try {
        return await link.ask(method, question, values);
      } catch (error) {
        // What the writer is asked changes the file, what the reader is asked never does.
        if (link === writer) doubtful = true;
        throw error;
      }
    },
    end: () => link.end(),
  });

  return { writer: guarded(writer), reader: guarded(reader) };
}
