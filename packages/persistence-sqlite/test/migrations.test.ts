import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StoredSession } from "@session-bridge/core";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { openWriter } from "../src/connections.ts";
import { MIGRATIONS, migrate } from "../src/migrations.ts";
import { SCHEMA_VERSION } from "../src/schema.ts";
import { create, NOW_MS, scratchDirectory, scratchStore, variable } from "./scratch.ts";
import { LARGE_BYTES, makeVersion1 } from "./version-1.ts";

const OLD = { tenant: "", id: "old" };

function version1File(): string {
  const file = join(scratchDirectory(), "sessions.db");
  makeVersion1(file);
  return file;
}

/** Every name, revision and value of the large values, as any version has them. */
function largeValues(file: string): { readonly version: unknown; readonly rows: unknown } {
  const db = new Database(file, { readonly: true });
  const rows = db.prepare("SELECT name, revision, length(value) FROM large_values").raw().all();
  const version = db.pragma("user_version", { simple: true });
  expect(db.pragma("integrity_check", { simple: true })).toBe("ok");
  db.close();
  return { version, rows };
}

const UNTOUCHED = [["large", 9, 100_000]];

describe("a store of version 1", () => {
  it("is opened with all it had, works on, and lies beside it as it was", async () => {
    const file = version1File();
    const store = scratchStore(file);
    expect(await store.open()).toEqual({ lastNowMs: NOW_MS, lastDeletedRevision: 77 });
    const session = await store.load(OLD);
    expect(session?.record).toMatchObject({ revision: 9, labels: { team: "x" }, variableCount: 3, sizeBytes: 100_014 });
    expect(session?.variables.map(({ name, revision, expiresAtMs, bytes }) => [name, revision, expiresAtMs, bytes])).toEqual([
      ["large", 9, undefined, undefined],
      ["small", 7, undefined, Uint8Array.of(42)],
      ["soon", 8, NOW_MS + 5, Uint8Array.of(0xc3)],
    ]);
    const values = await store.loadValues(OLD, session?.variables ?? []);
    expect(LARGE_BYTES.equals(values.get("large") ?? Buffer.of())).toBe(true);
    expect(await store.save([create("new")])).toEqual(["saved"]);
    expect((await store.due(NOW_MS + 5, 9)).map(({ key }) => key.id)).toEqual(["old"]);
    await store.close();
    expect(readdirSync(join(file, "..")).sort()).toEqual(["sessions.db", "sessions.db.lock", "sessions.db.v1.backup"]);
    expect(largeValues(`${file}.v1.backup`)).toEqual({ version: 1, rows: UNTOUCHED });
  });

  it("has the schema of a new store afterwards, and is migrated once", async () => {
    const statements = (file: string): unknown => {
      const db = openWriter(file);
      const found = db.prepare("SELECT type, name, sql FROM sqlite_schema ORDER BY name").all();
      db.close();
      return found;
    };
    const file = version1File();
    expect(statements(file)).toEqual(statements(join(scratchDirectory(), "new.db")));
    statements(file);
    expect(readdirSync(join(file, "..")).filter((name) => name.includes("backup"))).toEqual(["sessions.db.v1.backup"]);
  });

  it("never takes the name of another backup, and takes the place of one that a kill left unfinished", () => {
    const file = version1File();
    writeFileSync(`${file}.v1.backup`, "mine");
    writeFileSync(`${file}.v1.backup.2`, "mine, too");
    writeFileSync(`${file}.v1.backup.partial`, "unfinished");
    openWriter(file).close();
    expect([readFileSync(`${file}.v1.backup`, "utf8"), readFileSync(`${file}.v1.backup.2`, "utf8")]).toEqual(["mine", "mine, too"]);
    expect(largeValues(`${file}.v1.backup.3`)).toEqual({ version: 1, rows: UNTOUCHED });
    expect(existsSync(`${file}.v1.backup.partial`)).toBe(false);
  });
});

