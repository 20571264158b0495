import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { memoryPersistence } from "../../src/memory-persistence.ts";
import type { Selection } from "../../src/session-port.ts";
import { faultAt } from "../../src/testing/index.ts";
import { decode } from "../../src/values/index.ts";
import type { WatchDelivery } from "../../src/watch-port.ts";
import { pass, refusal, set, setOf, settled, stage, update } from "../engine/stage.ts";
import { ALL, slowWatcher, watcher } from "./watcher.ts";

const names = ["a", "b", "x1", "x2"] as const;

type Step =
  | { readonly kind: "set" | "delete"; readonly name: (typeof names)[number] }
  | { readonly kind: "watch"; readonly selection: Selection };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("set" as const), name: fc.constantFrom(...names) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("delete" as const), name: fc.constantFrom(...names) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("watch" as const),
      selection: fc.oneof(
        fc.constantFrom("", "x").map((prefix) => ({ prefix })),
        fc.subarray([...names], { minLength: 1 }).map((chosen) => ({ names: chosen })),
      ),
    }),
  },
);

/** What the deliveries say is there after each of their revisions. */
function replay(deliveries: readonly WatchDelivery[]): Map<number, Record<string, unknown>> {
  const state: Record<string, unknown> = {};
  const at = new Map<number, Record<string, unknown>>();
  for (const delivery of deliveries) {
    if (delivery.kind === "snapshot") for (const { name, bytes } of delivery.variables) state[name] = decode(bytes);
    if (delivery.kind === "commit") {
      for (const change of delivery.changes) {
        if (change.kind === "set") state[change.variable.name] = decode(change.variable.bytes);
        else if (change.kind === "delete") delete state[change.name];
      }
    }
    if ("revision" in delivery) at.set(delivery.revision, { ...state });
  }
  return at;
}

/** The session after each of the commits, whichever answer came first. */
function statesAfter(made: readonly { readonly revision: number; readonly name: string; readonly value: number | undefined }[]) {
  const state: Record<string, unknown> = {};
  const states = new Map<number, Record<string, unknown>>();
  for (const { revision, name, value } of [...made].sort((a, b) => a.revision - b.revision)) {
    if (value === undefined) delete state[name];
    else state[name] = value;
    states.set(revision, { ...state });
  }
  return states;
}

