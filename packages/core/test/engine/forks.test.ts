import { describe, expect, it } from "vitest";
import { memoryPersistence } from "../../src/memory-persistence.ts";
import type { SessionPersistence } from "../../src/persistence.ts";
import { sessionEngine } from "../../src/session-engine.ts";
import type { Operation, RequestIdentity, SessionFork, SessionPort } from "../../src/session-port.ts";
import { type FaultPlan, faultAt, manualClock, seededRandom } from "../../src/testing/index.ts";
import { encode } from "../../src/values/index.ts";
import { watcher } from "../watch/watcher.ts";
import { lazy } from "./lazy-store.ts";
import { all, get, isSettled, pass, refusal, type StageOptions, set, setOf, settled, stage, update } from "./stage.ts";

const fork = (port: SessionPort, id = "copy", more: Omit<SessionFork, "id"> = {}, call = {}) =>
  port.forkSession("s", { id, ...more }, call);
const append = (name: string, value: unknown): Operation => ({ kind: "append", name, value: encode(value) });
const LARGE = "x".repeat(5_000);

/** A store that leaves copying to the engine, as write-behind does. */
const plainStore = (inner: SessionPersistence = memoryPersistence()): SessionPersistence => {
  const { sections } = inner.capabilities;
  return { ...inner, capabilities: { ...inner.capabilities, sections: sections.filter((section) => section !== "fork") } };
};

const STORES: readonly (readonly [string, (inner?: SessionPersistence) => SessionPersistence])[] = [
  ["a store that copies by itself", (inner = memoryPersistence()) => inner],
  ["a store that is given every value", plainStore],
];

