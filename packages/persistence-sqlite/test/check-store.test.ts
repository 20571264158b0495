import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SessionDelta, StoredVariable } from "@session-bridge/core";
import { encode, scanValue } from "@session-bridge/core/values";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { checkStore } from "../src/index.ts";
import { create, NOW_MS, noise, scratchDirectory, scratchStore, variable } from "./scratch.ts";
import { makeVersion1 } from "./version-1.ts";

/** A session as a manager would store it: values that decode, and a record that counts them. */
function session(id: string, values: Readonly<Record<string, unknown>>): SessionDelta {
  const set = Object.entries(values).map(([name, value]): StoredVariable => ({ ...variable(name), ...encoded(value) }));
  const sizeBytes = set.reduce((sum, { name, bytes }) => sum + name.length + bytes.length, 0);
  const { record, ...delta } = create(id);
  return { ...delta, record: { ...record, variableCount: set.length, sizeBytes, labels: { team: "x" } }, set };
}

function encoded(value: unknown): Pick<StoredVariable, "bytes" | "encoding" | "type"> {
  if (value instanceof Date) return { bytes: noise(40), encoding: "app.date", type: "custom" };
  const bytes = encode(value);
  return { bytes, encoding: "", type: scanValue(bytes) };
}

/** A closed store of 230 sessions; "many" has a small, a compressed and an uncompressed value, and one with an encoding of its own. */
async function storedFile(): Promise<string> {
  const file = join(scratchDirectory(), "sessions.db");
  const store = scratchStore(file);
  await store.open();
  const many = session("many", { custom: new Date(), noise: noise(9000), one: 1, text: "the same; ".repeat(1000) });
  await store.save([many, ...Array.from({ length: 229 }, (_, i) => session(`session ${i}`, { one: 1 }))]);
  await store.close();
  return file;
}

function tamper(file: string, sql: string): void {
  const db = new Database(file);
  db.pragma("ignore_check_constraints = ON");
  db.pragma("foreign_keys = OFF");
  db.exec(sql);
  db.close();
}

const MANY = { tenant: "", id: "many" };
const ofMany = "session = (SELECT session FROM sessions WHERE id = 'many')";

