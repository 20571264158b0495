import { expect, test } from "vitest";
import { memoryPersistence } from "../../src/memory-persistence.ts";
import type { SessionPersistence } from "../../src/persistence.ts";
import { type EngineOptions, sessionEngine } from "../../src/session-engine.ts";
import { type FaultPlan, faultyPersistence, manualClock, seededRandom } from "../../src/testing/index.ts";
import { encode } from "../../src/values/index.ts";
import { all, get, isSettled, pass, refusal, set, setOf, update } from "./stage.ts";

const lasting = (inner: SessionPersistence): SessionPersistence => ({
  ...inner,
  capabilities: { ...inner.capabilities, survives: "process" },
});

/** An engine that is behind a store under a plan, and what a restart finds. */
function behind(plan: FaultPlan = () => undefined, more: Partial<EngineOptions> = {}) {
  const clock = manualClock();
  const inner = lasting(memoryPersistence());
  const store = faultyPersistence(inner, plan);
  const engine = sessionEngine({ persistence: store, clock, random: seededRandom(1), writeBehind: {}, ...more });
  const restarted = () => sessionEngine({ persistence: inner, clock, random: seededRandom(2) }).port("");
  return { clock, store, engine, port: engine.port(""), restarted };
}

const failing = (is: () => boolean): FaultPlan => {
  return ({ method }) => (method === "save" && is() ? "fail" : undefined);
};

test("[P12] a change is acknowledged and read before it is saved, and saved within the window", async () => {
  const { clock, store, port, restarted } = behind();
  await set(port, "s", "a", 1);
  expect(store.calls("save")).toBe(0);
  expect(await get(port, "s", "a")).toBe(1);
  expect(await get(restarted(), "s", "a")).toBeUndefined();
  await pass(clock, 100, 5);
  expect(await get(restarted(), "s", "a")).toBe(1);
  expect(store.calls("save")).toBe(1);
});

test("what is acknowledged within a quarter of the window is saved together", async () => {
  const { clock, store, port } = behind(undefined, { writeBehind: { windowMs: 400 } });
  for (let i = 0; i < 10; i++) {
    await set(port, `s${i}`, "a", i);
    await pass(clock, 9, 9);
  }
  await pass(clock, 100, 10);
  expect(store.calls("save")).toBe(1);
});

test("[P12] a clean stop saves everything at once", async () => {
  const { store, engine, port, restarted } = behind(undefined, { writeBehind: { windowMs: 60_000 } });
  for (let i = 0; i < 100; i++) await set(port, `s${i % 7}`, `v${i}`, i);
  await engine.close();
  expect(store.calls("save")).toBeGreaterThan(0);
  for (let i = 0; i < 100; i++) expect(await get(restarted(), `s${i % 7}`, `v${i}`)).toBe(i);
});

test("[P12] a stop that cannot save says how much is lost", async () => {
  const { clock, engine, port } = behind(failing(() => true));
  await set(port, "s", "a", 1);
  await set(port, "s", "b", 1);
  const closed = refusal(() => engine.close());
  await pass(clock, 10_000);
  expect((await closed).message).toBe("2 acknowledged changes could not be saved");
});

test("[P12] [P13] while the store fails changes are taken, health says so, and everything is saved when it works again", async () => {
  let broken = false;
  const { clock, engine, port, restarted } = behind(failing(() => broken));
  await set(port, "s", "a", 1);
  await pass(clock, 100, 10);
  broken = true;
  for (let i = 0; i < 20; i++) {
    await update(port, "s", { kind: "increment", name: "n", by: encode(1) });
    await pass(clock, 250);
  }
  expect(engine.healthy).toBe(false);
  expect(await all(port, "s")).toEqual({ a: 1, n: 20 });
  broken = false;
  await pass(clock, 10_000);
  expect(engine.healthy).toBe(true);
  expect(await all(restarted(), "s")).toEqual({ a: 1, n: 20 });
});

test.each([
  ["bytes", { backlogBytes: 10_000 }, 0, { limit: "backlogBytes", limitValue: 10_000 }],
  ["seconds", { backlogMs: 2_000 }, 2_250, { limit: "backlogMs", limitValue: 2_000 }],
] as const)(
  "[P12] a store that is too many %s behind is given nothing more, and what is refused is not applied",
  async (_, writeBehind, passMs, details) => {
    let broken = true;
    const { clock, port, restarted } = behind(
      failing(() => broken),
      { writeBehind },
    );
    await set(port, "s", "a", "x".repeat(10_000));
    await pass(clock, passMs);
    for (const call of [
      () => set(port, "s", "b", 1),
      () => set(port, "new", "b", 1),
      () => port.deleteSession("s", {}),
      () => port.createSession({ id: "new" }, {}),
      () => port.touchSession("s", "never", {}),
    ]) {
      const { reason, outcome, details: found } = await refusal(call);
      expect({ reason, outcome }).toEqual({ reason: "OVERLOADED", outcome: "not_applied" });
      expect(found).toMatchObject(details);
    }
    expect(Object.keys(await all(port, "s"))).toEqual(["a"]);
    broken = false;
    await pass(clock, 10_000);
    await set(port, "s", "b", 1);
    await pass(clock, 100);
    expect(Object.keys(await all(restarted(), "s"))).toEqual(["a", "b"]);
  },
);

