import { describe, expect, it } from "vitest";
import { memoryPersistence } from "../../src/memory-persistence.ts";
import { faultAt } from "../../src/testing/index.ts";
import { all, get, pass, refusal, set, setOf, settled, stage, update } from "./stage.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

describe("variables' deadlines", () => {
  it("[P8] at its deadline a variable is not readable, listed or counted, swept or not", async () => {
    const { port, clock } = stage();
    await set(port, "s", "short", 1, { ttl: 1_000 });
    await set(port, "s", "long", 2);
    clock.jump(999);
    expect(await all(port, "s")).toEqual({ short: 1, long: 2 });
    clock.jump(1);
    expect(await get(port, "s", "short")).toBeUndefined();
    expect(await all(port, "s")).toEqual({ long: 2 });
    expect((await port.listVariables("s", "", {})).variables.map((variable) => variable.name)).toEqual(["long"]);
    expect((await port.getSession("s", {})).variableCount).toBe(1);
    expect((await port.listSessions({}, {}, {})).sessions[0]?.variableCount).toBe(1);
  });

  it("[P8] expiry is a commit of its own, before the mutation that finds it", async () => {
    const { port, clock } = stage();
    const before = await set(port, "s", "a", 1, { ttl: 1_000 });
    clock.jump(1_000);
    const { results, sessionRevision } = await update(port, "s", setOf("a", 2, { ifRevision: 0, wantPrevious: true }));
    expect(results[0]?.previous).toBeUndefined();
    expect(sessionRevision).toBeGreaterThan(before + 1);
  });

  it("[P8] a read that finds something due waits for the expiry commit", async () => {
    const { port, clock, store } = stage({ plan: faultAt("save", 2, "hold") });
    await set(port, "s", "a", 1, { ttl: 1_000 });
    clock.jump(1_000);
    let answer: unknown = "none yet";
    const read = Promise.resolve(get(port, "s", "a")).then((value) => {
      answer = value;
    });
    await settled();
    expect(answer).toBe("none yet");
    store.release();
    await read;
    expect(answer).toBeUndefined();
  });

  it("[P8] a backward jump of the wall clock revives nothing and stops no time", async () => {
    const { port, clock } = stage();
    await set(port, "s", "a", 1, { ttl: 1_000 });
    await set(port, "s", "b", 1, { ttl: 3_000 });
    clock.jump(1_500);
    expect(await get(port, "s", "a")).toBeUndefined();
    clock.jump(-60_000);
    expect(await get(port, "s", "a")).toBeUndefined();
    await pass(clock, 1_500);
    expect(await get(port, "s", "b")).toBeUndefined();
  });

  it("[P8] what has expired stays so after a restart whose clock is behind", async () => {
    const inner = memoryPersistence();
    const first = stage({ inner });
    await set(first.port, "s", "a", 1, { ttl: 1_000 });
    first.clock.jump(1_000);
    expect(await get(first.port, "s", "a")).toBeUndefined();
    const second = stage({ inner });
    expect(await get(second.port, "s", "a")).toBeUndefined();
  });

  it("the sweeper expires within a second what nobody asks for, and frees it in the store", async () => {
    const { port, clock, store } = stage();
    await set(port, "s", "a", 1, { ttl: 1_000 });
    await port.createSession({ id: "brief", ttl: 1_000 }, {});
    await pass(clock, 2_100);
    expect(await store.load({ tenant: "", id: "brief" })).toBeUndefined();
    expect((await store.load({ tenant: "", id: "s" }))?.variables).toEqual([]);
    expect(await store.due(clock.now() + DAY_MS / 2, 10)).toEqual([]);
  });

  it("a plain set clears a deadline, `keep` and the edits keep it", async () => {
    const { port, clock } = stage();
    const deadline = async (name: string) => (await port.getVariable("s", name, {})).variable?.expiresAtMs;
    await set(port, "s", "a", 1, { ttl: 5_000 });
    const expected = clock.now() + 5_000;
    clock.jump(1_000);
    await set(port, "s", "a", 2, { ttl: "keep" });
    await update(port, "s", { kind: "increment", name: "a", by: new Uint8Array([1]) });
    expect(await deadline("a")).toBe(expected);
    await set(port, "s", "a", 3);
    expect(await deadline("a")).toBeUndefined();
  });
});

