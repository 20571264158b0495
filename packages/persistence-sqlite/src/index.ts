/** SQLite storage for session-bridge. */
export { type BackupReport, backupStore } from "./backup-store.ts";
export { checkStore, type Progress, type StoreProblem, type StoreReport } from "./check-store.ts";
export type { Durability } from "./connections.ts";
export { SqliteStoreError, type StoreRefusal } from "./errors.ts";
export { type SqlitePersistenceOptions, sqlitePersistence } from "./sqlite-persistence.ts";
