import { expect, it } from "vitest";
import { SessionManager, type Transaction } from "../src/index.ts";
import { sessionEngine } from "../src/session-engine.ts";
import { sessionOver } from "../src/session-over-port.ts";
import type { Operation, SessionPort, Update } from "../src/session-port.ts";
import { valueCodec } from "../src/session-values.ts";
import { systemClock, systemRandom } from "../src/system.ts";
import { manualClock, seededRandom } from "../src/testing/index.ts";
import { encode } from "../src/values/index.ts";

const shared = { codec: valueCodec, integers: "auto", timeoutMs: 5_000, clock: systemClock, random: systemRandom } as const;

/** A session in memory, its port, every update that it was sent, and how often it was asked for something. */
async function scene() {
  const engine = sessionEngine({});
  await engine.open();
  const updates: Update[] = [];
  const asked = { count: 0 };
  const inner = engine.port("");
  const port: SessionPort = {
    ...inner,
    update(id, update, call) {
      updates.push(update);
      return inner.update(id, update, call);
    },
    getVariable(...given) {
      asked.count++;
      return inner.getVariable(...given);
    },
    getVariables(...given) {
      asked.count++;
      return inner.getVariables(...given);
    },
  };
  return { engine, port, updates, asked, session: sessionOver({ ...shared, port }, "s") };
}

const shapeOf = ({ name, kind, ifRevision }: Operation) => [name, kind, ifRevision];

it("what was read is a precondition: with the first write of its name, and bare where the name is not written", async () => {
  const { session, updates } = await scene();
  const revision = await session.setMany({ a: 1, c: 2 });
  await session.transaction(async (t) => {
    await t.getMany(["a", "b", "c"]);
    t.increment("a");
    t.set("a", 3, { ttlMs: "keep" });
    t.set("d", 4);
  });
  expect(updates.at(-1)?.operations.map(shapeOf)).toEqual([
    ["b", "check", 0],
    ["c", "check", revision],
    ["a", "increment", revision],
    ["a", "set", undefined],
    ["d", "set", undefined],
  ]);
});

it("a value that is set again or deleted is not sent", async () => {
  const { session, updates } = await scene();
  await session.set("e", 1);
  const revision = (await session.getEntry("e"))?.revision ?? 0;
  await session.transaction((t) => {
    for (let n = 0; n < 2_000; n++) t.set("a", n);
    t.set("b", 1);
    t.delete("b");
    t.set("c", 1, { ttlMs: 60_000 });
    t.set("c", 2, { ttlMs: "keep" });
    t.delete("d");
    t.set("d", 1);
    t.set("e", 1, { ifRevision: revision });
    t.set("e", 2);
  });
  expect(updates.at(-1)?.operations.map(shapeOf)).toEqual([
    ["a", "set", undefined],
    ["b", "delete", undefined],
    ["c", "set", undefined],
    ["c", "set", undefined],
    ["d", "delete", undefined],
    ["d", "set", undefined],
    ["e", "set", revision],
    ["e", "set", undefined],
  ]);
});

it("a name is asked for once, and what is set first is not asked for at all", async () => {
  const { session, asked } = await scene();
  await session.setMany({ a: 1, b: 2 });
  await session.transaction(async (t) => {
    t.set("new", 1);
    await t.getMany(["a", "b", "new"]);
    t.increment("a");
    for (const name of ["a", "b", "new"]) await t.get(name);
    await t.getMany(["a", "b", "new"]);
  });
  expect(asked.count).toBe(1);
});

