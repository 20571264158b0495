import { describe, expect, it } from "vitest";
import { encode } from "../../src/values/index.ts";
import { get, refusal, set, settled, stage, update } from "./stage.ts";

describe("a conflict", () => {
  it("unwinds the engine's own commits with the callers', and each change is made once", async () => {
    const { port, again, clock } = stage();
    await set(port, "s", "n", 1);
    await set(port, "s", "brief", 1, { ttl: 1_000 });
    // At another moment, so that its revision is none that this engine is about to use.
    clock.jump(1);
    await set(again(), "s", "n", 10);
    clock.jump(1);
    const first = update(port, "s", { kind: "increment", name: "n", by: encode(1) });
    clock.jump(1_000);
    // The expiry is a commit of the engine's own, behind the one that conflicts.
    const second = update(port, "s", { kind: "increment", name: "n", by: encode(1) });
    expect((await first).results[0]?.number).toEqual(encode(11));
    expect((await second).results[0]?.number).toEqual(encode(12));
    await settled();
    expect(await get(again(), "s", "n")).toBe(12);
  });
});

describe("a stop", () => {
  it("answers what conflicted before the store is closed", async () => {
    const { engine, port, again, store } = stage();
    await set(port, "s", "n", 1);
    await set(again(), "s", "n", 10);
    const change = update(port, "s", { kind: "increment", name: "n", by: encode(1) });
    await engine.close();
    expect((await change).results[0]?.number).toEqual(encode(11));
    expect(store.calls("close")).toBe(1);
  });
});

describe("a listing", () => {
  it("leaves out a session whose creation is saved and not yet answered, as readers do", async () => {
    const { port, store } = stage({ plan: (call) => (call.method === "save" && call.count === 1 ? "hold_answer" : undefined) });
    const creation = port.createSession({ id: "s" }, {});
    await settled();
    expect((await port.listSessions({}, {}, {})).sessions).toEqual([]);
    store.release();
    await creation;
    expect((await port.listSessions({}, {}, {})).sessions.map(({ id }) => id)).toEqual(["s"]);
  });

  it("[P8] counts nothing that expired while the store had its expiry and readers did not", async () => {
    const { port, store, clock } = stage({ plan: (call) => (call.method === "save" && call.count === 2 ? "hold_answer" : undefined) });
    await set(port, "s", "a", 1, { ttl: 1_000 });
    clock.jump(1_000);
    const read = Promise.resolve(get(port, "s", "a"));
    await settled();
    const listing = port.listSessions({}, {}, {});
    await settled();
    store.release();
    expect((await listing).sessions[0]?.variableCount).toBe(0);
    expect(await read).toBeUndefined();
  });

  it("[P18] names the failure of the store, and says in `healthy` that there was one", async () => {
    const { engine, port } = stage({ plan: (call) => (call.method === "listSessions" && call.count === 1 ? "fail" : undefined) });
    expect(await refusal(() => port.listSessions({}, {}, {}))).toMatchObject({ reason: "STORE_UNAVAILABLE", outcome: "not_applied" });
    expect(engine.healthy).toBe(false);
  });

  it("[P19] ends at its deadline, and so does whatever waits for the store to open", async () => {
    const { port, clock } = stage({ plan: (call) => (call.method === "open" ? "hold" : undefined) });
    const calls = [
      refusal(() => port.listSessions({}, {}, { timeoutMs: 100 })),
      refusal(() => port.createSession({ id: "s" }, { timeoutMs: 100 })),
      refusal(() => set(port, "s", "a", 1, {}, { timeoutMs: 100 })),
    ];
    await settled();
    clock.advance(100);
    for (const error of await Promise.all(calls)) expect(error).toMatchObject({ reason: "DEADLINE_EXCEEDED", outcome: "not_applied" });
  });
});
