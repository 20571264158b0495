import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SessionDelta, StoredVariable } from "@session-bridge/core";
import Database from "better-sqlite3";
import { describe, expect, it, onTestFinished } from "vitest";
import { checkSqliteVersion, type Durability, IN_MEMORY, openWriter } from "../src/connections.ts";
import { sqlitePersistence } from "../src/index.ts";
import { APPLICATION_ID, SCHEMA_VERSION } from "../src/schema.ts";
import { writing } from "../src/writing.ts";
import { create, NOW_MS, scratchDirectory, scratchStore, variable } from "./scratch.ts";

/** A closed store with one session. */
async function storedFile(): Promise<string> {
  const file = join(scratchDirectory(), "sessions.db");
  const store = scratchStore(file);
  await store.open();
  await store.save([create("a")]);
  await store.close();
  return file;
}

/** Changes a file as somebody else would. */
function tamper(file: string, sql: string): void {
  const db = new Database(file);
  db.exec(sql);
  db.close();
}

const pragmas = (db: Database.Database, ...names: string[]) => names.map((name) => db.pragma(name, { simple: true }));

describe("the file of a store", () => {
  it("says whose it is, which schema it has, and gives pages back by increments", async () => {
    const db = new Database(await storedFile(), { readonly: true });
    expect(pragmas(db, "application_id", "user_version", "auto_vacuum", "journal_mode", "encoding")).toEqual([
      APPLICATION_ID,
      SCHEMA_VERSION,
      2,
      "wal",
      "UTF-8",
    ]);
    expect(pragmas(db, "integrity_check", "foreign_key_check")).toEqual(["ok", undefined]);
    const tables = db.pragma("table_list") as { name: string; strict: number }[];
    const ours = tables.filter(({ name }) => !name.startsWith("sqlite_"));
    expect(ours.map(({ name, strict }) => [name, strict]).sort()).toEqual([
      ["checkpoint_variables", 1],
      ["checkpoints", 1],
      ["declarations", 1],
      ["forgotten_requests", 1],
      ["history", 1],
      ["history_ends", 1],
      ["large_values", 1],
      ["requests", 1],
      ["sessions", 1],
      ["store", 1],
      ["variables", 1],
    ]);
    db.close();
  });

  it.each([
    ["fsync", "in full", 2, 1],
    ["commit", "at checkpoints", 1, 0],
  ] as const)("[P10] [P11] of durability %s is synced %s, whatever it was the last time", (durability, _, synchronous, fullfsync) => {
    const file = join(scratchDirectory(), "sessions.db");
    for (const mode of [durability, durability === "fsync" ? "commit" : "fsync", durability] as const) {
      const db = openWriter(file, mode);
      if (mode === durability) {
        expect(pragmas(db, "synchronous", "fullfsync", "checkpoint_fullfsync", "journal_mode")).toEqual([synchronous, fullfsync, 1, "wal"]);
      }
      db.close();
    }
  });

  it("[P22] overwrites what it deletes and keeps its references, when it is made and when it is opened again", () => {
    const file = join(scratchDirectory(), "sessions.db");
    for (const _ of ["made", "opened again"]) {
      const db = openWriter(file);
      expect(pragmas(db, "foreign_keys", "secure_delete")).toEqual([1, 1]);
      db.close();
    }
  });

  it("says what its saves survive, and refuses a durability that it does not know", () => {
    const survives = (durability?: Durability) => sqlitePersistence({ file: "never opened.db", durability }).capabilities.survives;
    expect([survives(), survives("fsync"), survives("commit")]).toEqual(["power", "power", "process"]);
    expect(() => survives("write-behind" as Durability)).toThrow('durability: expected fsync or commit, not "write-behind"');
  });

  it("is the whole store once it is closed: what lies beside it is only the lock", async () => {
    const file = await storedFile();
    expect(readdirSync(join(file, "..")).sort()).toEqual(["sessions.db", "sessions.db.lock"]);
    const moved = join(scratchDirectory(), "moved.db");
    copyFileSync(file, moved);
    const store = scratchStore(moved);
    await store.open();
    expect((await store.load({ tenant: "", id: "a" }))?.variables.length).toBe(1);
  });

  it("has the row of a large value only while the value is there", async () => {
    const file = join(scratchDirectory(), "sessions.db");
    const rows = (): unknown => {
      const db = new Database(file, { readonly: true });
      const counted = db.prepare("SELECT name, revision FROM large_values ORDER BY name").raw().all();
      db.close();
      return counted;
    };
    const large = (name: string, revision: number) => ({ ...variable(name), bytes: new Uint8Array(9000), revision });
    const store = scratchStore(file);
    await store.open();
    const created = create("a");
    const write = (baseRevision: number, set: readonly StoredVariable[], removed: readonly string[]): SessionDelta => {
      return {
        kind: "write",
        key: created.key,
        nowMs: NOW_MS,
        baseRevision,
        record: { ...created.record, revision: baseRevision + 1 },
        set,
        removed,
      };
    };
    await store.save([{ ...created, set: [large("x", 1), large("y", 1), large("z", 1)] }]);
    await store.save([write(1, [variable("x"), large("y", 2)], ["z"])]);
    expect(rows()).toEqual([["y", 2]]);
    await store.save([{ kind: "delete", key: created.key, nowMs: NOW_MS, baseRevision: 2, revision: 3 }]);
    expect(rows()).toEqual([]);
  });

  it("[P22] loses the row of a large value in a session that had none for long, and in a copy that took the place of such a session", async () => {
    const db = openWriter(IN_MEMORY);
    onTestFinished(() => void db.close());
    const { save } = writing(db);
    const rows = (): unknown => db.prepare("SELECT name, revision FROM large_values ORDER BY name").raw().all();
    const write = (id: string, baseRevision: number, bytes: number): SessionDelta => {
      const { key, record } = create(id);
      const set = [{ ...variable("v"), bytes: new Uint8Array(bytes), revision: baseRevision + 1 }];
      return { kind: "write", key, nowMs: NOW_MS, baseRevision, record: { ...record, revision: baseRevision + 1 }, set, removed: [] };
    };
    save([create("a"), write("a", 1, 1), write("a", 2, 9000)]);
    expect(rows()).toEqual([["v", 3]]);
    save([write("a", 3, 1), write("a", 4, 1)]);
    expect(rows()).toEqual([]);

    const { key, record } = create("copy");
    save([create("source", { bytes: new Uint8Array(9000) }), create("b"), write("b", 1, 1)]);
    save([{ kind: "delete", key: create("b").key, nowMs: NOW_MS, baseRevision: 2, revision: 3 }]);
    save([{ kind: "fork", key, nowMs: NOW_MS, source: { key: create("source").key, revision: 1 }, record }]);
    expect(rows()).toEqual([
      ["v", 1],
      ["v", 1],
    ]);
    expect(save([write("copy", 1, 1)])).toEqual(["saved"]);
    expect(rows()).toEqual([["v", 1]]);
  });

  it("[P22] loses the row of a large value after a save that took it away was taken back", () => {
    const db = openWriter(IN_MEMORY);
    onTestFinished(() => void db.close());
    const { save } = writing(db);
    const rows = (): unknown => db.prepare("SELECT name, revision FROM large_values").raw().all();
    const { key, record, set } = create("a", { bytes: new Uint8Array(9000) });
    const write = (baseRevision: number, parts: Partial<StoredVariable> = {}): SessionDelta => {
      const revision = baseRevision + 1;
      const written = { ...variable("v"), ...parts, revision };
      return { kind: "write", key, nowMs: NOW_MS, baseRevision, record: { ...record, revision }, set: [written], removed: [] };
    };
    save([{ kind: "create", key, nowMs: NOW_MS, record, set }]);
    expect(() => save([write(1), write(2), write(3, { type: null as never })])).toThrow(/NOT NULL/);
    expect(rows()).toEqual([["v", 1]]);
    save([write(1)]);
    expect(rows()).toEqual([]);
  });

  it("may be there and empty", async () => {
    const file = join(scratchDirectory(), "sessions.db");
    writeFileSync(file, "");
    const store = scratchStore(file);
    await store.open();
    expect(await store.save([create("a")])).toEqual(["saved"]);
  });

  it("is where the path led when the store was made, whatever the working directory is later", async () => {
    const [here, there] = [scratchDirectory(), scratchDirectory()];
    const before = process.cwd();
    try {
      process.chdir(here);
      const store = scratchStore("sessions.db");
      process.chdir(there);
      await store.open();
      await store.close();
    } finally {
      process.chdir(before);
    }
    expect([readdirSync(here).includes("sessions.db"), readdirSync(there)]).toEqual([true, []]);
  });

  it("keeps a text with a zero byte in it", async () => {
    const store = scratchStore();
    await store.open();
    await store.save([create("a\0b", { name: "x\0y" }), create("a")]);
    expect((await store.load({ tenant: "", id: "a\0b" }))?.variables.map(({ name }) => name)).toEqual(["x\0y"]);
  });
});