it("reads that go on at once see one revision, in whatever order their answers come", async () => {
  const { session, port } = await scene();
  const open: (() => void)[] = [];
  const slow: SessionPort = {
    ...port,
    async getVariable(...given) {
      const answer = await port.getVariable(...given);
      await new Promise<void>((resolve) => open.push(resolve));
      return answer;
    },
  };
  const slowly = sessionOver({ ...shared, port: slow }, "s");
  /** Reads both, `between` happening after the first was read; answers the second first. */
  const race = async (names: readonly [string, string], between: () => Promise<unknown>) =>
    slowly.transaction(
      async (t) => {
        const first = t.get(names[0]);
        await between();
        const second = t.get(names[1]);
        await new Promise(setImmediate);
        open
          .splice(0)
          .reverse()
          .forEach((answer) => void answer());
        return Promise.all([first, second]);
      },
      { checkReads: false },
    );
  await session.setMany({ a: 1, b: 2, c: 3 });
  expect(await race(["a", "b"], () => session.set("c", 4))).toEqual([1, 2]);
  expect(await race(["a", "a"], () => session.set("c", 5))).toEqual([1, 1]);
  // One name has one value, that of the answer that came first.
  expect(await race(["a", "a"], () => session.set("a", 6))).toEqual([6, 6]);
  const late = await race(["a", "b"], () => session.setMany({ a: 10, b: 20 })).catch((error: unknown) => error);
  expect(late).toMatchObject({ name: "RevisionMismatchError", details: { name: "b", currentRevision: (await session.info()).revision } });
  const gone = await race(["a", "b"], () => session.delete("b")).catch((error: unknown) => error);
  expect(gone).toMatchObject({ name: "RevisionMismatchError", details: { name: "b", currentRevision: 0 } });
});

it("a read that nobody awaited, and that is answered after the end, is refused", async () => {
  const { port } = await scene();
  let answer = () => {};
  const hanging = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const slow: SessionPort = { ...port, getVariable: (...given) => hanging.then(() => port.getVariable(...given)) };
  let read: Promise<unknown> | undefined;
  await sessionOver({ ...shared, port: slow }, "s").transaction((t) => {
    read = t.get("a");
    t.set("b", 1);
  });
  answer();
  await expect(read).rejects.toMatchObject({ name: "InvalidArgumentError", outcome: "not_applied" });
});

it("the pause before another attempt goes through the clock, and without time for one the function is not run again", async () => {
  const clock = manualClock();
  const manager = new SessionManager({ clock, random: seededRandom(1) });
  const session = manager.session("s");
  let tries = 0;
  const losing = async (t: Transaction) => {
    tries++;
    await t.get("n");
    await session.increment("n");
    t.set("m", 1);
  };
  const failing = session.transact(losing, { timeoutMs: 200 }).catch((error: unknown) => error);
  await new Promise(setImmediate);
  expect(tries).toBe(1);
  let settled: unknown;
  void failing.then((error) => {
    settled = error;
  });
  for (let ms = 0; ms < 400 && settled === undefined; ms++) {
    await new Promise(setImmediate);
    clock.advance(1);
  }
  expect(await failing).toMatchObject({ name: "DeadlineExceededError", outcome: "not_applied", details: { name: "n" } });
  expect(await session.get("n")).toBe(tries);
  await manager.close();
});

it("a transaction may take longer than the timeout of its requests; transact may not", async () => {
  const clock = manualClock();
  const manager = new SessionManager({ clock, random: seededRandom(1) });
  const session = manager.session("s");
  const slow = async (t: Transaction) => {
    await t.get("n");
    clock.advance(300);
    t.set("n", 1);
  };
  const error = await session.transact(slow, { timeoutMs: 200 }).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ name: "DeadlineExceededError", outcome: "not_applied" });
  await session.transaction(slow, { timeoutMs: 200 });
  expect(await session.get("n")).toBe(1);
  await manager.close();
});

it("a value that cannot be decoded costs a transaction nothing but itself", async () => {
  const { session, port } = await scene();
  const custom = { kind: "set", name: "custom", value: { bytes: Uint8Array.of(1), encoding: "mine" } } as const;
  await port.update("s", { operations: [custom, { kind: "set", name: "n", value: { bytes: encode(1), encoding: "" } }] }, {});
  await session.transaction(async (t) => {
    await expect(t.get("custom")).rejects.toMatchObject({ reason: "UNSUPPORTED_ENCODING" });
    expect(await t.has("custom")).toBe(true);
    expect([...(await t.getMany(["custom", "n"])).values()]).toEqual([expect.objectContaining({ encoding: "mine" }), 1]);
    t.set("n", 2);
  });
  expect(await session.get("n")).toBe(2);
});
