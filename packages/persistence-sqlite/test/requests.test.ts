import { REQUEST_MEMORY_BYTES, REQUEST_MEMORY_MS, type RememberedRequest, type SessionKey } from "@session-bridge/core";
import type { Database } from "better-sqlite3";
import { describe, expect, it, vi } from "vitest";
import { IN_MEMORY, openWriter } from "../src/connections.ts";
import * as requests from "../src/requests.ts";

const NOW_MS = 1_800_000_000_000;
const KEY = { tenant: "", id: "s" };
const request = (requestId: string, atMs: number, answerBytes = 10): RememberedRequest => ({
  requestId,
  digest: new Uint8Array(32),
  answer: new Uint8Array(answerBytes),
  atMs,
});

/** Remembers a request whose change is there; says whether it was new. */
function remembered(memory: requests.RequestMemory, key: SessionKey, answered: RememberedRequest): boolean {
  const isNew = memory.remember(key, answered, answered.atMs);
  if (isNew) memory.makeRoom(key, answered);
  return isNew;
}

/** A memory that tells whenever it looks at all that a session has. */
function withCountedLooks(db: Database, looked: () => void): requests.RequestMemory {
  const prepare = db.prepare.bind(db);
  const spied = vi.spyOn(db, "prepare").mockImplementation(((source: string) => {
    const statement = prepare(source);
    if (!/^SELECT number FROM requests WHERE tenant = \? AND id = \?$/.test(source)) return statement;
    const all = statement.all.bind(statement) as (...args: unknown[]) => unknown;
    return Object.assign(statement, {
      all: (...args: unknown[]) => {
        looked();
        return all(...args);
      },
    });
  }) as never);
  const memory = requests.requestMemory(db);
  spied.mockRestore();
  return memory;
}

