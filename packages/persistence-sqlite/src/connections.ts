/** Connections whose settings are set and read back each time: SQLite forgets most of them with the connection. */
import Database from "better-sqlite3";
import { refusal } from "./errors.ts";
import { migrate } from "./migrations.ts";
import { checkHeader, createSchema, notAStore } from "./schema.ts";

/** The file name of a store that is gone when it is closed. */
export const IN_MEMORY = ":memory:";

/** Older versions can corrupt a database in WAL mode (https://sqlite.org/wal.html, "WAL-reset bug"). */
const OLDEST_SQLITE = [3, 51, 3] as const;

/** How long to wait for a lock that somebody else has, such as a backup. */
const BUSY_TIMEOUT_MS = 5000;

/** What a save waits for before it is answered: that the disk has it, or that the operating system has it. */
export type Durability = "fsync" | "commit";

/** What each durability sets, and how SQLite reads it back. Only macOS knows `fullfsync`: there an ordinary sync does not reach the disk. */
const DURABILITIES: Readonly<
  Record<Durability, Readonly<Record<"synchronous" | "fullfsync", readonly [value: string, expected: number]>>>
> = {
  fsync: { synchronous: ["FULL", 2], fullfsync: ["ON", 1] },
  commit: { synchronous: ["NORMAL", 1], fullfsync: ["OFF", 0] },
};

/** Opens the one connection that writes: creates the file when it is not there, checks it, sets what durability depends on, and migrates it. */
export function openWriter(file: string, durability: Durability = "fsync"): Database.Database {
  const db = new Database(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    checkSqliteVersion(db.prepare<[], string>("SELECT sqlite_version()").pluck().get() as string);
    const isNew = checkDatabase(db, file);
    // Both only work before the first table; the mode of vacuuming also before the file becomes a WAL one.
    if (isNew) db.pragma("auto_vacuum = INCREMENTAL");
    if (file !== IN_MEMORY) set(db, "journal_mode", "WAL", "wal");
    set(db, "synchronous", ...DURABILITIES[durability].synchronous);
    set(db, "fullfsync", ...DURABILITIES[durability].fullfsync);
    // Both need it: a checkpoint that is not on the disk before the log is used again could damage the file.
    set(db, "checkpoint_fullfsync", "ON", 1);
    set(db, "foreign_keys", "ON", 1);
    set(db, "secure_delete", "ON", 1);
    // What a statement puts aside while it copies is values, too: they go nowhere but into the file.
    set(db, "temp_store", "MEMORY", 2);
    if (isNew) createSchema(db);
    else migrate(db, file);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Opens a connection that only reads, beside the one that writes. */
export function openReader(file: string): Database.Database {
  return new Database(file, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
}

/** Throws SQLITE_TOO_OLD for a version before 3.51.3. */
export function checkSqliteVersion(version: string): void {
  const parts = version.split(".").map(Number);
  for (const [i, oldest] of OLDEST_SQLITE.entries()) {
    const part = parts[i] ?? 0;
    if (part > oldest) return;
    if (part < oldest) throw refusal("SQLITE_TOO_OLD", `SQLite ${version} is linked in; ${OLDEST_SQLITE.join(".")} or later is needed`);
  }
}

/** Whether the database is new and empty; throws NOT_A_STORE or NEWER_SCHEMA when it is not ours to write. */
function checkDatabase(db: Database.Database, file: string): boolean {
  const pragma = (name: string): number => db.pragma(name, { simple: true }) as number;
  const applicationId = pragma("application_id");
  checkHeader(file, { applicationId, schemaVersion: pragma("user_version") });
  if (applicationId !== 0) return false;
  if (db.prepare("SELECT 1 FROM sqlite_schema").get() !== undefined) throw notAStore(file);
  return true;
}

function set(db: Database.Database, name: string, value: string, expected: unknown): void {
  db.pragma(`${name} = ${value}`);
  const actual = db.pragma(name, { simple: true });
  if (actual !== expected) throw refusal("SETTING_REFUSED", `SQLite did not take ${name} = ${value}: it says ${String(actual)}`);
}
