import { describe, expect, it } from "vitest";
import { memoryPersistence } from "../../src/memory-persistence.ts";
import type { Operation, SessionPort } from "../../src/session-port.ts";
import { faultAt } from "../../src/testing/index.ts";
import { decode, encode } from "../../src/values/index.ts";
import { lazy } from "./lazy-store.ts";
import { all, get, isSettled, refusal, set, setOf, settled, stage, update } from "./stage.ts";

const LARGE = "x".repeat(5_000);

/** A session with a large and a small variable in a store, and a manager that has not loaded it. */
async function loaded(options: Parameters<typeof stage>[0] = {}, damaged?: ReadonlySet<string>) {
  const inner = memoryPersistence();
  const writer = stage({ inner });
  await update(writer.port, "s", setOf("large", LARGE), setOf("small", 1), setOf("z-list", ["y".repeat(5_000)]));
  return stage({ ...options, inner: lazy(inner, damaged) });
}

const append = (name: string, value: unknown): Operation => ({ kind: "append", name, value: encode(value) });
const previousOf = async (port: SessionPort, operation: Operation): Promise<unknown> => {
  const { results } = await update(port, "s", operation);
  return results[0]?.previous && decode(results[0].previous.bytes);
};

describe("large values", () => {
  it("are read from the store when somebody asks for them, once", async () => {
    const { port, store } = await loaded();
    expect(await get(port, "s", "small")).toBe(1);
    expect((await port.listVariables("s", "", {})).variables.map(({ sizeBytes }) => sizeBytes)).toEqual([5_003, 1, 5_004]);
    expect(store.calls("loadValues")).toBe(0);
    expect(await get(port, "s", "large")).toBe(LARGE);
    expect(await get(port, "s", "large")).toBe(LARGE);
    expect(store.calls("loadValues")).toBe(1);
    expect(Object.keys(await all(port, "s"))).toEqual(["large", "small", "z-list"]);
    expect(store.calls("loadValues")).toBe(2);
  });

  it("are not read to be replaced, deleted or counted", async () => {
    const { port, store } = await loaded();
    await set(port, "s", "large", 2);
    await update(port, "s", { kind: "delete", name: "z-list" });
    expect((await port.getSession("s", {})).sizeBytes).toBe("large".length + "small".length + 2);
    expect(store.calls("loadValues")).toBe(0);
  });

  it("are there for whatever edits or answers them", async () => {
    const { port } = await loaded();
    await update(port, "s", append("large", "!"), append("z-list", [1]));
    expect(await get(port, "s", "large")).toBe(`${LARGE}!`);
    const fresh = async () => (await loaded()).port;
    expect(await previousOf(await fresh(), { kind: "delete", name: "large", wantPrevious: true })).toBe(LARGE);
    expect(await previousOf(await fresh(), setOf("large", 0, { ifMissing: true }))).toBe(LARGE);
    expect(await previousOf(await fresh(), { kind: "pop_last", name: "" })).toEqual(["y".repeat(5_000)]);
    const { results } = await update(await fresh(), "s", ...Array.from({ length: 3 }, (): Operation => ({ kind: "pop_last", name: "" })));
    expect(results.map(({ previous }) => previous?.name)).toEqual(["z-list", "small", "large"]);
    expect(results[2]?.previous?.bytes).toEqual(encode(LARGE));
    const mixed = await update(
      await fresh(),
      "s",
      { kind: "delete", name: "z-list" },
      setOf("small", 2),
      { kind: "delete", name: "small" },
      {
        kind: "pop_last",
        name: "",
      },
    );
    expect(mixed.results[3]?.previous?.bytes).toEqual(encode(LARGE));
  });

  it("[P4] hold back what comes after the operation that needs them, and nothing before it", async () => {
    const { port, store } = await loaded({ plan: faultAt("loadValues", 1, "hold") });
    await set(port, "s", "small", 2);
    const appended = update(port, "s", append("large", "a"));
    const after = update(port, "s", setOf("large", "b"));
    await settled();
    expect([await isSettled(appended), await isSettled(after)]).toEqual([false, false]);
    expect(await get(port, "s", "small")).toBe(2);
    store.release();
    expect((await appended).results[0]?.count).toBe(5_001);
    await after;
    expect(await get(port, "s", "large")).toBe("b");
  });

  it("that the store fails to read refuse what waits for them, and are read again", async () => {
    const { port, engine } = await loaded({ plan: ({ method, count }) => (method === "loadValues" && count <= 2 ? "fail" : undefined) });
    expect(await refusal(() => get(port, "s", "large"))).toMatchObject({ reason: "STORE_UNAVAILABLE", outcome: "not_applied" });
    expect(await refusal(() => update(port, "s", append("large", "!")))).toMatchObject({
      reason: "STORE_UNAVAILABLE",
      outcome: "not_applied",
    });
    expect(engine.healthy).toBe(false);
    await update(port, "s", append("large", "!"));
    expect(await get(port, "s", "large")).toBe(`${LARGE}!`);
  });

  it("are read anew when a save fails while they are fetched", async () => {
    const { port, store } = await loaded({
      plan: ({ method, count }) =>
        method === "save" && count === 1 ? "fail" : method === "loadValues" && count === 1 ? "hold" : undefined,
    });
    const failing = refusal(() => set(port, "s", "small", 9));
    const appended = update(port, "s", append("large", "!"));
    expect((await failing).reason).toBe("STORE_UNAVAILABLE");
    store.release();
    expect((await appended).results[0]?.count).toBe(5_001);
    expect(await get(port, "s", "small")).toBe(1);
  });
});