describe("checkStore", () => {
  it("finds nothing wrong with a store, also while it is open and written to, and changes nothing", async () => {
    const file = await storedFile();
    const before = readFileSync(file);
    const clean = { ok: true, file, schemaVersion: 3, sessions: 230, variables: 233, problemCount: 0, problems: [] };
    expect(await checkStore(file)).toMatchObject(clean);
    expect(readFileSync(file).equals(before)).toBe(true);
    const store = scratchStore(file);
    await store.open();
    let saved = 0;
    const writing = (async () => {
      for (let i = 0; i < 40; i++) {
        await store.save([session(`new ${i}`, { one: 1, text: "text ".repeat(i * 100) })]);
        saved += 1;
      }
    })();
    while (saved < 40) expect(await checkStore(file)).toMatchObject({ ok: true, problems: [] });
    await writing;
    expect((await checkStore(file)).sessions).toBe(270);
  });

  it("says how far it is, and counts names and values uncompressed", async () => {
    const told: string[] = [];
    const report = await checkStore(await storedFile(), (done, total) => told.push(`${done}/${total}`));
    expect(told).toEqual(["0/230", "100/230", "200/230", "230/230"]);
    expect(report.sizeBytes).toBe(40 + 9003 + 1 + 10_003 + "customnoiseonetext".length + 229 * 4);
  });

  it.each([
    ["[P21] a value changed", `UPDATE variables SET value = x'02' WHERE ${ofMany} AND name = 'one'`, "value", "one", /do not verify/],
    [
      "[P21] a large value changed",
      `UPDATE large_values SET value = zeroblob(9003) WHERE name = 'noise'`,
      "value",
      "noise",
      /do not verify/,
    ],
    [
      "[P21] a compressed value changed",
      `UPDATE large_values SET value = zeroblob(90) WHERE name = 'text'`,
      "value",
      "text",
      /do not verify/,
    ],
    ["a large value is gone", "DELETE FROM large_values WHERE name = 'noise'", "value", "noise", /are missing/],
    ["a count is wrong", "UPDATE sessions SET variable_count = 9 WHERE id = 'many'", "count", undefined, /says 9 variables and has 4/],
    ["a size is wrong", "UPDATE sessions SET size_bytes = 9 WHERE id = 'many'", "size", undefined, /says 9 bytes and has 19065/],
    ["a deadline is wrong", `UPDATE sessions SET due_at_ms = ${NOW_MS} WHERE id = 'many'`, "deadline", undefined, /due at 18/],
    ["labels are broken", "UPDATE sessions SET labels = '[1]' WHERE id = 'many'", "labels", undefined, /no map/],
  ])("says so when %s", async (_, sql, kind, name, text) => {
    const file = await storedFile();
    tamper(file, sql);
    const { ok, problemCount, problems } = await checkStore(file);
    expect({ ok, problemCount }).toEqual({ ok: false, problemCount: 1 });
    expect(problems[0]).toEqual({ kind, session: MANY, ...(name && { name }), text: expect.stringMatching(text) });
  });

  it("says so when a value is stored well that is no value, is of another type, or newer than its session", async () => {
    const file = join(scratchDirectory(), "sessions.db");
    const store = scratchStore(file);
    await store.open();
    const { set, ...rest } = session("many", { one: 1, two: 1, three: 1 }) as SessionDelta & { readonly kind: "create" };
    const [one, two, three] = set as [StoredVariable, StoredVariable, StoredVariable];
    await store.save([
      {
        ...rest,
        set: [
          { ...one, bytes: Uint8Array.of(0xc1) },
          { ...two, type: "string" },
          { ...three, revision: 2 },
        ],
      },
    ]);
    expect((await checkStore(file)).problems).toEqual([
      { kind: "value", session: MANY, name: "one", text: expect.stringMatching(/^it does not decode: /) },
      { kind: "revision", session: MANY, name: "three", text: "its revision is 2, its session's 1" },
      { kind: "value", session: MANY, name: "two", text: "it says string and is integer" },
    ]);
  });

  it("says so when a row belongs to nothing", async () => {
    const file = await storedFile();
    tamper(file, `UPDATE large_values SET revision = 7 WHERE name = 'noise'; DELETE FROM sessions WHERE id = 'session 7'`);
    const { problems } = await checkStore(file);
    expect(problems.map(({ kind, name }) => [kind, name])).toEqual([
      ["value", "noise"],
      ["orphan", "one"],
      ["orphan", "noise"],
    ]);
  });

  it("says so when pages make no sense, and tells what it can of the rest", async () => {
    const file = await storedFile();
    const content = readFileSync(file);
    const leaf = Math.floor(content.indexOf("session 200") / 4096) * 4096;
    content.fill(0xff, leaf, leaf + 8);
    writeFileSync(file, content);
    const { ok, problems } = await checkStore(file);
    expect(ok).toBe(false);
    expect(problems.some(({ kind }) => kind === "pages")).toBe(true);
    expect(readFileSync(file).equals(content)).toBe(true);
  });

  it("keeps the first thousand problems, and counts them all", async () => {
    const file = await storedFile();
    const rows = "WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 2199) SELECT i FROM n";
    tamper(file, `INSERT INTO large_values SELECT i, 'x', 1, 0, 0, x'00' FROM (${rows})`);
    const { problemCount, problems } = await checkStore(file);
    expect([problemCount, problems.length]).toEqual([1200, 1000]);
  });

  it("refuses what is no store of this version, names it, and makes no file", async () => {
    const directory = scratchDirectory();
    const file = (name: string): string => join(directory, name);
    makeVersion1(file("old.db"));
    writeFileSync(file("notes.txt"), "notes ".repeat(1000));
    writeFileSync(file("empty.db"), "");
    const codes = ["old.db", "notes.txt", "empty.db", "missing.db", "."].map((name) =>
      checkStore(file(name)).then(
        () => "checked",
        ({ code, message }: { code: string; message: string }) => [code, message.includes(file(name))],
      ),
    );
    expect(await Promise.all(codes)).toEqual([
      ["OLDER_SCHEMA", true],
      ["NOT_A_STORE", true],
      ["NOT_A_STORE", true],
      ["STORE_MISSING", true],
      ["NOT_A_STORE", expect.any(Boolean)],
    ]);
    expect(existsSync(file("missing.db"))).toBe(false);
  });
});
