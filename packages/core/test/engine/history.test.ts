import { describe, expect, it } from "vitest";
import { memoryPersistence } from "../../src/memory-persistence.ts";
import type { HistoryItem, HistoryPage, Operation, SessionPort } from "../../src/session-port.ts";
import { decode, encode } from "../../src/values/index.ts";
import { lazy } from "./lazy-store.ts";
import { all, get, pass, refusal, type StageOptions, set, setOf, stage, update } from "./stage.ts";

const inWords = (item: HistoryItem): unknown => (item.kind === "set" ? decode(item.variable.bytes) : item.kind);
const historyOf = async (port: SessionPort, name: string, page: HistoryPage = {}, id = "s") =>
  (await port.getHistory(id, name, page, {})).items.map(inWords);
const restore = (name: string, revision: number, more = {}): Operation => ({ kind: "restore", name, revision, ...more });
const remove = (name: string): Operation => ({ kind: "delete", name });

/** An engine that keeps so many entries. */
const keeping = (historyEntries: number, { limits, ...more }: StageOptions = {}) =>
  stage({ ...more, limits: { ...limits, historyEntries } });

describe("a variable's history", () => {
  it("has what the variable was, newest first, deletions and expiries among it, and never what it is", async () => {
    const { port, clock } = keeping(10);
    const revisions = [await set(port, "s", "x", 1), await set(port, "s", "x", 2)];
    await update(port, "s", remove("x"));
    await set(port, "s", "x", 3, { ttl: 1_000 });
    expect(await historyOf(port, "x")).toEqual(["delete", 2, 1]);
    await pass(clock, 1_500);
    expect(await historyOf(port, "x")).toEqual(["expire", "delete", 2, 1]);
    await set(port, "s", "x", 4);
    const { items, sessionRevision, next } = await port.getHistory("s", "x", {}, {});
    expect(items.map((item) => (item.kind === "set" ? item.variable.revision : item.revision)).slice(-2)).toEqual(revisions.reverse());
    expect(next).toBeUndefined();
    expect(sessionRevision).toBe((await port.getSession("s", {})).revision);
    expect(await historyOf(port, "y")).toEqual([]);
    expect(await port.getHistory("nobody", "x", {}, {})).toEqual({ items: [], next: undefined, sessionRevision: 0 });
  });

  it("comes in pages of so many entries and so many bytes, one at least", async () => {
    const { port } = keeping(20);
    for (let i = 0; i < 10; i++) await set(port, "s", "x", "v".repeat(i + 1));
    const whole = await historyOf(port, "x");
    const pages: unknown[] = [];
    let before: number | undefined;
    do {
      const { items, next } = await port.getHistory("s", "x", { before, limit: 3, maxBytes: 16 }, {});
      expect(items.length).toBeGreaterThan(0);
      expect(items.length).toBeLessThanOrEqual(3);
      pages.push(...items.map(inWords));
      before = next;
    } while (before !== undefined);
    expect(pages).toEqual(whole);
    expect(await historyOf(port, "x", { maxBytes: 1 })).toEqual(whole.slice(0, 1));
    for (const page of [{ limit: 0 }, { limit: 1.5 }, { before: 0 }]) {
      expect((await refusal(() => port.getHistory("s", "x", page, {}))).reason).toBe("INVALID_ARGUMENT");
    }
  });

  it("[P8] has no value whose own deadline has passed, however long nobody looked", async () => {
    const { port, clock, store } = keeping(10);
    await set(port, "s", "x", "short", { ttl: 500 });
    await set(port, "s", "x", "kept");
    await set(port, "s", "x", "now");
    expect(await historyOf(port, "x")).toEqual(["kept", "short"]);
    clock.advance(500);
    expect(await historyOf(port, "x")).toEqual(["kept"]);
    expect((await store.load({ tenant: "", id: "s" }))?.history?.entries).toHaveLength(1);
  });

  it("[P8] counts no value in its session's bytes whose deadline has passed, swept or not", async () => {
    const { port, clock } = keeping(10);
    await set(port, "s", "x", "short", { ttl: 500 });
    await set(port, "s", "x", "now");
    const { sizeBytes } = await port.getSession("s", {});
    clock.advance(500);
    expect((await port.getSession("s", {})).sizeBytes).toBe(sizeBytes - "x".length - encode("short").length);
    expect((await port.listSessions({}, {}, {})).sessions[0]?.sizeBytes).toBe("x".length + encode("now").length);
  });

  it("expires in the store with nobody asking", async () => {
    const { port, clock, store } = keeping(10);
    await set(port, "s", "x", "short", { ttl: 500 });
    await set(port, "s", "x", "now");
    await pass(clock, 2_000);
    expect((await store.load({ tenant: "", id: "s" }))?.history?.entries).toEqual([]);
  });

  it("keeps so many entries of each variable as the session says, else the server", async () => {
    const { port } = keeping(2);
    await port.createSession({ id: "three", historyEntries: 3 }, {});
    await port.createSession({ id: "none", historyEntries: 0 }, {});
    for (const id of ["usual", "three", "none"]) for (let i = 0; i < 6; i++) await set(port, id, "x", i);
    expect(await historyOf(port, "x", {}, "usual")).toEqual([4, 3]);
    expect(await historyOf(port, "x", {}, "three")).toEqual([4, 3, 2]);
    expect(await historyOf(port, "x", {}, "none")).toEqual([]);
    for (const historyEntries of [-1, 65, 1.5]) {
      expect((await refusal(() => port.createSession({ id: "bad", historyEntries }, {}))).reason).toBe("INVALID_ARGUMENT");
    }
  });

  it("goes when it is turned off, and begins anew when it is turned on again", async () => {
    const inner = memoryPersistence();
    const on = () => keeping(5, { inner }).port;
    const off = () => keeping(0, { inner }).port;
    const first = on();
    const old = await set(first, "s", "x", 1);
    await set(first, "s", "x", 2);
    const idle = off();
    expect(await historyOf(idle, "x")).toEqual([1]);
    await set(idle, "s", "y", 1);
    expect(await historyOf(idle, "x")).toEqual([]);
    expect((await inner.load({ tenant: "", id: "s" }))?.history).toBeUndefined();
    const again = on();
    await set(again, "s", "x", 3);
    await set(again, "s", "x", 4);
    expect(await historyOf(again, "x")).toEqual([3, 2]);
    expect((await refusal(() => again.forkSession("s", { id: "t", atRevision: old }, {}))).reason).toBe("COMPACTED");
  });

  it("is the same after a restart", async () => {
    const first = keeping(5);
    for (let i = 0; i < 4; i++) await set(first.port, "s", "x", i);
    await update(first.port, "s", remove("x"));
    const before = await first.port.getHistory("s", "x", {}, {});
    const after = await first.again().getHistory("s", "x", {}, {});
    expect(after.items.map(inWords)).toEqual(before.items.map(inWords));
    expect(after.sessionRevision).toBe(before.sessionRevision);
  });

  it("counts in its session's bytes, and is trimmed before a write is refused, oldest first", async () => {
    const { port } = keeping(64, { limits: { sessionBytes: 1_000 } });
    const value = (i: number) => String(i).repeat(190);
    for (let i = 0; i < 9; i++) await set(port, "s", "x", value(i));
    expect(await historyOf(port, "x")).toEqual([7, 6, 5, 4].map(value));
    expect((await port.getSession("s", {})).sizeBytes).toBe(5 * (1 + 192));
    await set(port, "s", "y", "z".repeat(700));
    expect(await historyOf(port, "x")).toEqual([]);
    expect((await refusal(() => set(port, "s", "z", "z".repeat(200)))).reason).toBe("SESSION_TOO_LARGE");
  });

  it("[P14] weighs what it holds in memory", async () => {
    const memory = memoryPersistence();
    const inner = { ...memory, capabilities: { ...memory.capabilities, survives: "process" as const } };
    const { port, engine } = keeping(64, { inner });
    await set(port, "s", "x", "v".repeat(1_000));
    const before = engine.memory.bytes ?? 0;
    for (let i = 0; i < 10; i++) await set(port, "s", "x", "v".repeat(1_000));
    expect((engine.memory.bytes ?? 0) - before).toBeGreaterThan(10_000);
  });

  it("[P21] has large values that the store gives one by one, each its own", async () => {
    const inner = memoryPersistence();
    const large = (i: number) => String(i).repeat(5_000);
    const writer = keeping(8, { inner });
    const revisions: number[] = [];
    for (let i = 0; i < 4; i++) revisions.push(await set(writer.port, "s", "x", large(i)));
    const { port } = keeping(8, { inner: lazy(inner) });
    expect(await historyOf(port, "x")).toEqual([2, 1, 0].map(large));
    const again = keeping(8, { inner: lazy(inner) }).port;
    const { results } = await update(again, "s", restore("x", revisions[1] as number, { wantPrevious: true }));
    expect(decode(results[0]?.previous?.bytes ?? encode(null))).toBe(large(3));
    expect(await get(again, "s", "x")).toBe(large(1));
  });

  it("is read as a variable is: it extends its session's life, and looking for nothing does not", async () => {
    const { port, clock } = keeping(5);
    for (const id of ["read", "looked-at"]) {
      await port.createSession({ id, ttl: 10_000 }, {});
      for (const value of [1, 2]) await set(port, id, "x", value);
    }
    for (let i = 0; i < 3; i++) {
      await pass(clock, 6_000);
      await historyOf(port, "x", {}, "read");
      await port.getHistory("looked-at", "y", {}, {});
    }
    expect(await get(port, "read", "x")).toBe(2);
    expect((await refusal(() => port.getSession("looked-at", {}))).reason).toBe("SESSION_NOT_FOUND");
  });
});

