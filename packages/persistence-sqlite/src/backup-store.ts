/** A copy of a store at one moment, made beside the server that has the file. */
import { existsSync, rmSync, statSync } from "node:fs";
import { resolve } from "node:path";
import type { Progress } from "./check-store.ts";
import { finishCopy, makePartial } from "./copies.ts";
import { refusal } from "./errors.ts";
import { checkDirectory, inspectStore } from "./file-checks.ts";

/** What was made. */
export interface BackupReport {
  readonly file: string;
  readonly backup: string;
  readonly schemaVersion: number;
  readonly sizeBytes: number;
}

/** Pages that are copied before the process answers signals again. */
const PAGES_AT_ONCE = 256;

/**
 * Copies a store to `target`: every commit up to one moment and nothing of later ones, whatever is written meanwhile. The copy has its name
 * only once it is complete and on the disk, and the permissions of the store. Rejects with TARGET_EXISTS instead of replacing a file.
 */
export function backupStore(given: string, target: string, onProgress: Progress = () => {}): Promise<BackupReport> {
  const [file, backup] = [resolve(given), resolve(target)];
  return inspectStore(file, async (db, schemaVersion) => {
    checkDirectory(backup);
    if (existsSync(backup)) throw refusal("TARGET_EXISTS", `${backup} exists; a copy replaces nothing`);
    const partial = makePartial(backup, statSync(file).mode);
    try {
      // An open transaction keeps the copy at one moment; without it, every commit beside it would make it begin anew.
      db.exec("BEGIN");
      db.prepare("SELECT count(*) FROM sqlite_schema").get();
      const { totalPages: pages } = await db.backup(partial, {
        progress({ totalPages, remainingPages }) {
          onProgress(totalPages - remainingPages, totalPages);
          return PAGES_AT_ONCE;
        },
      });
      db.exec("COMMIT");
      onProgress(pages, pages);
      if (!finishCopy(partial, backup)) throw refusal("TARGET_EXISTS", `${backup} exists; a copy replaces nothing`);
    } catch (error) {
      rmSync(partial, { force: true });
      throw error;
    }
    return { file, backup, schemaVersion, sizeBytes: statSync(backup).size };
  });
}