describe("what is there, and what changes", () => {
  it("[P5] [P15] who follows can take a commit before its writer is answered, and not before it is saved", async () => {
    const { engine, store } = stage({ plan: faultAt("save", 2, "hold_answer") });
    const port = engine.port("");
    await set(port, "s", "a", 1);
    const seen: string[] = [];
    const abort = new AbortController();
    const subscription = port.follow("s", ALL, {
      signal: abort.signal,
      ready: () => {
        for (let next = subscription.take(); next !== undefined; next = subscription.take()) seen.push(next.kind);
      },
    });
    expect(subscription.take()).toBeUndefined();
    await settled();
    expect(seen.splice(0)).toEqual(["snapshot", "caught_up"]);
    const written = set(port, "s", "a", 2).then(() => seen.push("answered"));
    await settled();
    expect(seen).toEqual([]);
    store.release();
    await written;
    expect(seen).toEqual(["commit", "answered"]);
    abort.abort();
    await set(port, "s", "a", 3);
    expect(seen).toEqual(["commit", "answered"]);
  });

  it("[P4] [P15] nothing falls between them: deliveries replayed are the session at each revision, whenever the watch began", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.array(fc.nat(3), { maxLength: 30 }), async (steps, pauses) => {
        const { port } = stage();
        const made: { readonly revision: number; readonly name: string; readonly value: number | undefined }[] = [];
        const watchers: { readonly selection: Selection; readonly watch: ReturnType<typeof slowWatcher> }[] = [];
        const writes: Promise<unknown>[] = [];
        for (const [i, each] of steps.entries()) {
          for (let pause = pauses[i] ?? 0; pause > 0; pause--) await Promise.resolve();
          if (each.kind === "watch") {
            const watch = slowWatcher(port, "s", { selection: each.selection });
            watchers.push({ selection: each.selection, watch });
            void (async () => {
              while (!watch.ended) await watch.take();
            })();
          } else {
            const operation = each.kind === "set" ? setOf(each.name, i) : ({ kind: "delete", name: each.name } as const);
            writes.push(
              update(port, "s", operation).then(({ sessionRevision: revision, results }) => {
                if (results[0]?.applied) made.push({ revision, name: each.name, value: each.kind === "set" ? i : undefined });
              }),
            );
          }
        }
        await Promise.all(writes);
        await settled();
        const truth = statesAfter(made);
        const last = [...truth.keys()].at(-1) ?? 0;
        for (const { selection, watch } of watchers) {
          const about = (name: string) => ("prefix" in selection ? name.startsWith(selection.prefix) : selection.names.includes(name));
          for (const [revision, replayed] of replay(watch.deliveries)) {
            const there = Object.entries(truth.get(revision) ?? {}).filter(([name]) => about(name));
            expect(replayed).toEqual(Object.fromEntries(there));
          }
          expect(watch.told.filter((told) => told === "caught_up")).toEqual(["caught_up"]);
          const known = [...replay(watch.deliveries).values()].at(-1);
          expect(known).toEqual(Object.fromEntries(Object.entries(truth.get(last) ?? {}).filter(([name]) => about(name))));
          await watch.leave();
        }
      }),
      { numRuns: 200 },
    );
  });

  it("[P8] what is due when a watch begins has expired before, in one commit", async () => {
    const { port, clock } = stage();
    await update(port, "s", setOf("a", 1, { ttl: 10 }), setOf("b", 2, { ttl: 10 }), setOf("c", 3));
    const before = await watcher(port, "s", { selection: { names: ["a", "b"] } });
    clock.jump(10);
    const after = await watcher(port, "s");
    expect(after.told).toEqual(["c=3", "caught_up"]);
    expect(before.told).toEqual(["a=1 b=2", "caught_up", "| expire a expire b"]);
    expect(after.revision).toBe(before.revision);
  });

  it("[P5] [P15] nothing is told before it is committed", async () => {
    const { port, store } = stage({ plan: (call) => (call.method === "save" && call.count === 2 ? "hold_answer" : undefined) });
    await set(port, "s", "a", 1);
    const early = await watcher(port, "s");
    const change = set(port, "s", "a", 2);
    const late = await watcher(port, "s");
    expect([early.told, late.told]).toEqual([["a=1", "caught_up"], []]);
    store.release();
    await change;
    await settled();
    expect([early.told, late.told]).toEqual([
      ["a=1", "caught_up", "| a=2"],
      ["a=2", "caught_up"],
    ]);
  });

  it("a batch is one commit with one change a name; an independent one, too, at its last revision", async () => {
    const { port } = stage();
    const watch = await watcher(port, "s");
    await update(port, "s", setOf("a", 1), setOf("b", 1), setOf("a", 2), { kind: "delete", name: "b" });
    const { sessionRevision } = await port.update("s", { operations: [setOf("a", 3), setOf("c", 4)], independent: true }, {});
    await settled();
    expect(watch.told).toEqual(["caught_up", "| session_created a=2", "| a=3 c=4"]);
    expect(watch.revision).toBe(sessionRevision);
  });

  it("a change of the time to live alone is no change, but moves the place to go on from", async () => {
    const { port, clock } = stage();
    await set(port, "s", "a", 1);
    const watch = await watcher(port, "s");
    const { revision } = await port.touchSession("s", 60_000, {});
    await pass(clock, 15_000);
    expect(watch.told).toEqual(["a=1", "caught_up", "heartbeat"]);
    expect(watch.revision).toBe(revision);
    const again = await watcher(port, "s", { ...ALL, since: revision });
    expect(again.told).toEqual(["caught_up"]);
  });

  it("a heartbeat comes after every 15 seconds without a delivery, with the revision up to which all was told", async () => {
    const { port, clock } = stage();
    await set(port, "s", "a", 1);
    const watch = await watcher(port, "s", { selection: { names: ["b"] } });
    await pass(clock, 10_000);
    await set(port, "s", "b", 1);
    const revision = await set(port, "s", "a", 2);
    await pass(clock, 14_750);
    expect(watch.told).toEqual(["caught_up", "| b=1"]);
    await pass(clock, 250);
    expect(watch.told.slice(2)).toEqual(["heartbeat"]);
    expect(watch.revision).toBe(revision);
    await pass(clock, 30_000);
    expect(watch.told.slice(2)).toEqual(["heartbeat", "heartbeat", "heartbeat"]);
  });

  it("without values, bytes are left out at the beginning and in commits", async () => {
    const { port } = stage();
    await set(port, "s", "a", 1);
    const watch = await watcher(port, "s", { ...ALL, withoutValues: true });
    await set(port, "s", "b", 2);
    await settled();
    expect(watch.told).toEqual(["a=?", "caught_up", "| b=?"]);
  });
});