describe.each(STORES)("[P7] a fork in %s", (_, storeOf) => {
  const staged = (options: StageOptions = {}) => stage({ inner: storeOf(), ...options });

  it("has the source's variables with their deadlines, its ttl, labels, declarations and end, and nothing else of it", async () => {
    const { port, clock } = staged({ limits: { historyEntries: 4 } });
    await port.createSession({ id: "s", ttl: 60_000, labels: { team: "a" }, maxLifeMs: 600_000, historyEntries: 2 }, {});
    await update(port, "s", setOf("x", 1), setOf("y", LARGE, { ttl: 5_000 }), { kind: "checkpoint", name: "", label: "c" });
    await set(port, "s", "x", 2);
    await update(port, "s", { kind: "declare", name: "x", schema: encode({ type: "integer" }) });
    clock.advance(1_000);
    const info = await fork(port);
    const source = await port.getSession("s", {});
    const { ttlMs, labels, endsAtMs, historyEntries, variableCount } = source;
    expect(info).toMatchObject({ id: "copy", ttlMs, labels, endsAtMs, historyEntries, variableCount, createdAtMs: clock.now() });
    expect(await port.getSession("copy", {})).toEqual(info);
    expect(await all(port, "copy")).toEqual({ x: 2, y: LARGE });
    expect((await port.getVariable("copy", "y", {})).variable?.expiresAtMs).toBe(clock.now() + 4_000);
    expect((await port.listDeclarations("copy", {})).declarations.map(({ name }) => name)).toEqual(["x"]);
    expect((await port.listCheckpoints("copy", {})).checkpoints).toEqual([]);
    expect((await port.getHistory("copy", "x", {}, {})).items).toEqual([]);
    const other = await fork(port, "other", { ttl: "never", labels: { team: "b" } });
    expect(other).toMatchObject({ ttlMs: undefined, labels: { team: "b" }, endsAtMs });
    expect((await port.forkSession("s", {}, {})).id).toMatch(/^[A-Za-z0-9_-]{22}$/);
  });

  it("goes its own way, and so does the source, over restarts and the deletion of either", async () => {
    const { port, again } = staged();
    await update(port, "s", setOf("x", 1), setOf("list", ["a"]), setOf("y", LARGE));
    await fork(port);
    await fork(port, "second");
    await update(port, "copy", append("list", ["copy"]), setOf("x", 2));
    await update(port, "s", append("list", ["source"]), { kind: "delete", name: "y" });
    const states = async (of: SessionPort) => Promise.all(["s", "copy", "second"].map((id) => all(of, id)));
    const expected = [
      { x: 1, list: ["a", "source"] },
      { x: 2, list: ["a", "copy"], y: LARGE },
      { x: 1, list: ["a"], y: LARGE },
    ];
    expect(await states(port)).toEqual(expected);
    const later = again();
    expect(await states(later)).toEqual(expected);
    await later.deleteSession("s", {});
    expect(await states(later)).toEqual([{}, ...expected.slice(1)]);
    await later.deleteSession("copy", {});
    expect(await states(again())).toEqual([{}, {}, expected[2]]);
  });

  it("[P1] gives every variable the copy's first revision: no if_revision of the source matches, before and after a restart", async () => {
    const { port, again, clock } = staged();
    const old = await set(port, "s", "x", 1);
    await set(port, "s", "y", 1);
    clock.jump(-60_000);
    const { revision } = await fork(port);
    await port.forkSession("copy", { id: "second" }, {});
    for (const of of [port, again()]) {
      for (const id of ["copy", "second"]) {
        expect((await refusal(() => set(of, id, "x", 2, { ifRevision: old }))).reason).toBe("REVISION_MISMATCH");
        const { variables, sessionRevision } = await of.getVariables(id, { prefix: "" }, {});
        expect(variables.map((variable) => variable.revision)).toEqual([sessionRevision, sessionRevision]);
        expect((await of.listVariables(id, "", {})).variables.map((variable) => variable.revision)).toEqual([
          sessionRevision,
          sessionRevision,
        ]);
      }
    }
    const second = await set(port, "copy", "x", 3, { ifRevision: revision });
    expect(second).toBeGreaterThan(revision);
    const after = await port.getVariables("copy", { prefix: "" }, {});
    expect(after.variables.map((variable) => variable.revision)).toEqual([second, revision]);
  });

  it("is of one moment, however many write meanwhile, and has everything that was acknowledged before", async () => {
    const { port } = staged();
    await update(port, "s", setOf("a", 0), setOf("b", 0));
    const writing = Array.from({ length: 40 }, async (__, i) => {
      await update(port, "s", setOf("a", i + 1), setOf("b", i + 1));
      if (i % 4 === 0) await fork(port, `copy${i}`);
    });
    await Promise.all(writing);
    for (let i = 0; i < 40; i += 4) {
      const { a, b } = await all(port, `copy${i}`);
      expect(a).toBe(b);
      expect(a).toBeGreaterThanOrEqual(i + 1);
    }
  });

  it("is answered when it is saved, and fails as a write does", async () => {
    const held = staged({ plan: faultAt("save", 2, "hold") });
    await set(held.port, "s", "x", 1);
    const copying = fork(held.port);
    expect(await isSettled(copying)).toBe(false);
    held.store.release();
    await copying;
    for (const [fault, outcome] of [
      ["fail", "unknown"],
      ["lose_answer", "unknown"],
    ] as const) {
      const { port, clock, again } = staged({ plan: faultAt("save", 2, fault) });
      await set(port, "s", "x", 1);
      expect(await refusal(() => fork(port))).toMatchObject({ reason: "STORE_UNAVAILABLE", outcome });
      await pass(clock, 10_000);
      expect(await get(port, "copy", "x")).toBe(fault === "fail" ? undefined : 1);
      expect(await get(again(), "copy", "x")).toBe(fault === "fail" ? undefined : 1);
    }
  });

  it("is done again when the store conflicts, of what the source is then", async () => {
    const { port, again } = staged({ plan: faultAt("save", 2, "conflict") });
    await set(port, "s", "x", 1);
    const rival = again();
    const changed = set(rival, "s", "x", 2);
    await fork(port);
    await changed;
    expect([1, 2]).toContain(await get(port, "copy", "x"));
    expect(await all(again(), "copy")).toEqual(await all(port, "copy"));
  });

  it("has what is being committed of its source, or comes before it", async () => {
    const { port, store } = staged({ plan: faultAt("save", 2, "hold") });
    await set(port, "s", "x", 1);
    const writing = set(port, "s", "x", 2);
    await settled();
    const copying = fork(port);
    await settled();
    store.release();
    await Promise.all([writing, copying]);
    const copied = await get(port, "copy", "x");
    expect([1, 2]).toContain(copied);
    expect(await get(port, "s", "x")).toBe(2);
    await fork(port, "later");
    expect(await get(port, "later", "x")).toBe(2);
  });

  it("[P6] that is sent again makes no second copy and gets the same answer, also when the source is gone", async () => {
    const { port, again } = staged();
    await set(port, "s", "x", 1);
    const request: RequestIdentity = { id: "r1", digest: new Uint8Array(32) };
    const send = (of: SessionPort) => fork(of, "copy", {}, { request });
    const [first, twin] = await Promise.all([send(port), send(port)]);
    expect(twin).toEqual(first);
    await set(port, "copy", "x", 2);
    await port.deleteSession("s", {});
    for (const of of [port, again()]) expect(JSON.stringify(await send(of))).toBe(JSON.stringify(first));
    await port.deleteSession("copy", {});
    expect((await send(port)).revision).toBe(first.revision);
    expect((await refusal(() => port.getSession("copy", {}))).reason).toBe("SESSION_NOT_FOUND");
    expect(await refusal(() => fork(port, "copy", {}, { request: { ...request, digest: new Uint8Array(32).fill(1) } }))).toMatchObject({
      reason: expect.stringMatching(/REQUEST_ID_REUSED|SESSION_NOT_FOUND/),
    });
  });

  it("needs a source and a free id, and changes nothing without them", async () => {
    const { port } = staged();
    expect((await refusal(() => fork(port))).reason).toBe("SESSION_NOT_FOUND");
    expect((await refusal(() => port.forkSession("s", { id: "s" }, {}))).reason).toBe("SESSION_NOT_FOUND");
    await set(port, "s", "x", 1);
    await set(port, "copy", "y", 1);
    expect((await refusal(() => fork(port))).reason).toBe("SESSION_EXISTS");
    expect((await refusal(() => fork(port, "s"))).reason).toBe("SESSION_EXISTS");
    expect(await all(port, "copy")).toEqual({ y: 1 });
    for (const atRevision of [0, -1, 1.5])
      expect((await refusal(() => fork(port, "other", { atRevision }))).reason).toBe("INVALID_ARGUMENT");
  });

  it("[P8] copies nothing that has expired, nor of a source that has", async () => {
    const { port, clock } = staged();
    await port.createSession({ id: "s", ttl: 5_000 }, {});
    await update(port, "s", setOf("short", 1, { ttl: 100 }), setOf("x", 1));
    clock.advance(100);
    expect((await fork(port)).variableCount).toBe(1);
    expect(await all(port, "copy")).toEqual({ x: 1 });
    clock.advance(10_000);
    expect((await refusal(() => fork(port, "late"))).reason).toBe("SESSION_NOT_FOUND");
    expect((await refusal(() => port.forkSession("copy", { id: "late" }, {}))).reason).toBe("SESSION_NOT_FOUND");
  });

  it("[P8] copies no source whose end is being saved", async () => {
    const { port, clock, store } = staged({ plan: faultAt("save", 3, "hold") });
    await port.createSession({ id: "s", ttl: 5_000 }, {});
    await set(port, "s", "x", 1);
    clock.advance(10_000);
    const reading = port.getVariables("s", { prefix: "" }, {});
    await settled();
    expect(store.held).toBe(1);
    const copying = refusal(() => fork(port));
    await settled();
    store.release();
    expect((await copying).reason).toBe("SESSION_NOT_FOUND");
    expect((await reading).variables).toEqual([]);
  });

  it("[P5] is not refused for an end of its source that was not saved", async () => {
    const inner = storeOf();
    let fail = () => {};
    const save: SessionPersistence["save"] = (deltas) =>
      deltas[0]?.kind !== "delete"
        ? inner.save(deltas)
        : new Promise((_resolve, reject) => {
            fail = () => reject(new Error("the disk failed"));
          });
    const { port } = stage({ inner: { ...inner, save } });
    await set(port, "s", "x", 1);
    const deleting = refusal(() => port.deleteSession("s", {}));
    await settled();
    const copying = fork(port).then(
      () => "copied",
      (error: { reason: string }) => error.reason,
    );
    await settled();
    fail();
    expect((await deleting).outcome).toBe("unknown");
    expect(await copying).toMatch(/copied|STORE_UNAVAILABLE/);
    expect(await get(port, "s", "x")).toBe(1);
  });

  it("is a use of its source", async () => {
    const { port, clock } = staged();
    await port.createSession({ id: "s", ttl: 10_000 }, {});
    for (let i = 0; i < 3; i++) {
      await pass(clock, 6_000);
      await fork(port, `copy${i}`);
    }
    expect((await port.getSession("s", {})).id).toBe("s");
  });

  it("of an earlier revision has what the session was then, as far as its history reaches", async () => {
    const { port, clock } = staged({ limits: { historyEntries: 3 } });
    const first = (await update(port, "s", setOf("x", 1), setOf("short", 1, { ttl: 2_000 }), setOf("y", LARGE))).sessionRevision;
    const second = (await update(port, "s", { kind: "delete", name: "y" }, setOf("x", 2))).sessionRevision;
    await fork(port, "first", { atRevision: first });
    expect(await all(port, "first")).toEqual({ x: 1, short: 1, y: LARGE });
    await pass(clock, 3_000);
    await fork(port, "later", { atRevision: first });
    expect(await all(port, "later")).toEqual({ x: 1, y: LARGE });
    await fork(port, "second", { atRevision: second });
    expect(await all(port, "second")).toEqual({ x: 2 });
    for (let i = 0; i < 4; i++) await set(port, "s", "x", i);
    for (const atRevision of [first, (await port.getSession("s", {})).revision + 1]) {
      expect((await refusal(() => fork(port, "none", { atRevision }))).reason).toBe("COMPACTED");
    }
    const present = await fork(port, "present", { atRevision: (await port.getSession("s", {})).revision });
    expect(present.variableCount).toBe(1);
    const { port: without } = staged();
    const old = await set(without, "s", "x", 1);
    await set(without, "s", "x", 2);
    expect((await refusal(() => fork(without, "none", { atRevision: old }))).reason).toBe("COMPACTED");
  });

  it("is watched as a session that is created with all it has", async () => {
    const { port } = staged();
    await update(port, "s", setOf("x", 1), setOf("y", 2));
    const watching = await watcher(port, "copy");
    await fork(port);
    await set(port, "copy", "x", 3);
    await settled();
    expect(watching.told.filter((told) => told.startsWith("|"))).toEqual(["| session_created x=1 y=2", "| x=3"]);
    await watching.leave();
    const late = await watcher(port, "copy");
    expect(late.told).toEqual(["x=3 y=2", "caught_up"]);
    await late.leave();
  });

  it("[P15] is told as a whole to a watch that begins beside it, or cuts that watch", async () => {
    const { port } = staged();
    await update(port, "s", setOf("x", 1), setOf("y", 2));
    const [watching] = await Promise.all([watcher(port, "copy"), fork(port)]);
    await settled();
    if (watching.error === undefined) expect(watching.told.at(-1)).toMatch(/session_created x=1 y=2|^caught_up/);
    else expect(watching.error.reason).toBe("COMPACTED");
    if (watching.told.at(-1) === "caught_up") expect(watching.told[0]).toBe("x=1 y=2");
    await watching.leave();
  });

  it("[P18] [P19] is not made when its time is over before its turn", async () => {
    const { port, clock, store } = staged({ plan: faultAt("load", 1, "hold") });
    const copying = refusal(() => fork(port, "copy", {}, { timeoutMs: 100 }));
    await settled();
    await pass(clock, 200, 50);
    expect(await copying).toMatchObject({ reason: "DEADLINE_EXCEEDED", outcome: "not_applied" });
    store.release();
    await settled();
    expect((await refusal(() => port.getSession("copy", {}))).reason).toBe("SESSION_NOT_FOUND");
  });

  it("is refused by an engine that is closed, and ended by a stop that comes while it is made", async () => {
    const { port, engine, store } = staged({ plan: faultAt("save", 2, "hold") });
    await set(port, "s", "x", 1);
    const copying = fork(port);
    await settled();
    const closing = engine.close();
    expect(await isSettled(closing)).toBe(false);
    store.release();
    await copying;
    await closing;
    expect((await refusal(() => fork(port, "late"))).reason).toBe("BRIDGE_CLOSED");
  });

  it("carries large values that nobody has read, and gives them to whoever edits the copy at once", async () => {
    const inner = memoryPersistence();
    await update(stage({ inner }).port, "s", setOf("list", ["y".repeat(5_000)]), setOf("y", LARGE));
    const { port, again } = stage({ inner: lazy(storeOf(inner)) });
    await port.getSession("s", {});
    const [, appended] = await Promise.all([fork(port), settled().then(() => update(port, "copy", append("list", [1])))]);
    expect(appended.results[0]?.count).toBe(2);
    await port.deleteSession("s", {});
    expect(await all(again(), "copy")).toEqual({ list: ["y".repeat(5_000), 1], y: LARGE });
    expect(await get(port, "copy", "y")).toBe(LARGE);
  });
});

