import { describe, expect, it } from "vitest";
import { memoryPersistence } from "../../src/memory-persistence.ts";
import type { SessionPersistence } from "../../src/persistence.ts";
import type { Fault } from "../../src/testing/index.ts";
import { lazy } from "../engine/lazy-store.ts";
import { pass, refusal, set, setOf, settled, stage, update } from "../engine/stage.ts";
import { ALL, slowWatcher, type Watcher, watcher } from "./watcher.ts";

/** A stage whose `count`-th save meets a fault. */
const failing = (fault: Fault, count = 2) =>
  stage({ plan: (call) => (call.method === "save" && call.count === count ? fault : undefined) });

describe("[P13] [P15] after a failing save", () => {
  it("what was saved all the same is told when the store works again, without anybody asking", async () => {
    const { port, clock } = failing("lose_answer");
    await set(port, "s", "a", 1);
    const watch = await watcher(port, "s");
    await refusal(() => set(port, "s", "a", 2));
    await settled();
    expect(watch.told).toEqual(["a=1", "caught_up"]);
    await pass(clock, 200, 50);
    expect(watch.told).toEqual(["a=1", "caught_up", "| a=2"]);
    await set(port, "s", "a", 3);
    await settled();
    expect(watch.told.slice(3)).toEqual(["| a=3"]);
  });

  it("what was not saved is never told", async () => {
    const { port, clock } = failing("fail");
    await set(port, "s", "a", 1);
    const watch = await watcher(port, "s");
    await refusal(() => set(port, "s", "a", 2));
    await pass(clock, 1_000);
    await set(port, "s", "a", 3);
    await settled();
    expect(watch.told).toEqual(["a=1", "caught_up", "| a=3"]);
    expect(watch.error).toBeUndefined();
  });

  it("it is told before anything that comes after it", async () => {
    const { port } = failing("lose_answer");
    await set(port, "s", "a", 1);
    const watch = await watcher(port, "s");
    await refusal(() => set(port, "s", "a", 2));
    await set(port, "s", "b", 3);
    await settled();
    expect(watch.told).toEqual(["a=1", "caught_up", "| a=2", "| b=3"]);
  });

  it("of several changes in one save, those are told that were saved", async () => {
    const inner = memoryPersistence();
    let partly = false;
    const store: SessionPersistence = {
      ...inner,
      async save(deltas) {
        if (!partly || deltas.length === 0) return inner.save(deltas);
        partly = false;
        await inner.save(deltas.slice(0, 2));
        throw new Error("the disk failed");
      },
    };
    const { port, clock } = stage({ inner: store });
    await set(port, "s", "a", 0);
    const watch = await watcher(port, "s");
    partly = true;
    await Promise.allSettled([1, 2, 3].map((i) => set(port, "s", "a", i)));
    await pass(clock, 200, 50);
    expect(watch.told).toEqual(["a=0", "caught_up", "| a=1", "| a=2"]);
  });

  it("a creation and a deletion that may both have happened, or neither, are a resync", async () => {
    const { port, clock } = failing("fail", 1);
    const watch = await watcher(port, "s");
    await Promise.allSettled([set(port, "s", "a", 1), port.deleteSession("s", {})]);
    expect(watch.error).toBeUndefined();
    await pass(clock, 200, 50);
    expect(watch.told).toEqual(["caught_up"]);
    expect(watch.error?.reason).toBe("COMPACTED");
  });

  it("an expiry that failed is made and told later", async () => {
    const { port, clock } = failing("fail");
    await set(port, "s", "a", 1, { ttl: 500 });
    const watch = await watcher(port, "s");
    await pass(clock, 1_500);
    expect(watch.told).toEqual(["a=1", "caught_up", "| expire a"]);
  });

  it("what another manager did is a resync", async () => {
    const { port, again, clock } = stage();
    await set(port, "s", "a", 1);
    const watch = await watcher(port, "s");
    clock.advance(1);
    await set(again(), "s", "a", 2);
    clock.advance(1);
    await set(port, "s", "b", 3);
    await settled();
    expect(watch.told).toEqual(["a=1", "caught_up"]);
    expect(watch.error?.reason).toBe("COMPACTED");
    expect((await watcher(port, "s")).told).toEqual(["a=2 b=3", "caught_up"]);
  });

  it("a store that stays down keeps watches waiting; they hear nothing wrong, and heartbeats", async () => {
    let down = false;
    const { port, clock } = stage({ plan: ({ method }) => (down && method !== "open" ? "fail" : undefined) });
    await set(port, "s", "a", 1);
    const watch = await watcher(port, "s");
    down = true;
    await refusal(() => set(port, "s", "a", 2));
    await pass(clock, 16_000);
    down = false;
    await pass(clock, 6_000);
    await set(port, "s", "a", 3);
    await settled();
    expect(watch.told).toEqual(["a=1", "caught_up", "heartbeat", "| a=3"]);
  });
});

