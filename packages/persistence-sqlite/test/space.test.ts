import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type AnsweringDelta, REQUEST_MEMORY_MS, type SectionChanges, type SessionDelta, type StoredVariable } from "@session-bridge/core";
import { manualClock } from "@session-bridge/core/testing";
import Database from "better-sqlite3";
import { describe, expect, it, onTestFinished } from "vitest";
import { IN_MEMORY, openWriter } from "../src/connections.ts";
import { BETWEEN_STEPS_MS, CHECKPOINT_AFTER_MS, housekeeping, KEPT_FREE_PAGES } from "../src/housekeeping.ts";
import { giveBack, STEP_PAGES } from "../src/space.ts";
import { sqliteStore } from "../src/sqlite-persistence.ts";
import { create, NOW_MS, noise, scratchDirectory, variable } from "./scratch.ts";

const MINUTE_MS = 60_000;

/** An open store whose housekeeping is in the test's hands. */
async function tidyStore() {
  const file = join(scratchDirectory(), "sessions.db");
  const clock = manualClock();
  const store = sqliteStore({ file }, clock);
  onTestFinished(() => store.close().catch(() => {}));
  await store.open();
  /** Lets time pass, a step of the housekeeping at a time, each with its answer. */
  const pass = async (ms: number, stepMs = BETWEEN_STEPS_MS): Promise<void> => {
    for (let at = 0; at < ms; at += stepMs) {
      clock.advance(stepMs);
      await store.open();
    }
  };
  return { file, clock, store, pass };
}

const remove = (id: string): SessionDelta => ({ kind: "delete", key: { tenant: "", id }, nowMs: NOW_MS, baseRevision: 1, revision: 2 });

/** In which of a store's files these bytes are. */
const where = (file: string, bytes: Uint8Array): readonly string[] =>
  ["", "-wal"].filter((suffix) => existsSync(file + suffix) && readFileSync(file + suffix).includes(Buffer.from(bytes)));