/** Everything a call at once with a fork, in its order. */
async function atOnce(plan: FaultPlan) {
  const inner = memoryPersistence();
  await update(stage({ inner }).port, "s", setOf("list", ["y".repeat(5_000)]));
  const { port, store, again } = stage({ inner: lazy(inner), plan });
  await port.getSession("s", {});
  await port.getSession("copy", {}).catch(() => {});
  const copying = fork(port);
  const editing = update(port, "copy", append("list", [1]));
  const reading = get(port, "copy", "list");
  void Promise.allSettled([copying, editing, reading]);
  await settled();
  store.release();
  return { copying, editing, reading, port, again };
}

describe("what is asked of a copy that is being saved", () => {
  it("waits for the store to have its large values", async () => {
    const { copying, editing, reading, port } = await atOnce(faultAt("save", 1, "hold"));
    await copying;
    expect((await editing).results[0]?.count).toBe(2);
    await reading;
    expect(await get(port, "copy", "list")).toEqual(["y".repeat(5_000), 1]);
  });

  it("finds a session of its own when the copy could not be saved", async () => {
    const { copying, editing, port, again } = await atOnce(faultAt("save", 1, "fail"));
    expect((await refusal(() => copying)).reason).toBe("STORE_UNAVAILABLE");
    expect((await editing).results[0]?.count).toBe(1);
    for (const of of [port, again()]) expect(await all(of, "copy")).toEqual({ list: [1] });
  });

  it("may come before the copy when the store conflicts, which is then refused", async () => {
    const { copying, editing, again } = await atOnce(faultAt("save", 1, "conflict"));
    expect((await refusal(() => copying)).reason).toBe("SESSION_EXISTS");
    expect((await editing).results[0]?.count).toBe(1);
    expect(await all(again(), "copy")).toEqual({ list: [1] });
  });
});