describe("a watch's place", () => {
  it("[P15] of a session that does not exist is not met again once it was there", async () => {
    const { port, clock } = stage();
    await set(port, "other", "a", 1);
    await port.deleteSession("other", {});
    const watch = await watcher(port, "s");
    const place = watch.revision as number;
    await watch.leave();
    await pass(clock, 6 * 60_000, 60_000);
    expect((await watcher(port, "s", { ...ALL, since: place })).told).toEqual(["caught_up"]);
    await set(port, "s", "a", 1);
    await port.deleteSession("s", {});
    await settled();
    expect((await watcher(port, "s", { ...ALL, since: place })).told).toEqual(["| session_created a=1", "| session_deleted", "caught_up"]);
    const later = stage();
    expect((await watcher(later.port, "s", { ...ALL, since: place })).error?.reason).toBe("COMPACTED");
  });

  it("[P15] is before whatever is being committed when the watch begins, a creation and its deletion too", async () => {
    const { port } = stage();
    await set(port, "other", "a", 1);
    await port.deleteSession("other", {});
    const watching = watcher(port, "s");
    await Promise.all([set(port, "s", "a", 1), port.deleteSession("s", {})]);
    const watch = await watching;
    const [caughtUp, created] = watch.deliveries.map((delivery) => ("revision" in delivery ? delivery.revision : 0)) as [number, number];
    expect(watch.told).toEqual(["caught_up", "| session_created a=1", "| session_deleted"]);
    expect(caughtUp).toBeLessThan(created);
    const again = await watcher(port, "s", { ...ALL, since: caughtUp });
    expect(again.told).toEqual(["| session_created a=1", "| session_deleted", "caught_up"]);
  });

  it("[P15] is kept for five minutes after the last watcher left, and not longer", async () => {
    const { port, clock } = stage();
    await set(port, "s", "a", 1);
    const first = await watcher(port, "s");
    const place = first.revision as number;
    await first.leave();
    await set(port, "s", "a", 2);
    await pass(clock, 4 * 60_000, 60_000);
    const second = await watcher(port, "s", { ...ALL, since: place });
    expect(second.told).toEqual(["| a=2", "caught_up"]);
    await second.leave();
    await pass(clock, 5 * 60_000, 60_000);
    expect((await watcher(port, "s", { ...ALL, since: place })).error?.reason).toBe("COMPACTED");
    expect((await watcher(port, "s", { ...ALL, since: second.revision })).told).toEqual(["caught_up"]);
  });

  it("[P15] a watch that comes back is told everything, however long it stays", async () => {
    const { port, clock } = stage();
    await (await watcher(port, "s")).leave();
    const watch = await watcher(port, "s");
    await pass(clock, 20 * 60_000, 60_000);
    await set(port, "s", "a", 1);
    await settled();
    expect(watch.told.at(-1)).toBe("| session_created a=1");
  });

  it("[P15] a watch is told everything, whenever one that was cut long before finds that out", async () => {
    const { port, clock } = stage({ feedBounds: { keptCommits: 2, keptBytes: 1e6, lagCommits: 2, lagBytes: 1e6 } });
    await set(port, "s", "a", 0);
    const stuck = slowWatcher(port, "s");
    await stuck.take();
    for (let i = 1; i < 5; i++) await set(port, "s", "a", i);
    await (await watcher(port, "s")).leave();
    await pass(clock, 6 * 60_000, 60_000);
    const watch = await watcher(port, "s");
    await stuck.take();
    expect(stuck.error?.reason).toBe("WATCH_TOO_SLOW");
    await pass(clock, 6 * 60_000, 60_000);
    await set(port, "s", "a", 5);
    await settled();
    expect(watch.told.at(-1)).toBe("| a=5");
  });

  it("[P15] is gone with the process: the present revision can be gone on from, anything else is compacted", async () => {
    const { port, again } = stage();
    const first = await set(port, "s", "a", 1);
    const second = await set(port, "s", "a", 2);
    const restarted = again();
    expect((await watcher(restarted, "s", { ...ALL, since: second })).told).toEqual(["caught_up"]);
    for (const since of [0, first, second - 1, second + 1]) {
      expect((await watcher(restarted, "s", { ...ALL, since })).error?.reason).toBe("COMPACTED");
    }
  });
});

