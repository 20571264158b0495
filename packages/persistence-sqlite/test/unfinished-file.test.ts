import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, it } from "vitest";
import { sqlitePersistence } from "../src/index.ts";
import { scratchDirectory } from "./scratch.ts";

/** A database as it is in the middle of a transaction, which `before` came before. */
function cutOff(before: string): string {
  const from = join(scratchDirectory(), "from.db");
  const db = new Database(from);
  db.exec(before);
  // A cache of one page makes SQLite write to the file before the transaction ends.
  db.exec("PRAGMA cache_size = 1; BEGIN; CREATE TABLE a (b BLOB)");
  for (let i = 0; i < 10; i++) db.exec("INSERT INTO a VALUES (randomblob(4000))");
  const file = join(scratchDirectory(), "sessions.db");
  for (const part of ["", "-journal"]) copyFileSync(`${from}${part}`, `${file}${part}`);
  db.close();
  return file;
}

it.each(["", "PRAGMA application_id = 0; PRAGMA user_version = 0; VACUUM"])(
  "[P10] an empty file (%j) whose transaction was cut off is as good as none",
  async (before) => {
    const store = sqlitePersistence({ file: cutOff(before) });
    expect(await store.open()).toEqual({ lastNowMs: 0, lastDeletedRevision: 0 });
    await store.close();
  },
);

it("a later transaction that was cut off, of somebody else's database, stays as it is", async () => {
  const file = cutOff("CREATE TABLE theirs (a)");
  const before = readFileSync(file);
  await expect(sqlitePersistence({ file }).open()).rejects.toThrow();
  expect(readFileSync(file)).toEqual(before);
});