/** How many variables came in each piece of the beginning. */
const pieces = ({ deliveries }: Watcher): readonly number[] =>
  deliveries.flatMap((delivery) => (delivery.kind === "snapshot" ? [delivery.variables.length] : []));

describe("values that are read when they are asked for", () => {
  const LARGE = "x".repeat(5_000);

  async function loaded(more: Parameters<typeof stage>[0] = {}, damaged?: ReadonlySet<string>) {
    const inner = memoryPersistence();
    const writer = stage({ inner });
    const many = Array.from({ length: 100 }, (_, i) => setOf(`v${String(i).padStart(2, "0")}`, LARGE));
    await update(writer.port, "s", ...many, setOf("small", 1));
    return stage({ ...more, inner: lazy(inner, damaged) });
  }

  it("come in pieces, each read when the watcher takes it", async () => {
    const { port, store } = await loaded();
    const watch = slowWatcher(port, "s");
    await watch.take();
    expect([store.calls("loadValues"), pieces(watch)]).toEqual([1, [54]]);
    await watch.take();
    expect([store.calls("loadValues"), pieces(watch)]).toEqual([2, [54, 47]]);
    await watch.take();
    expect(watch.deliveries[2]?.kind).toBe("caught_up");
  });

  it("are not read for a watch without values", async () => {
    const { port, store } = await loaded();
    const watch = await watcher(port, "s", { ...ALL, withoutValues: true });
    expect(watch.deliveries.map(({ kind }) => kind)).toEqual(["snapshot", "caught_up"]);
    expect(store.calls("loadValues")).toBe(0);
  });

  it("[P15] that are gone meanwhile are left out, and the commits that took them away follow", async () => {
    const { port } = await loaded();
    const watch = slowWatcher(port, "s");
    await watch.take();
    await set(port, "s", "v60", 1);
    await update(port, "s", { kind: "delete", name: "v70" });
    for (let i = 0; i < 4; i++) await watch.take();
    expect(pieces(watch)).toEqual([54, 45]);
    expect(watch.told.slice(2)).toEqual(["caught_up", "| v60=1", "| -v70"]);
  });

  it("[P8] of variables that expire meanwhile are left out, and so are all when the session is gone", async () => {
    const { port, clock } = await loaded();
    await set(port, "s", "v60", LARGE, { ttl: 1_000 });
    const watch = slowWatcher(port, "s");
    const other = slowWatcher(port, "s");
    await watch.take();
    await other.take();
    await pass(clock, 1_000);
    for (let i = 0; i < 3; i++) await watch.take();
    expect(pieces(watch)).toEqual([54, 46]);
    expect(watch.told.slice(2)).toEqual(["caught_up", "| expire v60"]);
    await port.deleteSession("s", {});
    for (let i = 0; i < 3; i++) await other.take();
    expect(other.told.slice(1)).toEqual(["caught_up", "| expire v60", "| session_deleted"]);
  });

  it("[P21] that are damaged end the watch with DataLossError, which names them", async () => {
    const { port } = await loaded({}, new Set(["v60"]));
    const watch = await watcher(port, "s");
    expect(watch.error).toMatchObject({ name: "DataLossError", details: { name: "v60" } });
    expect((await watcher(port, "s", { selection: { prefix: "v1" } })).error).toBeUndefined();
  });

  it("[P21] that the store has lost end the watch with DataLossError", async () => {
    const inner = memoryPersistence();
    await set(stage({ inner }).port, "s", "large", LARGE);
    const { port } = stage({ inner: { ...lazy(inner), loadValues: async () => new Map() } });
    expect((await watcher(port, "s")).error).toMatchObject({ name: "DataLossError", details: { name: "large" } });
  });

  it("[P18] that cannot be read now end the watch with StoreUnavailableError, and it can begin again", async () => {
    const { port } = await loaded({ plan: (call) => (call.method === "loadValues" && call.count === 2 ? "fail" : undefined) });
    const watch = await watcher(port, "s");
    expect(watch.error?.reason).toBe("STORE_UNAVAILABLE");
    expect((await watcher(port, "s")).told.at(-1)).toBe("caught_up");
  });
});