describe("bytes that nothing needs", () => {
  it("[P22] have left the file and the log a minute after they were deleted or replaced", async () => {
    const { file, store, pass } = await tidyStore();
    const [deleted, replaced, large] = [noise(300, 1), noise(300, 2), noise(9000, 3)];
    await store.save([create("a", { bytes: deleted }), create("b", { bytes: replaced }), create("c", { bytes: large })]);
    await pass(MINUTE_MS, 1000);
    const secrets = [deleted, replaced, large.subarray(0, 300)];
    expect(secrets.map((bytes) => where(file, bytes))).toEqual([[""], [""], [""]]);
    const { key, record, set } = create("b", { bytes: noise(300, 4), revision: 2 });
    const write = { kind: "write", key, nowMs: NOW_MS, baseRevision: 1, record: { ...record, revision: 2 }, set, removed: [] } as const;
    await store.save([remove("a"), write, remove("c"), create("d", { bytes: noise(50, 5) })]);
    await store.save([remove("d")]);
    expect(where(file, noise(50, 5))).toEqual(["-wal"]);
    await pass(MINUTE_MS, 1000);
    expect([...secrets, noise(50, 5)].map((bytes) => where(file, bytes))).toEqual([[], [], [], []]);
    expect(where(file, noise(300, 4))).toEqual([""]);
  });

  it("[P22] stay while a history, a checkpoint or a copy holds them, and have left a minute after the last of them", async () => {
    const { file, store, pass } = await tidyStore();
    const secrets = [noise(300, 1), noise(9000, 2)] as const;
    const present = (revision: number) =>
      ["small", "large"].map((name, i) => ({ ...variable(name), bytes: secrets[i] as Uint8Array, revision }));
    const { record, key } = create("s");
    let revision = 1;
    const save = async (sections: SectionChanges, set: readonly StoredVariable[] = []): Promise<void> => {
      const base = { kind: "write", key, nowMs: NOW_MS, baseRevision: revision, removed: [] } as const;
      revision += 1;
      expect(await store.save([{ ...base, record: { ...record, revision }, set, sections }])).toEqual(["saved"]);
    };
    const copied = async (): Promise<readonly boolean[]> => {
      await pass(MINUTE_MS, 1000);
      return secrets.map((bytes) => where(file, bytes.subarray(0, 300)).length > 0);
    };
    const copy = { kind: "fork", key: { tenant: "", id: "copy" }, nowMs: NOW_MS, record: { ...record, revision: 50 } } as const;
    await store.save([
      { ...create("s"), set: present(1) },
      { ...copy, source: { key, revision: 1 } },
    ]);
    await save({ checkpoints: { removed: [], set: [{ label: "one", revision: 2, createdAtMs: NOW_MS }] } });
    const history = { sinceRevision: 1, kept: present(1), ended: [], dropped: [] };
    await save(
      { history },
      present(3).map((one) => ({ ...one, bytes: noise(30, 3) })),
    );
    expect(await copied()).toEqual([true, true]);
    await save({ history: { ...history, sinceRevision: 3, kept: [], dropped: present(1) } });
    expect(await copied()).toEqual([true, true]);
    await store.save([{ ...remove("copy"), baseRevision: 50, revision: 51 } as SessionDelta]);
    expect(await copied()).toEqual([true, true]);
    await save({ checkpoints: { removed: ["one"], set: [] } });
    expect(await copied()).toEqual([false, false]);
  }, 30_000);

  it("[P22] of a history, a checkpoint and a copy go with their session", async () => {
    const { file, store, pass } = await tidyStore();
    const secret = noise(300, 1);
    const { record, key } = create("s");
    const write = { kind: "write", key, nowMs: NOW_MS, baseRevision: 1, record: { ...record, revision: 2 }, removed: [] } as const;
    const sections = {
      history: { sinceRevision: 1, kept: [{ name: "v", revision: 1 }], ended: [], dropped: [] },
      checkpoints: { removed: [], set: [{ label: "one", revision: 2, createdAtMs: NOW_MS }] },
      declarations: { removed: [], set: [{ name: "v", schema: noise(300, 2), revision: 2 }] },
    };
    const set = [{ ...variable("v"), bytes: noise(300, 3), revision: 2 }];
    await store.save([create("s", { bytes: secret }), { ...write, set, sections }]);
    await pass(MINUTE_MS, 1000);
    const held = [1, 2, 3].map((seed) => noise(300, seed));
    expect(held.map((bytes) => where(file, bytes))).toEqual([[""], [""], [""]]);
    await store.save([{ ...remove("s"), baseRevision: 2, revision: 3 } as SessionDelta]);
    await pass(MINUTE_MS, 1000);
    expect(held.map((bytes) => where(file, bytes))).toEqual([[], [], []]);
  });

  it("[P22] leave the log as soon as nobody reads it, and saves do not wait for those who do", async () => {
    const { file, store, pass } = await tidyStore();
    await store.save([create("a", { bytes: noise(300) })]);
    const beside = new Database(file, { readonly: true });
    beside.exec("BEGIN; SELECT count(*) FROM sessions");
    beside.prepare("SELECT count(*) FROM sessions").get();
    await store.save([remove("a")]);
    await pass(MINUTE_MS, 1000);
    expect(where(file, noise(300))).toContain("-wal");
    expect(await store.save([create("b")])).toEqual(["saved"]);
    beside.close();
    await pass(2000, 1000);
    expect(where(file, noise(300))).toEqual([]);
  });

  it("give their pages back, a few at a time, until little is free", async () => {
    const { file, store, pass } = await tidyStore();
    const ids = Array.from({ length: 60 }, (_, i) => `session ${i}`);
    await store.save(ids.map((id, i) => create(id, { bytes: noise(50_000, i) })));
    await pass(MINUTE_MS, 1000);
    const full = statSync(file).size;
    expect(full).toBeGreaterThan(3_000_000);
    await store.save(ids.map(remove));
    await pass(CHECKPOINT_AFTER_MS, 1000);
    await pass(2000);
    expect(statSync(file).size).toBeLessThan((KEPT_FREE_PAGES + 20) * 4096);
    const db = new Database(file, { readonly: true });
    expect(db.pragma("integrity_check", { simple: true })).toBe("ok");
    db.close();
  });

  it("are given back after a restart, too", async () => {
    const { file, store, clock } = await tidyStore();
    await store.save([create("a", { bytes: noise(3_000_000) })]);
    await store.save([remove("a")]);
    await store.close();
    const before = statSync(file).size;
    await store.open();
    clock.advance(CHECKPOINT_AFTER_MS);
    for (let i = 0; i < 20; i++) {
      await store.open();
      clock.advance(BETWEEN_STEPS_MS);
    }
    await store.close();
    expect(before).toBeGreaterThan(3_000_000);
    expect(statSync(file).size).toBeLessThan((KEPT_FREE_PAGES + 20) * 4096);
  });

  it("[P23] are given back in steps of a bounded size", () => {
    const db = openWriter(IN_MEMORY);
    db.exec(
      "CREATE TABLE much AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300) SELECT i, randomblob(9000) FROM n",
    );
    db.exec("DROP TABLE much");
    const before = db.pragma("freelist_count", { simple: true }) as number;
    expect(before).toBeGreaterThan(2 * STEP_PAGES);
    expect(giveBack(db).freePages).toBe(before - STEP_PAGES);
    db.close();
  });
});