describe("a file that is refused stays byte for byte what it was", () => {
  const refused = async (file: string, code: string, text: RegExp): Promise<void> => {
    const before = readFileSync(file);
    const store = scratchStore(file);
    await expect(store.open()).rejects.toMatchObject({ name: "SqliteStoreError", code, message: expect.stringMatching(text) });
    expect(readFileSync(file).equals(before)).toBe(true);
    await expect(store.load({ tenant: "", id: "a" })).rejects.toMatchObject({ code: "STORE_CLOSED" });
  };

  it("when its schema is newer", async () => {
    const file = await storedFile();
    tamper(file, `PRAGMA user_version = ${SCHEMA_VERSION + 1}; CREATE TABLE of_the_future (x)`);
    await refused(file, "NEWER_SCHEMA", /schema 4, written by a later version/);
    expect(readdirSync(join(file, "..")).sort()).toEqual(["sessions.db", "sessions.db.lock"]);
  });

  it("when its schema is newer and only the write-ahead log of a crash says so", async () => {
    const file = await storedFile();
    const crashed = join(scratchDirectory(), "crashed.db");
    const db = new Database(file);
    db.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
    copyFileSync(file, crashed);
    copyFileSync(`${file}-wal`, `${crashed}-wal`);
    db.close();
    const log = readFileSync(`${crashed}-wal`);
    await refused(crashed, "NEWER_SCHEMA", /schema 3/);
    expect(readFileSync(`${crashed}-wal`).equals(log)).toBe(true);
  });

  it.each([
    ["the header is not one of SQLite", 3, 16, "NOT_A_STORE", /not a session-bridge store/],
    [
      "a page makes no sense",
      4096 * 3,
      4096 * 3 + 8,
      "STORE_DAMAGED",
      /sessions.db is damaged and was left as it is; a backup can replace it: .+/,
    ],
    ["the page of its tables makes no sense", 100, 108, "STORE_DAMAGED", /is damaged/],
    ["another page size is in its header", 16, 18, "NOT_A_STORE", /not a session-bridge store/],
  ])("when %s", async (_, from, to, code, text) => {
    const file = await storedFile();
    const content = readFileSync(file);
    content.fill(0xff, from, to);
    writeFileSync(file, content);
    await refused(file, code, text);
  });

  it("when its end is missing, whatever its size", async () => {
    const file = await storedFile();
    for (const pages of [1, 3]) {
      truncateSync(file, statSync(file).size - pages * 4096);
      await refused(file, "STORE_DAMAGED", /sessions.db is damaged/);
    }
  });

  it("when it is no database", async () => {
    const file = join(scratchDirectory(), "notes.txt");
    writeFileSync(file, "These are notes.\n".repeat(500));
    await refused(file, "NOT_A_STORE", /notes\.txt is not a session-bridge store/);
    writeFileSync(file, "short");
    await refused(file, "NOT_A_STORE", /notes\.txt/);
  });

  it.each([
    ["has tables and no owner", "CREATE TABLE theirs (x)"],
    ["is another program's", "PRAGMA application_id = 7; CREATE TABLE theirs (x)"],
    ["has versions of another program", "PRAGMA user_version = 3; CREATE TABLE theirs (x)"],
    ["is in WAL mode and another program's", "PRAGMA journal_mode = WAL; CREATE TABLE theirs (x)"],
  ])("when it is a database that %s", async (_, sql) => {
    const file = join(scratchDirectory(), "theirs.db");
    tamper(file, sql);
    await refused(file, "NOT_A_STORE", /theirs\.db is not a session-bridge store/);
  });

  it("and so does a directory, and a path into nowhere is named", async () => {
    const directory = scratchDirectory();
    mkdirSync(join(directory, "folder"));
    await expect(scratchStore(join(directory, "folder")).open()).rejects.toMatchObject({ code: "NOT_A_STORE" });
    const missing = join(directory, "missing");
    await expect(scratchStore(join(missing, "sessions.db")).open()).rejects.toMatchObject({
      code: "DIRECTORY_MISSING",
      message: expect.stringContaining(`${missing} of the store`),
    });
  });
});

describe("SQLite itself", () => {
  it.each(["3.51.2", "3.50.9", "2.99.99", "3.9"])("%s is too old", (version) => {
    expect(() => checkSqliteVersion(version)).toThrow(`SQLite ${version} is linked in; 3.51.3 or later is needed`);
  });

  it.each(["3.51.3", "3.51.10", "3.60.0", "4.0.0"])("%s will do", (version) => {
    expect(() => checkSqliteVersion(version)).not.toThrow();
  });
});
