/** What is checked of a file without writing to it, so that a refused file stays as it is, byte for byte. */
import { closeSync, existsSync, openSync, readSync, statSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { isCorruption, isNoDatabase, refusal } from "./errors.ts";
import { checkHeader, type Header, notAStore, SCHEMA_VERSION } from "./schema.ts";

/** Throws DIRECTORY_MISSING unless the file's directory exists. */
export function checkDirectory(file: string): void {
  const directory = dirname(file);
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory()) return;
  throw refusal("DIRECTORY_MISSING", `the directory ${directory} of the store ${file} does not exist`);
}

/** How long to wait for a lock that somebody else has. */
const BUSY_TIMEOUT_MS = 5000;

/** The largest file that is read whole before it is served: a tenth of a second or so. Of a larger one, only where everything begins. */
const CHECKED_WHOLE_BYTES = 64 * 1024 * 1024;

/**
 * Throws NOT_A_STORE, NEWER_SCHEMA or STORE_DAMAGED unless the file is a store of ours, empty, or not there. Call it only as the file's
 * owner: closing a file drops every lock that this process has on it (https://sqlite.org/howtocorrupt.html, 2.2).
 */
export function checkFile(file: string): void {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isFile()) throw notAStore(file);
  if (stats.size === 0) return;
  // Without a log the file alone says what it is, and a refused one gets no companions.
  if (!existsSync(`${file}-wal`)) checkHeader(file, headerOf(file));
  inspect(file, (db) => {
    const header = pragmaHeader(db);
    checkHeader(file, header);
    // One without an owner is judged by whether it is empty, once it is open.
    if (header.applicationId !== 0) checkPages(db, file, stats.size);
  });
}

/**
 * Looks at a store of this schema that somebody may have open. Rejects with STORE_MISSING, NOT_A_STORE, NEWER_SCHEMA, OLDER_SCHEMA, or
 * STORE_DAMAGED when it cannot even be opened.
 */
export async function inspectStore<T>(file: string, look: (db: Database.Database, schemaVersion: number) => Promise<T>): Promise<T> {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined) throw refusal("STORE_MISSING", `there is no store ${file}`);
  if (!stats.isFile()) throw notAStore(file);
  const db = new Database(file, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
  try {
    const header = named(file, () => pragmaHeader(db));
    checkHeader(file, header);
    if (header.applicationId === 0) throw notAStore(file);
    if (header.schemaVersion < SCHEMA_VERSION) {
      const text = `${file} has schema ${header.schemaVersion}; a server of this version that opens it makes it schema ${SCHEMA_VERSION}`;
      throw refusal("OLDER_SCHEMA", text);
    }
    return await look(db, header.schemaVersion);
  } finally {
    db.close();
  }
}

/** Looks without changing anything: a read-only connection sees what is in the log, too, and moves nothing. */
function inspect(file: string, look: (db: Database.Database) => void): void {
  named(file, () => {
    const db = new Database(file, { readonly: true, fileMustExist: true });
    try {
      look(db);
    } finally {
      db.close();
    }
  });
}

/** Does it, and says of which file SQLite says that it is none or that its pages make no sense. */
function named<T>(file: string, look: () => T): T {
  try {
    return look();
  } catch (error) {
    if (isNoDatabase(error)) throw notAStore(file, error);
    if (isCorruption(error)) throw damaged(file, (error as Error).message, error);
    throw error;
  }
}

/** What a connection says of whose the file is. */
const pragmaHeader = (db: Database.Database): Header => ({
  schemaVersion: db.pragma("user_version", { simple: true }) as number,
  applicationId: db.pragma("application_id", { simple: true }) as number,
});

/** SQLite itself refuses a file whose end is missing. */
function checkPages(db: Database.Database, file: string, fileBytes: number): void {
  const logBytes = statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  if (fileBytes + logBytes <= CHECKED_WHOLE_BYTES) {
    const finding = db.pragma("integrity_check(1)", { simple: true }) as string;
    if (finding !== "ok") throw damaged(file, finding);
  }
  for (const table of ["store", "sessions", "variables", "large_values"]) {
    if (db.pragma(`table_info(${table})`, { simple: true }) === undefined) throw damaged(file, `it has no table ${table}`);
    db.prepare(`SELECT * FROM ${table} LIMIT 1`).get();
  }
}

const damaged = (file: string, finding: string, cause?: unknown): Error =>
  refusal("STORE_DAMAGED", `${file} is damaged and was left as it is; a backup can replace it: ${finding.replaceAll(/\s+/g, " ")}`, cause);

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
