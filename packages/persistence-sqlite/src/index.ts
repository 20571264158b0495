/** SQLite storage for session-bridge. */
export { SqliteStoreError, type StoreRefusal } from "./errors.ts";
export { type SqlitePersistenceOptions, sqlitePersistence } from "./sqlite-persistence.ts";