describe("[P21] a damaged value", () => {
  const damaged = new Set(["large", "small"]);

  it("is DATA_LOSS for that variable only, and the store counts as healthy", async () => {
    const { port, engine } = await loaded({}, damaged);
    for (const name of damaged) {
      expect(await refusal(async () => get(port, "s", name))).toMatchObject({
        reason: "DATA_LOSS",
        outcome: "not_applied",
        details: { name },
      });
    }
    expect(await get(port, "s", "z-list")).toEqual(["y".repeat(5_000)]);
    expect(engine.healthy).toBe(true);
  });

  it("that the store names and does not have is DATA_LOSS, too", async () => {
    const inner = memoryPersistence();
    await set(stage({ inner }).port, "s", "large", LARGE);
    const { port, engine } = stage({ inner: { ...lazy(inner), loadValues: async () => new Map() } });
    expect(await refusal(() => get(port, "s", "large"))).toMatchObject({ reason: "DATA_LOSS", details: { name: "large" } });
    expect((await refusal(() => update(port, "s", append("large", "!")))).reason).toBe("DATA_LOSS");
    expect(engine.healthy).toBe(true);
  });

  it("makes a missing name unsure in its session, since its own name may be damaged, until it is mended", async () => {
    const { port } = await loaded({}, new Set(["small"]));
    expect(await refusal(() => get(port, "s", "absent"))).toMatchObject({ reason: "DATA_LOSS", details: { name: "absent" } });
    expect(await get(port, "other", "absent")).toBeUndefined();
    await set(port, "s", "small", 2);
    expect(await get(port, "s", "absent")).toBeUndefined();
  });

  it("refuses what would edit it, and is mended by a value written over it", async () => {
    const { port } = await loaded({}, damaged);
    expect((await refusal(() => update(port, "s", append("large", "!")))).reason).toBe("DATA_LOSS");
    expect((await refusal(() => update(port, "s", setOf("other", 1), append("large", "!")))).reason).toBe("DATA_LOSS");
    expect((await port.listVariables("s", "other", {})).variables).toEqual([]);
    await set(port, "s", "large", "new");
    await update(port, "s", { kind: "delete", name: "small" });
    expect(Object.keys(await all(port, "s"))).toEqual(["large", "z-list"]);
    expect(await get(port, "s", "large")).toBe("new");
  });
});
