import { describe, expect, it } from "vitest";
import type { Operation } from "../../src/session-port.ts";
import { faultAt } from "../../src/testing/index.ts";
import { pass, refusal, set, setOf, settled, stage, update } from "../engine/stage.ts";
import { disk, KEY, watched } from "./watched.ts";

describe("the commit event", () => {
  it("tells what was saved together, how long the first of it waited, and whose calls it were", async () => {
    const { port, store, clock, told, observer } = watched({ plan: faultAt("save", 1, "hold_answer") });
    const answers: Promise<unknown>[] = [];
    const send = (id: string, trace: unknown, ...operations: Operation[]) =>
      answers.push(Promise.resolve(port.update(id, { operations }, { trace })));
    send("s", "first", setOf("a", 1));
    await settled();
    clock.advance(2);
    send("s", "second", setOf("a", "xyz"), setOf("b", 1));
    await settled();
    clock.advance(3);
    for (const trace of ["third", "third", undefined]) send("t", trace, setOf("c", 1));
    send("s", "second", { kind: "delete", name: "a" });
    await settled();
    store.release();
    await Promise.all(answers);
    const commit = { kind: "commit", outcome: "saved", conflicts: 0, cause: undefined };
    expect(told("commit")).toEqual([
      { ...commit, deltas: 1, operations: 1, sizeBytes: 1, waitMs: 0, startedAtMs: 0, durationMs: 5, traces: ["first"] },
      { ...commit, deltas: 5, operations: 6, sizeBytes: 8, waitMs: 3, startedAtMs: 5, durationMs: 0, traces: ["second", "third"] },
    ]);
    const kinds = observer.events.map(({ kind }) => kind);
    expect(kinds.indexOf("variable.set")).toBeGreaterThan(kinds.indexOf("commit"));
  });

  it("tells of a save that failed, with its cause, and of the question whether the store works again [P13]", async () => {
    const { port, clock, told } = watched({ plan: faultAt("save", 1, "fail") });
    await refusal(() => update(port, "s", setOf("a", 1)));
    await pass(clock, 100, 50);
    expect(told("commit")).toMatchObject([
      { outcome: "failed", deltas: 1, operations: 1, cause: { code: "EFAULTY" } },
      { outcome: "saved", deltas: 0, operations: 0, sizeBytes: 0, waitMs: 0, traces: [], cause: undefined },
    ]);
  });

  it("counts what the store refused, and is told again when that is saved", async () => {
    const { port, told } = watched({ plan: faultAt("save", 1, "conflict") });
    await update(port, "s", setOf("a", 1));
    expect(told("commit")).toMatchObject([
      { outcome: "saved", deltas: 1, conflicts: 1 },
      { outcome: "saved", deltas: 1, conflicts: 0 },
    ]);
    expect(told("variable.")).toMatchObject([{ applied: true, sizeBytes: 1 }]);
  });
});

describe("the load event", () => {
  const LARGE = "x".repeat(5_000);
  const LOAD = { kind: "load", key: KEY, startedAtMs: 0, durationMs: 0, reason: "" };
  const NOTHING = { variables: 0, sizeBytes: 0 };

  it("tells of sessions that are found and missing", async () => {
    const inner = disk();
    await update(stage({ inner }).port, "s", setOf("a", 1), setOf("b", "xy"));
    const { port, told } = watched({ inner });
    await port.getVariable("s", "a", {});
    await port.getVariable("none", "a", {});
    expect(told("load")).toEqual([
      { ...LOAD, what: "session", outcome: "found", variables: 2, sizeBytes: 4 },
      { ...LOAD, what: "session", key: { tenant: "", id: "none" }, outcome: "missing", ...NOTHING },
    ]);
  });

  it("takes as long as the store does, and comes before what it made possible", async () => {
    const inner = disk();
    await set(stage({ inner }).port, "s", "a", 1);
    const { port, store, clock, observer } = watched({ inner, plan: faultAt("load", 1, "hold_answer") });
    const answer = port.getVariable("s", "a", {});
    await settled();
    clock.advance(4);
    store.release();
    await answer;
    expect(observer.events).toMatchObject([
      { kind: "load", durationMs: 4 },
      { kind: "session.loaded", durationMs: 4 },
      { kind: "variable.get", durationMs: 4 },
    ]);
  });

  it("tells of a load that failed", async () => {
    const { port, told } = watched({ plan: faultAt("load", 1, "fail") });
    await refusal(() => port.getVariable("s", "a", {}));
    expect(told("load", "session.")).toEqual([{ ...LOAD, what: "session", outcome: "failed", ...NOTHING, reason: "STORE_UNAVAILABLE" }]);
  });

  it.each([
    ["found", { outcome: "found", variables: 1, sizeBytes: 5_003 }, (bytes: Uint8Array) => new Map([["a", bytes]])],
    ["missing", { outcome: "missing", variables: 0, sizeBytes: 0 }, () => new Map()],
    ["damaged", { outcome: "failed", variables: 0, sizeBytes: 0, reason: "DATA_LOSS" }, () => new Map([["a", undefined]])],
  ] as const)("tells of large values that are %s", async (_, event, values) => {
    const inner = disk();
    await set(stage({ inner }).port, "s", "a", LARGE);
    const { port, told } = watched({
      inner: {
        ...inner,
        load: async (key) => {
          const session = await inner.load(key);
          return session && { ...session, variables: session.variables.map((variable) => ({ ...variable, bytes: undefined })) };
        },
        loadValues: async (key, refs) => values((await inner.loadValues(key, refs)).get("a") as Uint8Array),
      },
    });
    await Promise.resolve(port.getVariable("s", "a", {})).catch(() => {});
    expect(told("load")[0]).toEqual({ ...LOAD, what: "session", outcome: "found", variables: 1, sizeBytes: 0 });
    expect(told("load")[1]).toEqual({ ...LOAD, what: "values", ...event });
  });
});

describe("the sweep event", () => {
  it("tells of each look for what is due, also when it fails", async () => {
    const { engine, clock, told } = watched({ plan: faultAt("due", 2, "fail") });
    await engine.open();
    await pass(clock, 1_000);
    expect(told("sweep")).toEqual([
      { kind: "sweep", outcome: "swept", due: 0, startedAtMs: 500, durationMs: 0 },
      { kind: "sweep", outcome: "failed", due: 0, startedAtMs: 1_000, durationMs: 0 },
    ]);
  });
});
