/** Whole copies of a store in files of their own. A copy has its name only once it is complete, and no file is ever replaced. */
import { closeSync, existsSync, fsyncSync, linkSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { Database } from "better-sqlite3";

/** Copies the database of a connection that is in no transaction to `target`, or, when that is taken, to `target.2` and so on. */
export function copyAside(db: Database, target: string): void {
  const partial = makePartial(target, statSync(db.name).mode);
  db.prepare("VACUUM INTO ?").run(partial);
  let name = target;
  for (let n = 2; !finishCopy(partial, name); n++) name = `${target}.${n}`;
}

/** Makes the empty file in which a copy grows until it is complete, with these permissions; what a kill left there is nothing. */
export function makePartial(target: string, mode: number): string {
  const partial = `${target}.partial`;
  rmSync(partial, { force: true });
  closeSync(openSync(partial, "wx", mode));
  return partial;
}

/** Gives a complete copy its name, on the disk. False when there is a file of that name: both stay as they are. */
export function finishCopy(partial: string, target: string): boolean {
  sync(partial);
  if (existsSync(target)) return false;
  try {
    // A rename would replace a file that somebody made in this moment; a link never does.
    linkSync(partial, target);
    rmSync(partial);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    // Not every file system has links.
    renameSync(partial, target);
  }
  // Windows opens no directories; there the name is on the disk with the file.
  if (process.platform !== "win32") sync(dirname(target));
  return true;
}

function sync(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
