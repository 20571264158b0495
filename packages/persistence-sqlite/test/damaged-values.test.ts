import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DataLossError, type SessionPersistence, type StoredVariable } from "@session-bridge/core";
import Database from "better-sqlite3";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openReader } from "../src/connections.ts";
import { isCorruption } from "../src/errors.ts";
import { reading } from "../src/reading.ts";
import { create, NOW_MS, noise, scratchDirectory, scratchStore, variable } from "./scratch.ts";

const A = { tenant: "", id: "a" };

/** A small value, a large one that cannot be compressed, and one that can. */
const VALUES: Readonly<Record<string, Uint8Array>> = {
  compressed: Uint8Array.from({ length: 60_000 }, (_, i) => (i * i) % 251),
  noise: noise(9000, 1),
  small: noise(500, 2),
};

const named = (name: string): StoredVariable => ({ ...variable(name), bytes: VALUES[name] as Uint8Array });

/** A closed store with a session of those. */
async function storedFile(): Promise<string> {
  const file = join(scratchDirectory(), "sessions.db");
  const store = scratchStore(file);
  await store.open();
  await store.save([{ ...create("a"), set: Object.keys(VALUES).map(named) }]);
  await store.close();
  return file;
}

/** Flips one bit where these bytes are in the file. */
function flipBitOf(file: string, bytes: Uint8Array): void {
  const content = readFileSync(file);
  const at = content.indexOf(bytes.subarray(20, 60)) + 30;
  expect(at).toBeGreaterThan(30);
  content[at] = (content[at] as number) ^ 4;
  writeFileSync(file, content);
}

/** The bytes of a value as the file has them. */
function storedBytes(file: string, name: string): Uint8Array {
  const db = new Database(file, { readonly: true });
  const find = "SELECT coalesce(v.value, l.value) FROM variables v LEFT JOIN large_values l USING (session, name) WHERE name = ?";
  const bytes = db.prepare<[string], Uint8Array>(find).pluck().get(name);
  db.close();
  return bytes as Uint8Array;
}

/** By name: whether the value is as it was, "damaged", or "absent". */
async function stateOf(store: SessionPersistence): Promise<unknown> {
  const session = await store.load(A);
  const values = await store.loadValues(A, session?.variables.filter(({ bytes }) => bytes === undefined) ?? []);
  return session?.variables.map(({ name, bytes }) => {
    const value = bytes ?? values.get(name);
    if (value === undefined) return [name, values.has(name) ? "damaged" : "absent"];
    return [name, Buffer.from(value).equals(VALUES[name] as Uint8Array) ? "as it was" : "wrong"];
  });
}

const stateWith = (damaged: string): unknown => Object.keys(VALUES).map((name) => [name, name === damaged ? "damaged" : "as it was"]);

describe("a value whose stored bytes changed", () => {
  it.each(Object.keys(VALUES))("[P21] is damaged, and the others are as they were: %s", async (name) => {
    const file = await storedFile();
    flipBitOf(file, storedBytes(file, name));
    const store = scratchStore(file);
    await store.open();
    expect(await stateOf(store)).toEqual(stateWith(name));
    expect(await store.loadValues(A, [named(name)])).toEqual(new Map([[name, undefined]]));
    const record = { ...create("a").record, revision: 2 };
    const mended = {
      kind: "write",
      key: A,
      nowMs: NOW_MS,
      baseRevision: 1,
      record,
      set: [{ ...named(name), revision: 2 }],
      removed: [],
    } as const;
    expect(await store.save([mended])).toEqual(["saved"]);
    expect(await stateOf(store)).toEqual(stateWith(""));
  });

  it.each([
    ["its row says another type", "UPDATE variables SET type = 'float' WHERE name = 'small'", "small"],
    ["its row says another encoding", "UPDATE variables SET encoding = 'x' WHERE name = 'noise'", "noise"],
    ["its row says another deadline", "UPDATE variables SET expires_at_ms = 5 WHERE name = 'small'", "small"],
    ["its row says another size", "UPDATE variables SET size_bytes = 60001 WHERE name = 'compressed'", "compressed"],
    ["its large row is gone", "DELETE FROM large_values WHERE name = 'noise'", "noise"],
    [
      "its large row is another one's",
      "UPDATE large_values SET value = (SELECT value FROM large_values WHERE name = 'noise') WHERE name = 'compressed'",
      "compressed",
    ],
  ])("[P21] is damaged when %s", async (_, sql, name) => {
    const file = await storedFile();
    const db = new Database(file);
    db.exec(sql);
    db.close();
    const store = scratchStore(file);
    await store.open();
    expect(await stateOf(store)).toEqual(stateWith(name));
  });

  it("[P21] never comes out as another value, whichever bit of the file is flipped", async () => {
    const file = await storedFile();
    const original = readFileSync(file);
    const flipped = join(scratchDirectory(), "flipped.db");
    const check = (bit: number): string => {
      const content = Buffer.from(original);
      content[bit >> 3] = (content[bit >> 3] as number) ^ (1 << (bit & 7));
      writeFileSync(flipped, content);
      const db = openReader(flipped);
      try {
        const reads = reading(db);
        const refs = Object.keys(VALUES).map((name) => ({ name, revision: 1 }));
        const { answer, values } = reads.loadValues({ key: A, refs });
        let at = 0;
        for (const { name, sizeBytes = 0 } of answer) {
          const bytes = new Uint8Array(values ?? new ArrayBuffer(0), at, sizeBytes);
          if (sizeBytes > 0) expect([name, Buffer.from(bytes).equals(VALUES[name] as Uint8Array)]).toEqual([name, true]);
          at += sizeBytes;
        }
        return answer.some(({ sizeBytes }) => sizeBytes === undefined) ? "damaged" : "whole or absent";
      } catch (error) {
        if (error instanceof Database.SqliteError) return error.code;
        throw error;
      } finally {
        db.close();
      }
    };
    const seen = new Set<string>();
    fc.assert(
      fc.property(fc.integer({ min: 0, max: original.length * 8 - 1 }), (bit) => {
        seen.add(check(bit));
      }),
      { numRuns: 300 },
    );
    expect(seen.has("damaged")).toBe(true);
  }, 60_000);
});

describe("a session on pages that make no sense since the store is open", () => {
  it("[P21] is a loss of data for that session, and others are served", async () => {
    const file = join(scratchDirectory(), "sessions.db");
    const store = scratchStore(file);
    await store.open();
    // Enough sessions that the rows of the first and of the last lie on different pages.
    const ids = ["a", ...Array.from({ length: 30 }, (_, i) => `filler ${i}`), "z"];
    await store.save(ids.map((id) => create(id, { bytes: noise(2000, id.length + 10) })));
    await store.close();
    const content = readFileSync(file);
    const leaf = Math.floor(content.indexOf(noise(2000, 11).subarray(0, 50)) / 4096) * 4096;
    content.fill(0xff, leaf, leaf + 8);
    const again = scratchStore(file);
    await again.open();
    writeFileSync(file, content);
    const failure: unknown = await again.load(A).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DataLossError);
    expect([(failure as Error).message, isCorruption((failure as Error).cause)]).toEqual(['the stored session "a" is damaged', true]);
    expect((await again.load({ tenant: "", id: "z" }))?.variables[0]?.bytes?.length).toBe(2000);
  });
});
