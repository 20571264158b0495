import { describe, expect, it } from "vitest";
import { RevisionMismatchError, StoreUnavailableError } from "../../src/errors.ts";
import { memoryPersistence } from "../../src/memory-persistence.ts";
import { faultAt } from "../../src/testing/index.ts";
import { encode } from "../../src/values/index.ts";
import { all, get, isSettled, pass, refusal, set, setOf, settled, stage, update } from "./stage.ts";

describe("answers and the committed head", () => {
  it("[P5] a write is answered when it is committed, and readers see it no earlier", async () => {
    const { port, store } = stage({ plan: faultAt("save", 1, "hold_answer") });
    const write = set(port, "s", "a", 1);
    expect(await isSettled(write)).toBe(false);
    expect(await get(port, "s", "a")).toBeUndefined();
    store.release();
    await write;
    expect(await get(port, "s", "a")).toBe(1);
  });

  it("[P5] a refusal waits for the commit that it was judged on", async () => {
    const { port, store } = stage({ plan: faultAt("save", 1, "hold") });
    const write = set(port, "s", "a", "text");
    const increment = refusal(() => update(port, "s", { kind: "increment", name: "a", by: encode(1) }));
    expect(await isSettled(increment)).toBe(false);
    store.release();
    await write;
    expect((await increment).reason).toBe("TYPE_MISMATCH");
  });

  it("[P5] 'nothing to delete' waits for the commit that deleted it", async () => {
    const { port, store } = stage({ plan: faultAt("save", 2, "hold") });
    await set(port, "s", "a", 1);
    const first = update(port, "s", { kind: "delete", name: "a" });
    const second = update(port, "s", { kind: "delete", name: "a" });
    expect(await isSettled(second)).toBe(false);
    store.release();
    expect((await first).results[0]?.applied).toBe(true);
    expect((await second).results[0]?.applied).toBe(false);
  });

  it("[P5] when a commit fails, so does every answer that was judged on it, and readers keep the committed head", async () => {
    const { port } = stage({ plan: faultAt("save", 2, "fail") });
    await set(port, "s", "a", 1);
    const failing = refusal(() => set(port, "s", "a", 2));
    const judgedOnIt = refusal(() => update(port, "s", setOf("a", 3, { ifRevision: 0 })));
    expect(await failing).toBeInstanceOf(StoreUnavailableError);
    expect(await judgedOnIt).toBeInstanceOf(StoreUnavailableError);
    expect(await get(port, "s", "a")).toBe(1);
  });

  it("[P18] a failed save is unknown for what was sent and not applied for what was not", async () => {
    const { port, store } = stage({
      plan: (call) =>
        call.method === "save" && call.count === 1 ? "hold" : call.method === "save" && call.count === 2 ? "fail" : undefined,
    });
    const first = set(port, "other", "x", 1);
    await settled();
    const sent = refusal(() => set(port, "s", "a", 1));
    store.release();
    await first;
    expect((await sent).outcome).toBe("unknown");
    expect((await refusal(() => update(port, "s", setOf("", 1)))).outcome).toBe("not_applied");
  });

  it("a lost answer is found again: the session is loaded before it changes", async () => {
    const { port } = stage({ plan: faultAt("save", 2, "lose_answer") });
    await set(port, "s", "a", 1);
    expect((await refusal(() => set(port, "s", "a", 2))).outcome).toBe("unknown");
    const { results } = await update(port, "s", { kind: "increment", name: "a", by: encode(10), wantPrevious: true });
    expect(results[0]?.previous?.bytes).toEqual(encode(2));
    expect(await get(port, "s", "a")).toBe(12);
  });

  it("the store's failures show in `healthy`, and their end too, without a request", async () => {
    const { engine, port, clock } = stage({ plan: (call) => (call.method === "save" && call.count < 4 ? "fail" : undefined) });
    expect(engine.healthy).toBe(true);
    await refusal(() => set(port, "s", "a", 1));
    expect(engine.healthy).toBe(false);
    await pass(clock, 5_000);
    expect(engine.healthy).toBe(true);
    await set(port, "s", "a", 2);
    expect(await get(port, "s", "a")).toBe(2);
  });

  it("a failing load refuses what needs it and nothing else", async () => {
    const inner = memoryPersistence();
    await set(stage({ inner }).port, "s", "a", 1);
    const { port } = stage({ inner, plan: faultAt("load", 1, "fail") });
    const error = await refusal(() => get(port, "s", "a"));
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect(error.outcome).toBe("not_applied");
    expect(await get(port, "s", "a")).toBe(1);
  });
});

