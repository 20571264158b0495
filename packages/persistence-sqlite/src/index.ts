/** SQLite storage for session-bridge. */
export type { Durability } from "./connections.ts";
export { SqliteStoreError, type StoreRefusal } from "./errors.ts";
export { type SqlitePersistenceOptions, sqlitePersistence } from "./sqlite-persistence.ts";