describe("time", () => {
  it("[P8] [P15] an expiry is told at its moment, and within a second when the wall clock leaps to it", async () => {
    const { port, clock, store } = stage();
    await update(port, "s", setOf("a", 1, { ttl: 700 }), setOf("b", 1, { ttl: 60_000 }));
    const watch = await watcher(port, "s");
    await pass(clock, 699, 699);
    expect(watch.told).toEqual(["a=1 b=1", "caught_up"]);
    await pass(clock, 1);
    expect(watch.told.slice(2)).toEqual(["| expire a"]);
    clock.jump(60_000);
    await pass(clock, 1_000);
    expect(watch.told.slice(3)).toEqual(["| expire b"]);
    expect(store.calls("save")).toBe(3);
  });

  it("an open watch keeps its session alive, however short its time to live, by saves of its deadline alone", async () => {
    const { port, clock } = stage();
    await port.createSession({ id: "s", ttl: 200 }, {});
    const { revision } = await port.getSession("s", {});
    const watch = await watcher(port, "s");
    await pass(clock, 60_000, 50);
    expect((await port.getSession("s", {})).revision).toBe(revision);
    await watch.leave();
    await pass(clock, 1_000, 50);
    expect(await refusal(() => port.getSession("s", {}))).toMatchObject({ reason: "SESSION_NOT_FOUND" });
  });

  it("a watch of a missing session keeps the next one of its name alive", async () => {
    const { port, clock } = stage();
    const watch = await watcher(port, "s");
    await port.createSession({ id: "s", ttl: 1_000 }, {});
    await pass(clock, 10_000, 100);
    expect(watch.told).toEqual(["caught_up", "| session_created"]);
    expect((await port.getSession("s", {})).id).toBe("s");
  });
});