test("a machine that slept is not behind", async () => {
  const { clock, port } = behind();
  await set(port, "s", "a", 1);
  clock.advance(3_600_000);
  await set(port, "s", "b", 1);
});

test("a session that leaves memory before it is saved is loaded as it was acknowledged", async () => {
  const { clock, store, port } = behind(
    failing(() => true),
    { limits: { memoryBytes: 1 } },
  );
  await set(port, "s", "small", 1);
  await set(port, "s", "large", "x".repeat(5_000), { ttl: 5_000 });
  await set(port, "s", "gone", 1);
  await update(port, "s", { kind: "delete", name: "gone" });
  await set(port, "deleted", "a", 1);
  await port.deleteSession("deleted", {});
  // Whoever comes next makes the others leave.
  await set(port, "other", "a", 1);
  expect(await all(port, "s")).toEqual({ small: 1, large: "x".repeat(5_000) });
  expect(await all(port, "deleted")).toEqual({});
  await pass(clock, 5_000);
  await set(port, "other", "a", 2);
  expect(await all(port, "s")).toEqual({ small: 1 });
  expect(store.calls("load")).toBeGreaterThan(0);
});

test("[P6] a request that is sent again gets its answer, saved or not, and is applied once", async () => {
  const { clock, port, restarted } = behind();
  const request = { id: "r", digest: new Uint8Array(32), resentAfterMs: undefined };
  const add = () => port.update("s", { operations: [{ kind: "increment", name: "n", by: encode(1) }] }, { request });
  const first = await add();
  expect(await add()).toEqual(first);
  await pass(clock, 100, 10);
  expect(await add()).toEqual(first);
  await pass(clock, 100, 10);
  expect(await get(restarted(), "s", "n")).toBe(1);
});

test("[P6] the store is asked for requests that it may know, such as those of the run before, and for no new ones", async () => {
  const { clock, store, port } = behind();
  const once = (to: typeof port, id: string) =>
    to.update(
      "s",
      { operations: [{ kind: "increment", name: "n", by: encode(1) }] },
      { request: { id, digest: new Uint8Array(32), resentAfterMs: undefined } },
    );
  const first = await once(port, "r0");
  for (let i = 1; i < 50; i++) await once(port, `r${i}`);
  await pass(clock, 100, 10);
  expect([store.calls("findRequest"), await get(port, "s", "n")]).toEqual([0, 50]);
  const next = sessionEngine({ persistence: store, clock, random: seededRandom(2), writeBehind: {} }).port("");
  expect(await once(next, "r0")).toEqual(first);
  expect(await get(next, "s", "n")).toBe(50);
});

test("[P12] an id that comes again while the store cannot tell is no reason to stop saving", async () => {
  let broken = false;
  const { clock, port, restarted } = behind(({ method }) =>
    broken && (method === "findRequest" || method === "save") ? "fail" : undefined,
  );
  const request = { id: "r", digest: new Uint8Array(32), resentAfterMs: undefined };
  await port.update("s", { operations: [setOf("a", 1)] }, { request });
  await pass(clock, 100, 10);
  broken = true;
  await port.update("s", { operations: [setOf("a", 2)] }, { request });
  await pass(clock, 100, 10);
  broken = false;
  await set(port, "s", "b", 3);
  await pass(clock, 10_000);
  expect(await all(restarted(), "s")).toEqual({ a: 2, b: 3 });
});

test("changes go on while a save takes long", async () => {
  const { clock, store, port } = behind(({ method }) => (method === "save" ? "hold" : undefined));
  await set(port, "s", "a", 1);
  await pass(clock, 100, 10);
  expect(store.held).toBe(1);
  expect(await isSettled(set(port, "s", "a", 2))).toBe(true);
  expect(await get(port, "s", "a")).toBe(2);
});

test.each([
  ["nothing", { survives: "nothing", shared: false }],
  ["what others change too", { survives: "power", shared: true }],
] as const)("a store that keeps %s cannot be behind", (_, capabilities) => {
  const persistence = { ...memoryPersistence(), capabilities: { ...capabilities, sections: [] } };
  expect(() => sessionEngine({ persistence, writeBehind: {} })).toThrow("write-behind needs a store of its own");
});