describe("a store of version 2", () => {
  it("is opened with all it had, lies beside it as it was, and keeps histories, checkpoints and copies from then on", async () => {
    const file = version1File();
    const old = new Database(file);
    migrate(old, file, MIGRATIONS.slice(0, 1));
    old.close();
    const store = scratchStore(file);
    await store.open();
    const session = (await store.load(OLD)) as StoredSession;
    expect([session.record.historyEntries, session.history, session.checkpoints]).toEqual([undefined, undefined, undefined]);
    const history = { sinceRevision: 9, kept: [{ name: "large", revision: 9 }], ended: [], dropped: [] };
    const checkpoints = { removed: [], set: [{ label: "before", revision: 9, createdAtMs: NOW_MS }] };
    const set = [{ ...variable("large"), revision: 10 }];
    const record = { ...session.record, revision: 10 };
    const write = { kind: "write", key: OLD, nowMs: NOW_MS, baseRevision: 9, record, set, removed: [] } as const;
    const copy = { kind: "fork", key: { tenant: "", id: "copy" }, nowMs: NOW_MS, record: { ...record, revision: 11 } } as const;
    const changes = [
      { ...write, sections: { history, checkpoints } },
      { ...copy, source: { key: OLD, revision: 10 } },
    ];
    expect(await store.save(changes)).toEqual(["saved", "saved"]);
    const value = (await store.loadValues(OLD, [{ name: "large", revision: 9 }])).get("large");
    expect(LARGE_BYTES.equals(value ?? Buffer.of())).toBe(true);
    expect((await store.load(copy.key))?.variables.map(({ name, revision }) => [name, revision])).toEqual([
      ["large", 11],
      ["small", 11],
      ["soon", 11],
    ]);
    expect(largeValues(`${file}.v2.backup`)).toEqual({ version: 2, rows: UNTOUCHED });
  });
});

describe("a migration", () => {
  it("leads to the version that this code knows, one step for each version", () => {
    expect(MIGRATIONS.length + 1).toBe(SCHEMA_VERSION);
  });

  it("that fails leaves the store at the version before it, whole, and the next one goes on from there", () => {
    const file = version1File();
    const db = new Database(file);
    const broken = (): void => {
      db.exec("DELETE FROM large_values; CREATE TABLE half (x)");
      throw new Error("no more");
    };
    expect(() => migrate(db, file, [...MIGRATIONS, broken])).toThrow("no more");
    expect(largeValues(file)).toEqual({ version: SCHEMA_VERSION, rows: UNTOUCHED });
    migrate(db, file, [...MIGRATIONS, (at) => at.exec("CREATE TABLE whole (x)")]);
    expect(largeValues(file)).toEqual({ version: SCHEMA_VERSION + 1, rows: UNTOUCHED });
    expect(largeValues(`${file}.v${SCHEMA_VERSION}.backup`)).toEqual({ version: SCHEMA_VERSION, rows: UNTOUCHED });
    db.close();
  });

  it.each([
    ["before its first step", 1, "(db) => process.kill(process.pid, 'SIGKILL')"],
    ["in the middle of its first step", 1, "(db) => { MIGRATIONS[0](db); process.kill(process.pid, 'SIGKILL'); }"],
    [
      "in the middle of its second step",
      2,
      "MIGRATIONS[0], (db) => { db.exec('DELETE FROM large_values'); process.kill(process.pid, 'SIGKILL'); }",
    ],
  ])("killed %s leaves a store of version %i that opens with all it had", (_, version, steps) => {
    const file = version1File();
    const here = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);
    const program = `
      import Database from "better-sqlite3";
      import { MIGRATIONS, migrate } from ${here("../src/migrations.ts")};
      const db = new Database(${JSON.stringify(file)});
      migrate(db, ${JSON.stringify(file)}, [${steps}]);`;
    const { signal } = spawnSync(process.execPath, ["--input-type=module", "--eval", program], { cwd: import.meta.dirname });
    expect(signal).toBe("SIGKILL");
    expect(largeValues(file)).toEqual({ version, rows: UNTOUCHED });
    openWriter(file).close();
    expect(largeValues(file)).toEqual({ version: SCHEMA_VERSION, rows: UNTOUCHED });
    expect(largeValues(`${file}.v1.backup`)).toEqual({ version: 1, rows: UNTOUCHED });
  });
});