describe("order", () => {
  it("[P4] a hundred appends at once keep their order, and so does a restart", async () => {
    const { port, again } = stage();
    const numbers = Array.from({ length: 100 }, (_, i) => i);
    const results = await Promise.all(numbers.map((i) => update(port, "s", { kind: "append", name: "log", value: encode([i]) })));
    const revisions = results.map((result) => result.sessionRevision);
    expect(revisions).toEqual([...new Set(revisions)].sort((a, b) => a - b));
    expect(await get(port, "s", "log")).toEqual(numbers);
    expect(await get(again(), "s", "log")).toEqual(numbers);
  });

  it("[P17] a read begun after an acknowledgement sees it", async () => {
    const { port } = stage();
    for (let i = 0; i < 50; i++) {
      await set(port, "s", "a", i);
      expect(await get(port, "s", "a")).toBe(i);
    }
  });

  it("what arrives while a save runs goes together in the next one, across sessions", async () => {
    const { port, store } = stage({ plan: faultAt("save", 1, "hold") });
    const first = set(port, "s0", "a", 1);
    await settled();
    const rest = Array.from({ length: 20 }, (_, i) => set(port, `s${i % 5}`, "a", i));
    await settled();
    store.release();
    await Promise.all([first, ...rest]);
    expect(store.calls("save")).toBe(2);
  });

  it("sessions do not wait for one another's loads", async () => {
    const { port, store } = stage({ plan: faultAt("load", 1, "hold") });
    const slow = get(port, "slow", "a");
    await set(port, "quick", "a", 1);
    expect(await isSettled(slow)).toBe(false);
    store.release();
    expect(await slow).toBeUndefined();
  });

  it("a conflict is never the caller's: the session is loaded and the operations run again in order", async () => {
    const inner = memoryPersistence();
    const { port, again } = stage({ inner });
    await set(port, "s", "n", 1);
    const other = again();
    await set(other, "s", "n", 10);
    await set(port, "s", "log", ["first"]);
    const [a, b] = await Promise.all([
      update(port, "s", { kind: "increment", name: "n", by: encode(1) }),
      update(port, "s", { kind: "increment", name: "n", by: encode(1) }),
    ]);
    expect(a?.results[0]?.number).toEqual(encode(11));
    expect(b?.results[0]?.number).toEqual(encode(12));
    expect(await all(port, "s")).toEqual({ n: 12, log: ["first"] });
  });

  it("after a conflict a precondition is judged anew", async () => {
    const { port, again } = stage();
    const ifRevision = await set(port, "s", "n", 1);
    await set(again(), "s", "n", 2);
    expect(await refusal(() => update(port, "s", setOf("n", 3, { ifRevision })))).toBeInstanceOf(RevisionMismatchError);
    expect(await get(port, "s", "n")).toBe(2);
  });
});

describe("deadlines of calls", () => {
  it("[P19] a mutation whose deadline passed before its turn is never applied", async () => {
    const { port, clock, store } = stage({ plan: faultAt("load", 1, "hold") });
    const late = refusal(() => set(port, "s", "a", 1, {}, { timeoutMs: 100 }));
    await settled();
    clock.advance(100);
    expect(await late).toMatchObject({ reason: "DEADLINE_EXCEEDED", outcome: "not_applied" });
    store.release();
    await settled();
    expect(await get(port, "s", "a")).toBeUndefined();
  });

  it("[P18] a deadline that passes while the change is being committed says that nobody can tell", async () => {
    const { port, clock, store } = stage({ plan: faultAt("save", 1, "hold") });
    const late = refusal(() => set(port, "s", "a", 1, {}, { timeoutMs: 100 }));
    await settled();
    clock.advance(100);
    expect(await late).toMatchObject({ reason: "DEADLINE_EXCEEDED", outcome: "unknown" });
    store.release();
    await settled();
    expect(await get(port, "s", "a")).toBe(1);
  });

  it("an aborted call ends at once; what has not taken its turn never will", async () => {
    const { port, store } = stage({ plan: faultAt("load", 1, "hold") });
    const controller = new AbortController();
    const call = refusal(() => set(port, "s", "a", 1, {}, { signal: controller.signal }));
    await settled();
    controller.abort();
    expect(await call).toMatchObject({ reason: "CANCELLED", outcome: "not_applied" });
    store.release();
    await settled();
    expect(await get(port, "s", "a")).toBeUndefined();
  });

  it("calls that were answered leave no timer behind", async () => {
    const { port, clock } = stage();
    await set(port, "s", "a", 1);
    const before = clock.scheduled;
    for (let i = 0; i < 10; i++) await set(port, "s", "a", i, {}, { timeoutMs: 1_000 });
    expect(clock.scheduled).toBe(before);
  });
});
