/** Histories, checkpoints, declarations and copies whose stored bytes changed. */
import { join } from "node:path";
import { DataLossError, type SectionChanges, type SessionPersistence, type StoredVariable } from "@session-bridge/core";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { copiedChecksum } from "../src/forking.ts";
import { checkStore } from "../src/index.ts";
import { checksum, variableChecksum } from "../src/stored-value.ts";
import { create, NOW_MS, noise, scratchDirectory, scratchStore, variable } from "./scratch.ts";

const KEY = { tenant: "", id: "s" };
const COPY = { tenant: "", id: "copy" };

const values = (seed: number, revision: number): readonly StoredVariable[] => [
  { ...variable("small"), bytes: noise(500, seed), revision },
  { ...variable("large"), bytes: noise(9000, seed + 1), revision },
];

/** A closed store: values at revision 1 in the history, at 2 in a checkpoint, at 3 in the present; the values are declared. */
async function storedFile(): Promise<string> {
  const file = join(scratchDirectory(), "sessions.db");
  const store = scratchStore(file);
  await store.open();
  const { record } = create("s");
  const write = (revision: number, sections: SectionChanges) =>
    ({
      kind: "write",
      key: KEY,
      nowMs: NOW_MS,
      baseRevision: revision - 1,
      record: { ...record, revision },
      set: values(revision * 10, revision),
      removed: [],
      sections,
    }) as const;
  await store.save([
    { ...create("s"), set: values(10, 1) },
    write(2, {
      history: { sinceRevision: 1, kept: values(10, 1), ended: [], dropped: [] },
      checkpoints: { removed: [], set: [{ label: "two", revision: 2, createdAtMs: NOW_MS }] },
    }),
    write(3, { declarations: { removed: [], set: [{ name: "small", schema: noise(40, 9), revision: 3 }] } }),
    create("other"),
  ]);
  await store.close();
  return file;
}

function tamper(file: string, sql: string): void {
  const db = new Database(file);
  db.pragma("ignore_check_constraints = ON");
  db.exec(sql);
  db.close();
}

/** Of each value: "as it was", "damaged", "absent", or "wrong". */
async function states(
  store: SessionPersistence,
  key = KEY,
  revisions: readonly number[] = [1, 2, 3],
): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  for (const revision of revisions) {
    const given = values((revision % 50) * 10, revision);
    const read = await store.loadValues(key, given);
    for (const { name, bytes } of given) {
      const value = read.get(name);
      const state =
        value === undefined ? (read.has(name) ? "damaged" : "absent") : Buffer.from(value).equals(bytes) ? "as it was" : "wrong";
      found[`${name} ${revision}`] = state;
    }
  }
  return found;
}

const WHOLE = Object.fromEntries([1, 2, 3].flatMap((n) => ["small", "large"].map((name) => [`${name} ${n}`, "as it was"])));

describe("[P21] a value of a history or a checkpoint", () => {
  it.each([
    ["a kept value", "small 1", "UPDATE history SET value = zeroblob(500) WHERE name = 'small'"],
    ["a kept large value", "large 1", "UPDATE large_values SET value = zeroblob(9000) WHERE revision = 1"],
    ["a kept value's deadline", "small 1", "UPDATE history SET expires_at_ms = 5 WHERE name = 'small'"],
    ["a value of a checkpoint", "small 2", "UPDATE checkpoint_variables SET value = zeroblob(500) WHERE name = 'small'"],
    ["a large value of a checkpoint", "large 2", "UPDATE large_values SET value = zeroblob(9000) WHERE revision = 2"],
    ["what a checkpoint says of a large one", "large 2", "UPDATE checkpoint_variables SET type = 'map' WHERE name = 'large'"],
  ])("is damaged alone when %s changed: %s", async (_, damaged, sql) => {
    const file = await storedFile();
    tamper(file, sql);
    const store = scratchStore(file);
    await store.open();
    expect(await states(store)).toEqual({ ...WHOLE, [damaged]: "damaged" });
    expect((await store.load(KEY))?.record.revision).toBe(3);
    await store.close();
    const [name, revision] = damaged.split(" ");
    const where = revision === "1" ? "in its history at 1" : 'in the checkpoint "two"';
    const { problems } = await checkStore(file);
    expect(problems.filter(({ kind }) => kind === "value")).toContainEqual({
      kind: "value",
      session: KEY,
      name,
      text: `${where}: its bytes do not verify`,
    });
  });

  it("is whole as long as one of those that have it is whole", async () => {
    const file = await storedFile();
    const store = scratchStore(file);
    await store.open();
    const { record } = create("s");
    const label = { label: "three", revision: 4, createdAtMs: NOW_MS };
    const sections = { checkpoints: { removed: [], set: [label] } };
    const write = {
      kind: "write",
      key: KEY,
      nowMs: NOW_MS,
      baseRevision: 3,
      record: { ...record, revision: 4 },
      set: [],
      removed: [],
    } as const;
    await store.save([{ ...write, sections }]);
    await store.close();
    tamper(file, "UPDATE variables SET value = zeroblob(500) WHERE name = 'small'");
    const again = scratchStore(file);
    await again.open();
    expect(await states(again)).toEqual(WHOLE);
    await again.close();
    tamper(file, "UPDATE checkpoint_variables SET value = zeroblob(500) WHERE name = 'small' AND label = 'three'");
    const last = scratchStore(file);
    await last.open();
    expect(await states(last)).toEqual({ ...WHOLE, "small 3": "damaged" });
  });
});