describe("bounds", () => {
  it("[P15] a watcher that does not keep up is cut, and goes on after the last whole commit that it took", async () => {
    const feedBounds = { keptCommits: 100, keptBytes: 1e6, lagCommits: 5, lagBytes: 1e6 };
    const { port } = stage({ feedBounds });
    const slow = slowWatcher(port, "s");
    await slow.take();
    for (let i = 0; i < 3; i++) await set(port, "s", "a", i);
    await slow.take();
    for (let i = 3; i < 10; i++) await set(port, "s", "a", i);
    await slow.take();
    expect(slow.told).toEqual(["caught_up", "| session_created a=0"]);
    expect(slow.error).toMatchObject({ name: "LimitExceededError", reason: "WATCH_TOO_SLOW" });
    const again = await watcher(port, "s", { ...ALL, since: slow.revision });
    expect(again.told).toEqual([...Array.from({ length: 9 }, (_, i) => `| a=${i + 1}`), "caught_up"]);
  });

  it("a stuck watcher never slows a writer, and what it holds is let go", async () => {
    const { port, engine } = stage({ inner: disk(), limits: { memoryBytes: 1e9 } });
    const big = "x".repeat(100_000);
    for (const name of ["a", "b", "c"]) await set(port, "s", name, big);
    const stuck = Array.from({ length: 10 }, () => slowWatcher(port, "s"));
    for (const each of stuck) await each.take();
    for (let i = 0; i < 200; i++) await set(port, "s", "a", big + i);
    expect(engine.memory.bytes).toBeLessThan(2.5e6);
    for (const each of stuck) {
      await each.take();
      expect(each.error?.reason).toBe("WATCH_TOO_SLOW");
    }
  });

  it("watches of a session, and of a manager, are limited; one that leaves makes room", async () => {
    const { port } = stage({ limits: { watchesPerSession: 2, watches: 3 } });
    const first = await watcher(port, "s");
    await watcher(port, "s");
    expect((await watcher(port, "s")).error).toMatchObject({
      reason: "TOO_MANY_WATCHES",
      details: { limit: "watchesPerSession", limitValue: 2, actual: 3 },
    });
    await watcher(port, "t");
    expect((await watcher(port, "u")).error).toMatchObject({ details: { limit: "watches", limitValue: 3, actual: 4 } });
    await first.leave();
    expect((await watcher(port, "s")).told).toEqual(["caught_up"]);
  });

  it("[P14] a session that is watched never leaves memory, and one that was may", async () => {
    const { port, store } = stage({ inner: disk(), limits: { memoryBytes: 4_000 } });
    await set(port, "s", "a", 1);
    const watch = await watcher(port, "s");
    const fill = async () => {
      for (let i = 0; i < 10; i++) await set(port, `t${i}`, "a", i);
    };
    await fill();
    const loads = store.calls("load");
    await set(port, "s", "a", 2);
    await settled();
    expect(store.calls("load")).toBe(loads);
    expect(watch.told).toEqual(["a=1", "caught_up", "| a=2"]);
    await watch.leave();
    await fill();
    expect((await watcher(port, "s", { ...ALL, since: watch.revision })).told).toEqual(["caught_up"]);
    expect(store.calls("load")).toBeGreaterThan(loads);
  });

  it("sessions that do not exist take memory only while they are watched, and a while after", async () => {
    const { port, engine, clock } = stage();
    const watches = await Promise.all(Array.from({ length: 10 }, (_, i) => watcher(port, `s${i}`)));
    expect(engine.memory.sessions).toBe(10);
    for (const watch of watches) await watch.leave();
    await pass(clock, 5 * 60_000, 60_000);
    expect(engine.memory.sessions).toBe(0);
  });
});

describe("the end of a watch", () => {
  it("comes with the manager's: it fails with BridgeClosedError, as every later one does", async () => {
    const { port, engine } = stage();
    await set(port, "s", "a", 1);
    const waiting = await watcher(port, "s");
    const slow = slowWatcher(port, "s");
    await slow.take();
    await engine.close();
    await slow.take();
    await settled();
    for (const each of [waiting, slow, await watcher(port, "s")]) expect(each.error?.name).toBe("BridgeClosedError");
  });

  it("comes at once when it leaves, also while it waits for the store", async () => {
    const { port } = stage({ plan: (call) => (call.method === "load" ? "hold" : undefined) });
    const watch = slowWatcher(port, "s");
    const taken = watch.take();
    await settled();
    await watch.leave();
    expect(await taken).toBeUndefined();
    expect(watch.error).toBeUndefined();
  });

  it.each([
    [{ selection: { names: [""] } }, "INVALID_NAME"],
    [{ selection: { prefix: "\n" } }, "INVALID_NAME"],
    [{ selection: { prefix: "" }, since: -1 }, "INVALID_ARGUMENT"],
    [{ selection: { prefix: "" }, since: 1.5 }, "INVALID_ARGUMENT"],
    [{ selection: { names: Array.from({ length: 1_001 }, (_, i) => `n${i}`) } }, "INVALID_ARGUMENT"],
  ])("[P16] comes before its beginning for %j", async (request, reason) => {
    const { port } = stage();
    expect(await refusal(() => port.watch("s", request, {}))).toMatchObject({ reason });
  });
});

/** Memory that outlives its engine, as a disk does. */
function disk() {
  const memory = memoryPersistence();
  return { ...memory, capabilities: { ...memory.capabilities, survives: "power" as const } };
}
