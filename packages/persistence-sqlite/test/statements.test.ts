import { statSync } from "node:fs";
import { join } from "node:path";
import type { AnsweringDelta, SaveOutcome } from "@session-bridge/core";
import { describe, expect, it, vi } from "vitest";
import { IN_MEMORY, openWriter } from "../src/connections.ts";
import { reading } from "../src/reading.ts";
import { writing } from "../src/writing.ts";
import { create, NOW_MS, scratchDirectory, variable } from "./scratch.ts";

/** A page in the log, with what stands before it. */
const FRAME_BYTES = 4096 + 24;

/** Every statement of the package, as it was prepared. */
function statements() {
  const db = openWriter(IN_MEMORY);
  const prepare = vi.spyOn(db, "prepare");
  reading(db);
  writing(db);
  const sources = prepare.mock.calls.map(([source]) => source);
  prepare.mockRestore();
  return { db, sources };
}

describe("statements", () => {
  it("find what they want through an index, however many sessions there are", () => {
    const { db, sources } = statements();
    expect(sources.length).toBeGreaterThan(10);
    for (const source of sources) {
      const names = Object.fromEntries([...source.matchAll(/:(\w+)/g)].map(([, name]) => [name, 1]));
      const positions = [...source.matchAll(/\?/g)].map(() => 1);
      const plan = db.prepare(`EXPLAIN QUERY PLAN ${source}`).all(...(positions.length > 0 ? positions : [names])) as { detail: string }[];
      const scans = plan.filter(({ detail }) =>
        /^SCAN (sessions|[vlhkct]\b|\w*variables|large_values|history\w*|checkpoints|declarations)|TEMP B-TREE/.test(detail),
      );
      expect([source, scans]).toEqual([source, []]);
    }
  });

  it("look for a value in a checkpoint by its name, not at all that the checkpoints of its session have", () => {
    const { db, sources } = statements();
    const looking = sources.filter((source) => / (k|v)\.revision = /.test(source) && source.includes("checkpoint_variables"));
    expect(looking.length).toBe(3);
    for (const source of looking) {
      const positions = [...source.matchAll(/\?/g)].map(() => 1);
      const plan = db.prepare(`EXPLAIN QUERY PLAN ${source}`).all(...positions) as { detail: string }[];
      expect(plan.map(({ detail }) => detail).join("; ")).toMatch(/SEARCH [kv] USING PRIMARY KEY \(session=\? AND label=\? AND name=\?\)/);
    }
  });

  it("of a set and of a load are as few as without any sections, where a session has none", () => {
    const db = openWriter(IN_MEMORY);
    let ran: string[] = [];
    const prepare = db.prepare.bind(db);
    const spied = vi.spyOn(db, "prepare").mockImplementation(((source: string) => {
      const statement = prepare(source);
      for (const method of ["run", "get", "all", "iterate"] as const) {
        const real = statement[method].bind(statement) as (...args: unknown[]) => unknown;
        Object.assign(statement, {
          [method]: (...args: unknown[]) => {
            ran.push(source.trim().split(/\s+/).slice(0, 3).join(" "));
            return real(...args);
          },
        });
      }
      return statement;
    }) as never);
    const [reads, writes] = [reading(db), writing(db)];
    spied.mockRestore();
    const save = (delta: AnsweringDelta): readonly SaveOutcome[] => {
      ran = [];
      return writes.save([delta]);
    };
    const { key, record } = create("s");
    const set = [{ ...variable("v"), revision: 2 }];
    const write = { kind: "write", key, nowMs: NOW_MS, baseRevision: 1, record: { ...record, revision: 2 }, set, removed: [] } as const;
    save(create("s"));
    expect(save(write)).toEqual(["saved"]);
    expect(ran).toEqual(["SELECT session, revision,", "INSERT OR REPLACE", "SELECT 1 FROM", "UPDATE sessions SET", "UPDATE store SET"]);
    // Now it is known that it has no large value, and the latest request says what time it was.
    for (let revision = 3; revision <= 4; revision++) {
      const request = { requestId: `r${revision}`, digest: new Uint8Array(32), answer: undefined, atMs: NOW_MS };
      expect(save({ ...write, baseRevision: revision - 1, record: { ...record, revision }, request })).toEqual(["saved"]);
    }
    expect(ran).toEqual(["INSERT INTO requests", "SELECT session, revision,", "INSERT OR REPLACE", "UPDATE sessions SET"]);
    ran = [];
    reads.load(key);
    expect(ran).toEqual(["SELECT session, revision,", "SELECT v.session, v.name,"]);
    db.close();
  });

  it("of a set with a request write one page each: the session, its variable, the request, and where the request is found", () => {
    const file = join(scratchDirectory(), "sessions.db");
    const db = openWriter(file, "commit");
    const writes = writing(db);
    const save = (delta: AnsweringDelta): readonly SaveOutcome[] => writes.save([delta]);
    const { key, record } = create("s");
    save(create("s", { expiresAtMs: NOW_MS + 1_000 }));
    const before = statSync(`${file}-wal`).size;
    for (let revision = 2; revision <= 11; revision++) {
      const nowMs = NOW_MS + revision;
      const set = [{ ...variable("v"), revision }];
      const request = { requestId: `r${revision}`, digest: new Uint8Array(32), answer: new Uint8Array(8), atMs: nowMs };
      const write = { kind: "write", key, nowMs, baseRevision: revision - 1, record: { ...record, revision }, set, removed: [] } as const;
      expect(save({ ...write, request })).toEqual(["saved"]);
    }
    // The first one takes the variable's deadline away, from the two indexes that have it.
    expect((statSync(`${file}-wal`).size - before) / FRAME_BYTES).toBe(10 * 4 + 2);
    db.close();
  });
});
