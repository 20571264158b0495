/** What is checked of a file before anything opens it for writing, so that a refused file stays as it is, byte for byte. */
import { closeSync, existsSync, openSync, readSync, statSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { refusal } from "./errors.ts";
import { checkHeader, type Header, notAStore } from "./schema.ts";

/** Throws DIRECTORY_MISSING unless the file's directory exists. */
export function checkDirectory(file: string): void {
  const directory = dirname(file);
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory()) return;
  throw refusal("DIRECTORY_MISSING", `the directory ${directory} of the store ${file} does not exist`);
}

/**
 * Throws NOT_A_STORE or NEWER_SCHEMA unless the file is a store of ours, empty, or not there. Call it only as the file's owner: closing a
 * file drops every lock that this process has on it (https://sqlite.org/howtocorrupt.html, 2.2).
 */
export function checkFile(file: string): void {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isFile()) throw notAStore(file);
  if (stats.size > 0) checkHeader(file, existsSync(`${file}-wal`) ? headerBehindWal(file) : headerOf(file));
}

/** The header as the file has it: https://sqlite.org/fileformat2.html, 1.3. */
function headerOf(file: string): Header {
  const header = Buffer.alloc(100);
  const descriptor = openSync(file, "r");
  try {
    readSync(descriptor, header, 0, header.length, 0);
  } finally {
    closeSync(descriptor);
  }
  if (header.toString("latin1", 0, 16) !== "SQLite format 3\0") throw notAStore(file);
  return { schemaVersion: header.readInt32BE(60), applicationId: header.readInt32BE(68) };
}

/** After a crash the newest header may still be in the write-ahead log; a read-only connection sees it and moves nothing. */
function headerBehindWal(file: string): Header {
  try {
    const db = new Database(file, { readonly: true, fileMustExist: true });
    try {
      return {
        schemaVersion: db.pragma("user_version", { simple: true }) as number,
        applicationId: db.pragma("application_id", { simple: true }) as number,
      };
    } finally {
      db.close();
    }
  } catch (error) {
    if (error instanceof Database.SqliteError && error.code === "SQLITE_NOTADB") throw notAStore(file, error);
    throw error;
  }
}