describe("a fork", () => {
  it("ends when the store names values that it does not have", async () => {
    const inner = memoryPersistence();
    await update(stage({ inner }).port, "s", setOf("y", LARGE));
    const { port } = stage({ inner: { ...lazy(plainStore(inner)), loadValues: async () => new Map() } });
    expect((await refusal(() => fork(port))).reason).toBe("DATA_LOSS");
  });

  it("keeps to the sessions that a server without a store may have", async () => {
    const { port } = stage({ limits: { memorySessions: 2 } });
    await set(port, "s", "x", 1);
    await fork(port);
    expect(await refusal(() => fork(port, "third"))).toMatchObject({ reason: "TOO_MANY_SESSIONS" });
    expect((await refusal(() => port.getSession("third", {}))).reason).toBe("SESSION_NOT_FOUND");
  });

  it("is saved in the background where writes are", async () => {
    const memory = memoryPersistence();
    const inner: SessionPersistence = { ...memory, capabilities: { ...memory.capabilities, survives: "power" } };
    const clock = manualClock();
    const open = () =>
      sessionEngine({ persistence: inner, clock, random: seededRandom(1), writeBehind: {}, limits: { historyEntries: 5 } });
    const engine = open();
    const port = engine.port("");
    const first = await set(port, "s", "x", 1);
    await set(port, "s", "x", LARGE);
    await fork(port, "copy", {}, { timeoutMs: 5_000 });
    await fork(port, "old", { atRevision: first });
    await update(port, "copy", append("x", "!"));
    expect(await inner.load({ tenant: "", id: "copy" })).toBeUndefined();
    await engine.close();
    const later = open().port("");
    expect([await get(later, "s", "x"), await get(later, "copy", "x"), await get(later, "old", "x")]).toEqual([LARGE, `${LARGE}!`, 1]);
    expect((await later.getHistory("copy", "x", {}, {})).items).toHaveLength(1);
  });

  it("[P7] of 16 MiB in 1,000 variables takes next to no time in memory", async () => {
    const { port } = stage();
    const value = "v".repeat(16_000);
    for (let at = 0; at < 1_000; at += 100) {
      await update(port, "s", ...Array.from({ length: 100 }, (_, i) => setOf(`v${at + i}`, value)));
    }
    const times: number[] = [];
    for (let i = 0; i < 20; i++) {
      const begunMs = performance.now();
      await fork(port, `copy${i}`);
      times.push(performance.now() - begunMs);
    }
    const medianMs = times.sort((a, b) => a - b)[10] as number;
    console.log(
      `a fork of ${((await port.getSession("s", {})).sizeBytes / 2 ** 20).toFixed(1)} MiB in memory: ${medianMs.toFixed(2)} ms, at most ${times.at(-1)?.toFixed(2)} ms`,
    );
    expect(medianMs).toBeLessThan(100);
  });
});
