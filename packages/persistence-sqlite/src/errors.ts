/** Why a SQLite store refuses to work, as a word for programs. Errors of SQLite itself carry SQLite's own codes, `SQLITE_FULL` and so on. */
export type StoreRefusal =
  /** The directory that the file should be in does not exist. */
  | "DIRECTORY_MISSING"
  /** Another process, or another instance in this one, owns the file. */
  | "STORE_IN_USE"
  /** There is no such file. */
  | "STORE_MISSING"
  /** The file has an older schema than what was asked of it needs; a server that opens it brings it forward. */
  | "OLDER_SCHEMA"
  /** The file that should be made is there already. */
  | "TARGET_EXISTS"
  /** The file is something else than a store of session-bridge. */
  | "NOT_A_STORE"
  /** A later version of session-bridge wrote the file. */
  | "NEWER_SCHEMA"
  /** The file is a store of ours, and its pages make no sense. */
  | "STORE_DAMAGED"
  /** The SQLite that is linked in is too old to be safe. */
  | "SQLITE_TOO_OLD"
  /** A setting that durability depends on did not take. */
  | "SETTING_REFUSED"
  /** The thread that owned the file ended by itself; whether what it was doing happened is unknown. */
  | "WORKER_DEAD"
  /** A reader keeps the log from being emptied after a failure; it will soon be done. */
  | "LOG_IN_USE"
  /** The store is not open. */
  | "STORE_CLOSED";

/** An error of a SQLite store; `code` is a StoreRefusal, or what SQLite calls it. */
export class SqliteStoreError extends Error {
  readonly code: string;

  constructor(code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "SqliteStoreError";
    this.code = code;
  }
}

/** The same refusal with a code that cannot be misspelt. */
export const refusal = (code: StoreRefusal, message: string, cause?: unknown): SqliteStoreError =>
  new SqliteStoreError(code, message, cause);

/** Whether an error is what SQLite says when it finds pages that make no sense. */
export const isCorruption = (error: unknown): boolean =>
  error instanceof Error && "code" in error && typeof error.code === "string" && error.code.startsWith("SQLITE_CORRUPT");

/** Whether an error is what SQLite says when the first page of a file is not that of a database. */
export const isNoDatabase = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "SQLITE_NOTADB";

/** Whatever was caught, as something that can cross to another thread. */
export function describeFailure(failure: unknown): { readonly code: string; readonly message: string } {
  if (!(failure instanceof Error)) return { code: "UNKNOWN", message: String(failure) };
  const code = "code" in failure && typeof failure.code === "string" ? failure.code : failure.name;
  return { code, message: failure.message };
}