describe("restoring", () => {
  it("writes again what the variable was, as an ordinary write with a revision of its own", async () => {
    const { port } = keeping(10);
    const first = await set(port, "s", "x", { a: 1 });
    const second = await set(port, "s", "x", 2);
    const { results, sessionRevision } = await update(port, "s", restore("x", first, { wantPrevious: true }));
    expect(results[0]).toMatchObject({ applied: true, revision: sessionRevision, previous: { revision: second } });
    expect(sessionRevision).toBeGreaterThan(second);
    expect(await get(port, "s", "x")).toEqual({ a: 1 });
    expect(await historyOf(port, "x")).toEqual([2, { a: 1 }]);
  });

  it("of a deletion deletes, and where there is nothing changes nothing", async () => {
    const { port } = keeping(10);
    await set(port, "s", "x", 1);
    const gone = (await update(port, "s", remove("x"))).sessionRevision;
    const nothing = await port.update("s", { operations: [restore("x", gone)], independent: true }, {});
    expect(nothing).toMatchObject({ results: [{ applied: false, revision: 0 }], sessionRevision: gone });
    await set(port, "s", "x", 2);
    const { results } = await update(port, "s", restore("x", gone));
    expect(results[0]).toMatchObject({ applied: true, revision: 0 });
    expect(await get(port, "s", "x")).toBeUndefined();
  });

  it("is refused with COMPACTED where the revision is not kept, and leaves everything as it was", async () => {
    const { port } = keeping(1);
    const revisions = [await set(port, "s", "x", 1), await set(port, "s", "x", 2), await set(port, "s", "x", 3)];
    for (const [name, revision] of [
      ["x", revisions[0]],
      ["x", 7],
      ["y", revisions[1]],
    ] as const) {
      const error = await refusal(() => update(port, "s", setOf("z", 1), restore(name, revision as number)));
      expect(error).toMatchObject({ reason: "COMPACTED", details: { name } });
    }
    expect(await all(port, "s")).toEqual({ x: 3 });
    expect((await refusal(() => update(port, "s", restore("x", -1)))).reason).toBe("INVALID_ARGUMENT");
  });

  it("[P8] brings back a deadline that is to come, and nothing that has expired", async () => {
    const { port, clock } = keeping(10);
    const first = await set(port, "s", "x", "short", { ttl: 1_000 });
    await set(port, "s", "x", "later");
    await update(port, "s", restore("x", first));
    expect((await port.getVariable("s", "x", {})).variable?.expiresAtMs).toBe(clock.now() + 1_000);
    await pass(clock, 1_000);
    expect(await get(port, "s", "x")).toBeUndefined();
    expect((await refusal(() => update(port, "s", restore("x", first)))).reason).toBe("COMPACTED");
  });

  it("keeps to if_revision, and to all or nothing", async () => {
    const { port } = keeping(10);
    const first = await set(port, "s", "x", 1);
    const second = await set(port, "s", "x", 2);
    expect((await refusal(() => update(port, "s", restore("x", first, { ifRevision: first })))).reason).toBe("REVISION_MISMATCH");
    expect((await refusal(() => update(port, "s", restore("x", first), { kind: "increment", name: "x", by: encode("no") }))).reason).toBe(
      "TYPE_MISMATCH",
    );
    expect(await get(port, "s", "x")).toBe(2);
    await update(port, "s", restore("x", first, { ifRevision: second }), { kind: "increment", name: "x", by: encode(10) });
    expect(await get(port, "s", "x")).toBe(11);
  });
});