describe("[P22] what answers remember", () => {
  const [previous, dropped] = [noise(300, 1), noise(300, 2)];
  const MINUTES_MS = REQUEST_MEMORY_MS;
  const answering = (delta: SessionDelta, requestId: string, answer: Uint8Array): AnsweringDelta => ({
    ...delta,
    request: { requestId, digest: new Uint8Array(32), answer, atMs: delta.nowMs },
  });

  it("has left the file and the log of an idle store a minute after its time, also after a restart", async () => {
    const { file, store, pass } = await tidyStore();
    await store.save([create("a", { bytes: previous }), create("b", { bytes: dropped })]);
    await store.save([answering(remove("a"), "first", previous)]);
    await pass(MINUTES_MS / 2, 10_000);
    await store.save([
      answering({ ...(remove("b") as SessionDelta & { readonly kind: "delete" }), nowMs: NOW_MS + MINUTES_MS / 2 }, "second", dropped),
    ]);
    await pass(MINUTES_MS / 2 - 10_000, 10_000);
    expect([where(file, previous), where(file, dropped)]).toEqual([[""], [""]]);
    await pass(10_000 + MINUTE_MS, 1_000);
    expect([where(file, previous), where(file, dropped)]).toEqual([[], [""]]);
    await store.close();
    await store.open();
    await pass(MINUTES_MS / 2, 10_000);
    expect(where(file, dropped)).toEqual([]);
  });
});

describe("housekeeping", () => {
  /** A writer that answers at once from a list, and what it was asked; it remembers the requests of these moments. */
  function scripted(answers: readonly (object | Error)[], requests: number[] = []) {
    const asked: string[] = [];
    const clock = manualClock();
    const ask = async (method: string, question: { readonly nowMs: number }): Promise<{ answer: never }> => {
      if (method === "forgetRequests") {
        if (requests[0] !== undefined && requests[0] <= question.nowMs - REQUEST_MEMORY_MS) requests.shift();
        return { answer: { oldestAtMs: requests[0] } as never };
      }
      const answer = answers[asked.length] ?? { busy: false, freePages: 0 };
      asked.push(`${method} at ${clock.monotonic()}`);
      if (answer instanceof Error) throw answer;
      return { answer: answer as never };
    };
    const pass = async (ms: number): Promise<void> => {
      for (let at = 0; at < ms; at += BETWEEN_STEPS_MS) {
        clock.advance(BETWEEN_STEPS_MS);
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    return { asked, clock, pass, keeping: housekeeping({ ask: ask as never }, clock, clock.now) };
  }

  it("rests while nothing changes, and counts from the first change", async () => {
    const { asked, clock, pass, keeping } = scripted([]);
    await pass(100_000);
    expect([asked, clock.scheduled]).toEqual([["checkpoint at 30000"], 0]);
    keeping.changed();
    await pass(10_000);
    keeping.changed();
    await pass(90_000);
    expect(asked.slice(1)).toEqual(["checkpoint at 130000"]);
  });

  it("[P22] forgets requests within a minute of their time, however many, and rests until the next one's", async () => {
    const times = [...Array.from({ length: 500 }, (_, i) => NOW_MS + i), NOW_MS + 400_000];
    const { asked, pass, clock } = scripted([], times);
    await pass(REQUEST_MEMORY_MS);
    expect(asked).toEqual(["checkpoint at 30000"]);
    await pass(MINUTE_MS);
    expect(times).toEqual([NOW_MS + 400_000]);
    expect(asked.slice(1).map((line) => Number(line.split(" ").at(-1)))).toEqual([630_000, 654_950]);
    await pass(400_000);
    expect([times, clock.scheduled]).toEqual([[], 0]);
  });

  it("[P22] empties the log also while it gives back for longer than a minute", async () => {
    const { asked, pass } = scripted(Array(5000).fill({ busy: false, freePages: 100_000 }));
    await pass(100_000);
    const emptied = asked.filter((line) => line.startsWith("checkpoint")).map((line) => Number(line.split(" ").at(-1)));
    expect(emptied.length).toBeGreaterThan(2);
    for (const [i, at] of emptied.entries()) expect(at - (emptied[i - 1] ?? 0)).toBeLessThan(MINUTE_MS);
  });

  it("goes on after a failure, and begins nothing once it was stopped", async () => {
    const { asked, pass, keeping, clock } = scripted([new Error("disk full"), { busy: false, freePages: 1000 }]);
    await pass(60_000);
    expect(asked).toEqual(["checkpoint at 30000", "checkpoint at 60000"]);
    keeping.stop();
    await pass(60_000);
    expect([asked.length, clock.scheduled]).toEqual([2, 0]);
  });
});