describe("sessions' deadlines", () => {
  it("[P9] a write moves the deadline only when half of the slack is used up, always beyond access and ttl, and never earlier", async () => {
    const { port, clock } = stage();
    const { expiresAtMs = 0 } = await port.createSession({ id: "s", ttl: 10_000 }, {});
    const after = async (waitMs: number) => {
      clock.jump(waitMs);
      await set(port, "s", "a", waitMs);
      const session = await port.getSession("s", {});
      expect(session.accessedAtMs).toBe(clock.now());
      expect(session.expiresAtMs).toBeGreaterThanOrEqual(clock.now() + 10_000 + 50);
      return session.expiresAtMs;
    };
    expect([await after(10), await after(40)]).toEqual([expiresAtMs, expiresAtMs]);
    expect(await after(1)).toBe(expiresAtMs + 51);
    expect(await after(7_000)).toBe(expiresAtMs + 51 + 7_000);
  });

  it("[P8] at its deadline a session is gone, and its id is free", async () => {
    const { port, clock } = stage();
    const { expiresAtMs = 0, revision } = await port.createSession({ id: "s", ttl: 10_000 }, {});
    await set(port, "s", "a", 1);
    expect(expiresAtMs).toBe(clock.now() + 10_100);
    clock.jump(10_100);
    expect(await get(port, "s", "a")).toBeUndefined();
    expect((await refusal(() => port.getSession("s", {}))).reason).toBe("SESSION_NOT_FOUND");
    expect((await port.listSessions({}, {}, {})).sessions).toEqual([]);
    const again = await port.createSession({ id: "s" }, {});
    expect(again.revision).toBeGreaterThan(revision);
    expect(again.variableCount).toBe(0);
  });

  it("a session of a day that is read every hour lives on, also over restarts", async () => {
    const { port, clock, again } = stage();
    await set(port, "s", "a", 1);
    let current = port;
    for (let hour = 0; hour < 60; hour++) {
      clock.jump(DAY_MS / 24);
      if (hour % 10 === 0) current = again();
      expect(await get(current, "s", "a")).toBe(1);
      await settled();
    }
    clock.jump(DAY_MS + 60_000);
    expect(await get(current, "s", "a")).toBeUndefined();
  });

  it("reads that come within half the slack save nothing", async () => {
    const { port, clock, store } = stage();
    await set(port, "s", "a", 1);
    const saves = store.calls("save");
    for (let i = 0; i < 20; i++) {
      clock.jump(1_000);
      await get(port, "s", "a");
    }
    await settled();
    expect(store.calls("save")).toBe(saves);
    clock.jump(30_000);
    await get(port, "s", "a");
    await settled();
    expect(store.calls("save")).toBe(saves + 1);
  });

  it("looking and missing extend nothing", async () => {
    const { port, clock } = stage();
    await set(port, "s", "a", 1);
    const { expiresAtMs } = await port.getSession("s", {});
    clock.jump(DAY_MS / 2);
    await port.listVariables("s", "", {});
    await port.listSessions({}, {}, {});
    await get(port, "s", "missing");
    await update(port, "s", { kind: "delete", name: "missing" });
    expect((await port.getSession("s", {})).expiresAtMs).toBe(expiresAtMs);
  });

  it("[P16] a refused write extends nothing", async () => {
    const { port, clock } = stage();
    await set(port, "s", "a", "text");
    const before = await port.getSession("s", {});
    clock.jump(DAY_MS / 2);
    await refusal(() => update(port, "s", { kind: "increment", name: "a", by: new Uint8Array([1]) }));
    expect(await port.getSession("s", {})).toEqual(before);
  });

  it("touch replaces the ttl and may shorten; a bare touch only extends", async () => {
    const { port, clock } = stage();
    const created = await port.createSession({ id: "s" }, {});
    const shortened = await port.touchSession("s", 1_000, {});
    expect(shortened.expiresAtMs).toBe(clock.now() + 1_010);
    expect(shortened.revision).toBeGreaterThan(created.revision);
    clock.jump(500);
    const extended = await port.touchSession("s", undefined, {});
    expect(extended).toMatchObject({ revision: shortened.revision, expiresAtMs: clock.now() + 1_010 });
    const forever = await port.touchSession("s", "never", {});
    expect(forever.expiresAtMs).toBeUndefined();
  });

  it("a maximum life caps every extension, and `never` too", async () => {
    const { port, clock } = stage();
    const { createdAtMs } = await port.createSession({ id: "s", ttl: 10_000, maxLifeMs: 15_000 }, {});
    await port.createSession({ id: "n", ttl: "never", maxLifeMs: 15_000 }, {});
    clock.jump(9_000);
    await set(port, "s", "a", 1);
    expect((await port.getSession("s", {})).expiresAtMs).toBe(createdAtMs + 15_000);
    clock.jump(6_000);
    expect(await get(port, "s", "a")).toBeUndefined();
    expect((await refusal(() => port.getSession("n", {}))).reason).toBe("SESSION_NOT_FOUND");
  });

  it("`never` is refused where the limits do not allow it", async () => {
    const { port } = stage({ limits: { allowNever: false } });
    expect((await refusal(() => port.createSession({ ttl: "never" }, {}))).reason).toBe("INVALID_TTL");
  });
});