describe("a check", () => {
  it.each([
    ["a session denies its sections", "UPDATE sessions SET has_sections = 0", ["sections"]],
    ["a kept value is newer than its session", "UPDATE history SET revision = 9 WHERE name = 'small'", ["revision", "value"]],
    ["a checkpoint is newer than its session", "UPDATE checkpoints SET revision = 9", ["revision"]],
    ["a declaration is newer than its session", "UPDATE declarations SET revision = 9", ["revision", "declaration"]],
    ["a history belongs to nothing", "INSERT INTO history_ends VALUES (77, 'x', 1, 'delete', 1)", ["orphan"]],
    ["a checkpoint belongs to nothing", "INSERT INTO checkpoints VALUES (77, 'x', 1, 1)", ["orphan"]],
    ["a variable belongs to no checkpoint", "DELETE FROM checkpoints", ["orphan", "orphan", "orphan"]],
    ["a declaration belongs to nothing", "INSERT INTO declarations VALUES (77, 'x', 1, 1, x'80')", ["orphan"]],
  ])("says so when %s", async (_, sql, kinds) => {
    const file = await storedFile();
    tamper(file, `PRAGMA foreign_keys = OFF; ${sql}`);
    // What these sessions say of their sizes, and what their values are, is not what a manager would store.
    const { problems } = await checkStore(file);
    const told = problems.filter(
      ({ kind, text }) => !["count", "size"].includes(kind) && !text.includes("decode") && !text.includes("it says bytes"),
    );
    expect(told.map(({ kind }) => kind)).toEqual(kinds);
  });
});

describe("[P21] a declaration that does not verify", () => {
  it("is a loss of data for its session, others are served, and a check names it", async () => {
    const file = await storedFile();
    tamper(file, "UPDATE declarations SET schema = zeroblob(40)");
    expect((await checkStore(file)).problems.filter(({ kind }) => kind === "declaration")).toEqual([
      { kind: "declaration", session: KEY, name: "small", text: "what it is declared as does not verify" },
    ]);
    const store = scratchStore(file);
    await store.open();
    expect(await store.load(KEY).catch((error: unknown) => error)).toBeInstanceOf(DataLossError);
    expect((await store.load({ tenant: "", id: "other" }))?.record.revision).toBe(1);
  });
});

describe("[P21] a copy of what is damaged", () => {
  it.each([
    ["small", "UPDATE variables SET value = zeroblob(500) WHERE name = 'small'"],
    ["large", "UPDATE large_values SET value = zeroblob(9000) WHERE revision = 3"],
    ["large", "DELETE FROM large_values WHERE revision = 3"],
    ["large", "UPDATE variables SET type = 'map' WHERE name = 'large'"],
  ])("is damaged like it, and the rest is whole: %s, %s", async (name, sql) => {
    const file = await storedFile();
    tamper(file, `${sql}; DELETE FROM declarations`);
    const store = scratchStore(file);
    await store.open();
    const { record } = create("copy");
    const fork = {
      kind: "fork",
      key: COPY,
      nowMs: NOW_MS,
      source: { key: KEY, revision: 3 },
      record: { ...record, revision: 53 },
    } as const;
    expect(await store.save([fork])).toEqual(["saved"]);
    const whole = { "small 53": "as it was", "large 53": "as it was" };
    expect(await states(store, COPY, [53])).toEqual({ ...whole, [`${name} 53`]: "damaged" });
  });

  it("has no declaration that verifies where its source has none", async () => {
    const file = await storedFile();
    tamper(file, "UPDATE declarations SET schema = zeroblob(40)");
    const store = scratchStore(file);
    await store.open();
    const { record } = create("copy");
    await store.save([{ kind: "fork", key: COPY, nowMs: NOW_MS, source: { key: KEY, revision: 3 }, record: { ...record, revision: 53 } }]);
    expect(await store.load(COPY).catch((error: unknown) => error)).toBeInstanceOf(DataLossError);
  });

  it("is told by a checksum that is right exactly when the original's is", () => {
    const row = { ...variable("v"), session: 5, revision: 7, expiresAtMs: null, sizeBytes: 3 };
    const { bytes, name, encoding, type, createdAtMs, updatedAtMs, expiresAtMs, sizeBytes } = row;
    const rest = [encoding, type, createdAtMs, updatedAtMs, expiresAtMs, sizeBytes];
    const right = variableChecksum({ ...row, session: 6, revision: 9 }, bytes);
    const stored = variableChecksum(row, bytes);
    expect(copiedChecksum(bytes, stored, 6, 9, 5, name, 7, ...rest)).toBe(right);
    for (const wrong of [stored ^ 1, 0, right]) expect(copiedChecksum(bytes, wrong, 6, 9, 5, name, 7, ...rest)).not.toBe(right);
    expect(copiedChecksum(null, checksum(null, [1, "n", 2]), 3, 4, 1, "n", 2)).toBe(checksum(null, [3, "n", 4]));
  });
});