describe("remembered requests", () => {
  it("keep to the numbers of the contract", () => {
    expect([requests.REQUEST_MEMORY_MS, requests.REQUEST_MEMORY_BYTES]).toEqual([REQUEST_MEMORY_MS, REQUEST_MEMORY_BYTES]);
  });

  it("[P6] are remembered once, again after their time, and not at all when their change was not possible", () => {
    const memory = requests.requestMemory(openWriter(IN_MEMORY));
    expect(remembered(memory, KEY, request("a", NOW_MS))).toBe(true);
    expect(remembered(memory, KEY, request("a", NOW_MS + REQUEST_MEMORY_MS - 1))).toBe(false);
    expect(remembered(memory, { ...KEY, id: "other" }, request("a", NOW_MS))).toBe(true);
    expect(remembered(memory, KEY, request("a", NOW_MS + REQUEST_MEMORY_MS))).toBe(true);
    expect(memory.remember(KEY, request("b", NOW_MS), NOW_MS)).toBe(true);
    memory.unremember(KEY, "b");
    expect(remembered(memory, KEY, request("b", NOW_MS))).toBe(true);
  });

  it("[P22] leave the file when newer ones come in after their time, so that the table does not grow for ever", () => {
    const db = openWriter(IN_MEMORY);
    const memory = requests.requestMemory(db);
    for (let i = 0; i < 500; i++) remembered(memory, KEY, request(`old-${i}`, NOW_MS));
    for (let i = 0; i < 200; i++) remembered(memory, { ...KEY, id: `other-${i % 7}` }, request(`new-${i}`, NOW_MS + REQUEST_MEMORY_MS));
    expect(db.prepare("SELECT count(*) AS rows FROM requests").get()).toEqual({ rows: 200 });
  });

  it("[P22] [P23] are forgotten in steps of a bounded size, the oldest first, and only after their time", () => {
    const db = openWriter(IN_MEMORY);
    const memory = requests.requestMemory(db);
    for (let i = 0; i < 1_500; i++) remembered(memory, { ...KEY, id: `s${i}` }, request(`r${i}`, NOW_MS + i));
    for (let i = 0; i < 10; i++) remembered(memory, { ...KEY, id: `s${i}` }, request(`large-${i}`, NOW_MS + 1_500 + i, 100_000));
    const left = () => (db.prepare("SELECT count(*) AS rows FROM requests").get() as { readonly rows: number }).rows;
    expect([memory.forgetOld(NOW_MS + REQUEST_MEMORY_MS - 1), left()]).toEqual([NOW_MS, 1_510]);
    expect([memory.forgetOld(NOW_MS + REQUEST_MEMORY_MS + 1_505), left()]).toEqual([NOW_MS + 1_000, 510]);
    expect([memory.forgetOld(NOW_MS + REQUEST_MEMORY_MS + 1_505), left()]).toEqual([NOW_MS + 1_503, 7]);
    expect([memory.forgetOld(NOW_MS + REQUEST_MEMORY_MS + 1_505), left()]).toEqual([NOW_MS + 1_506, 4]);
    expect([memory.forgetOld(NOW_MS + 2 * REQUEST_MEMORY_MS), memory.forgetOld(NOW_MS + 2 * REQUEST_MEMORY_MS), left()]).toEqual([
      NOW_MS + 1_509,
      undefined,
      0,
    ]);
  });

  it("[P6] never take more than a session's room, whatever was counted before", () => {
    const db = openWriter(IN_MEMORY);
    let memory = requests.requestMemory(db);
    for (let i = 0; i < 300; i++) {
      if (i % 50 === 0) memory = requests.requestMemory(db);
      remembered(memory, KEY, request(`r${i}`, NOW_MS + i, 10_000));
    }
    const { bytes, rows } = db.prepare("SELECT sum(size_bytes) AS bytes, count(*) AS rows FROM requests").get() as Record<string, number>;
    expect(bytes).toBeLessThanOrEqual(REQUEST_MEMORY_BYTES);
    expect(rows).toBeGreaterThan(100);
    const find = requests.requestFinder(db);
    expect(find(KEY, "r299", NOW_MS + 300).request).toMatchObject({ requestId: "r299", atMs: NOW_MS + 299 });
    expect(find(KEY, "r0", NOW_MS + 300)).toEqual({ request: undefined, rememberedSinceMs: NOW_MS + 300 - (rows ?? 0) });
  });

  it("[P6] [P23] make room for another by looking at two thousand of its session at once, not at all of them each time", () => {
    const db = openWriter(IN_MEMORY);
    let looks = 0;
    const memory = withCountedLooks(db, () => looks++);
    for (let i = 0; i < 10_000; i++) remembered(memory, KEY, request(`r${i}`, NOW_MS + i, 300));
    const rows = db.prepare("SELECT min(at_ms) - :now AS first, count(*) AS count FROM requests").get({ now: NOW_MS });
    const kept = Math.floor(REQUEST_MEMORY_BYTES / (5 + 32 + 300));
    expect(rows).toEqual({ first: 10_000 - kept, count: kept });
    expect(looks).toBeGreaterThan(0);
    expect(looks).toBeLessThanOrEqual(1 + Math.ceil((10_000 - kept) / 2_000));
  });

  it("[P6] are not forgotten before the room is full, whatever has grown too old meanwhile, and whoever pushed it out", () => {
    const db = openWriter(IN_MEMORY);
    const memory = requests.requestMemory(db);
    const fitting = Math.floor(REQUEST_MEMORY_BYTES / 10_042);
    const count = fitting + 5;
    // More than there is room for, so that some of the oldest are known by number.
    for (let i = 0; i < count; i++) remembered(memory, KEY, request(`old-${100 + i}`, NOW_MS + i, 10_003));
    const laterMs = NOW_MS + REQUEST_MEMORY_MS + count;
    for (let i = 0; i < count; i++) remembered(memory, { ...KEY, id: "other" }, request(`other-${i}`, laterMs));
    for (let i = 0; i < fitting; i++) remembered(memory, KEY, request(`new-${100 + i}`, laterMs, 10_003));
    const find = requests.requestFinder(db);
    expect(find(KEY, "new-100", laterMs)).toMatchObject({ request: { atMs: laterMs } });
    remembered(memory, KEY, request("new-last", laterMs + 1, 10_003));
    expect(find(KEY, "new-100", laterMs).request).toBeUndefined();
    expect(find(KEY, "new-101", laterMs).request).toBeDefined();
  });

  it("[P6] whose transaction was taken back take no room", () => {
    const db = openWriter(IN_MEMORY);
    const memory = requests.requestMemory(db);
    remembered(memory, KEY, request("first", NOW_MS));
    const failing = db.transaction(() => {
      for (let i = 0; i < 10; i++) remembered(memory, KEY, request(`lost-${i}`, NOW_MS, 100_000));
      throw new Error("taken back");
    });
    expect(failing).toThrow("taken back");
    memory.takenBack();
    for (let i = 0; i < 10; i++) remembered(memory, KEY, request(`large-${i}`, NOW_MS, 100_000));
    expect(requests.requestFinder(db)(KEY, "first", NOW_MS).request).toBeDefined();
  });

  it("[P23] do not make a save go on for ever when a damaged file has numbers without requests", () => {
    const db = openWriter(IN_MEMORY);
    const memory = requests.requestMemory(db);
    for (let i = 0; i < 100; i++) remembered(memory, KEY, request(`r${i}`, NOW_MS, 10_000));
    // Behind the memory's back, so that what it knows is not there.
    db.exec("DELETE FROM requests");
    expect(remembered(memory, KEY, request("large", NOW_MS, 200_000))).toBe(true);
  });

  it("[P6] of one session are not forgotten for the room of another whose own have grown too old and left their numbers", () => {
    const db = openWriter(IN_MEMORY);
    const memory = requests.requestMemory(db);
    for (let i = 0; i < 30; i++) remembered(memory, KEY, request(`old-${i}`, NOW_MS, 50_000));
    const laterMs = NOW_MS + REQUEST_MEMORY_MS;
    while (memory.forgetOld(laterMs) !== undefined);
    const other = { ...KEY, id: "other" };
    for (let i = 0; i < 20; i++) remembered(memory, other, request(`mine-${i}`, laterMs));
    remembered(memory, KEY, request("large", laterMs, 100_000));
    const find = requests.requestFinder(db);
    for (let i = 0; i < 20; i++) expect(find(other, `mine-${i}`, laterMs).request).toBeDefined();
    expect(find(KEY, "large", laterMs).request).toBeDefined();
  });
});
