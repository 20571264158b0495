import { describe, expect, it } from "vitest";
import { memoryPersistence } from "../../src/memory-persistence.ts";
import type { Operation, SessionPort } from "../../src/session-port.ts";
import { watcher } from "../watch/watcher.ts";
import { lazy } from "./lazy-store.ts";
import { all, pass, refusal, set, setOf, settled, stage, update } from "./stage.ts";

const checkpoint = (label: string): Operation => ({ kind: "checkpoint", name: "", label });
const forget = (label: string): Operation => ({ kind: "delete_checkpoint", name: "", label });
const rollback = (label: string): Operation => ({ kind: "rollback", name: "", label });
const remove = (name: string): Operation => ({ kind: "delete", name });

const labels = async (port: SessionPort) => (await port.listCheckpoints("s", {})).checkpoints.map(({ label }) => label);

describe("a checkpoint", () => {
  it("names the state that its update leads to, and is a commit with a revision", async () => {
    const { port, clock } = stage();
    const before = await set(port, "s", "x", 1);
    const { results, sessionRevision } = await update(port, "s", checkpoint("start"), setOf("x", 2), setOf("y", 3));
    expect(sessionRevision).toBeGreaterThan(before);
    expect(results[0]).toMatchObject({ applied: true, revision: sessionRevision });
    const { checkpoints } = await port.listCheckpoints("s", {});
    const about = { variableCount: 2, sizeBytes: 4, createdAtMs: clock.now() };
    expect(checkpoints).toEqual([{ label: "start", revision: sessionRevision, ...about }]);
    await update(port, "s", setOf("x", 9), remove("y"));
    await update(port, "s", rollback("start"));
    expect(await all(port, "s")).toEqual({ x: 2, y: 3 });
  });

  it("of a label that there is names the new state instead, as the latest", async () => {
    const { port } = stage();
    await update(port, "s", setOf("x", 1), checkpoint("a"));
    await update(port, "s", checkpoint("b"));
    await update(port, "s", setOf("x", 2), checkpoint("a"));
    expect(await labels(port)).toEqual(["b", "a"]);
    await set(port, "s", "x", 3);
    await update(port, "s", rollback("a"));
    expect(await all(port, "s")).toEqual({ x: 2 });
  });

  it("creates a session as a write does, and of no variables names that", async () => {
    const { port } = stage();
    await update(port, "s", checkpoint("empty"));
    await set(port, "s", "x", 1);
    await update(port, "s", rollback("empty"));
    expect(await all(port, "s")).toEqual({});
    expect((await port.listCheckpoints("nobody", {})).checkpoints).toEqual([]);
  });

  it("is one of so many, and together they hold no more than a session may: beyond that nothing changes", async () => {
    const { port } = stage({ limits: { checkpointsPerSession: 2, sessionBytes: 250 } });
    const values = (mark: string) => setOf("x", mark.repeat(96));
    await update(port, "s", values("a"), checkpoint("a"));
    // What two have in common counts once.
    await update(port, "s", setOf("y", 1), checkpoint("b"));
    const many = await refusal(() => update(port, "s", setOf("z", 1), checkpoint("c")));
    expect(many).toMatchObject({ reason: "TOO_MANY_CHECKPOINTS", details: { limit: "checkpointsPerSession", limitValue: 2, actual: 3 } });
    await update(port, "s", values("b"), checkpoint("b"));
    await update(port, "s", forget("a"));
    await update(port, "s", values("c"), setOf("z", "w".repeat(50)));
    const large = await refusal(() => update(port, "s", checkpoint("c")));
    expect(large).toMatchObject({ reason: "CHECKPOINTS_TOO_LARGE", details: { limit: "sessionBytes", limitValue: 250 } });
    expect(await labels(port)).toEqual(["b"]);
    await update(port, "s", checkpoint("b"));
    expect(Object.keys(await all(port, "s"))).toEqual(["x", "y", "z"]);
  });

  it("is forgotten by its label, once", async () => {
    const { port } = stage();
    await update(port, "s", setOf("x", 1), checkpoint("a"));
    expect((await update(port, "s", forget("a"))).results[0]).toMatchObject({ applied: true });
    const again = await update(port, "s", forget("a"));
    expect(again.results[0]).toMatchObject({ applied: false });
    expect(again.sessionRevision).toBe((await port.getSession("s", {})).revision);
    expect(await refusal(() => update(port, "s", rollback("a")))).toMatchObject({ reason: "CHECKPOINT_NOT_FOUND", details: { name: "a" } });
  });

  it("stays after a restart", async () => {
    const first = stage();
    await update(first.port, "s", setOf("x", 1), setOf("y", "y".repeat(9_000)), checkpoint("a"));
    await update(first.port, "s", setOf("x", 2), remove("y"));
    const port = first.again();
    expect(await port.listCheckpoints("s", {})).toEqual(await first.port.listCheckpoints("s", {}));
    await update(port, "s", rollback("a"));
    expect(await all(port, "s")).toEqual({ x: 1, y: "y".repeat(9_000) });
  });

  it("[P14] weighs what it holds in memory", async () => {
    const memory = memoryPersistence();
    const { port, engine } = stage({ inner: { ...memory, capabilities: { ...memory.capabilities, survives: "process" } } });
    const bytes = async (i: number) => {
      await update(port, "s", setOf("x", String(i).repeat(1_000)), checkpoint(`c${i}`));
      return engine.memory.bytes ?? 0;
    };
    const [first, , , last] = [await bytes(1), await bytes(2), await bytes(3), await bytes(4)];
    expect(last - first).toBeGreaterThan(3_000);
    await update(port, "s", ...[1, 2, 3, 4].map((i) => forget(`c${i}`)));
    expect(engine.memory.bytes).toBeLessThan(first);
  });

  it("takes no part in an independent update, and only labels that are names", async () => {
    const { port } = stage();
    for (const operation of [checkpoint("a"), forget("a"), rollback("a")]) {
      const update = { operations: [setOf("x", 1), operation], independent: true };
      expect((await refusal(() => port.update("s", update, {}))).reason).toBe("INVALID_ARGUMENT");
      expect((await refusal(() => port.update("s", { operations: [{ ...operation, name: "x" }] }, {}))).reason).toBe("INVALID_ARGUMENT");
    }
    for (const label of ["", "a\n", "x".repeat(300)])
      expect((await refusal(() => update(port, "s", checkpoint(label)))).outcome).toBe("not_applied");
    expect((await refusal(() => port.getSession("s", {}))).reason).toBe("SESSION_NOT_FOUND");
  });
});

describe("a rollback", () => {
  it("of 1,000 variables is one revision and one commit for watchers", async () => {
    const { port } = stage();
    const names = Array.from({ length: 1_000 }, (_, i) => `v${String(i).padStart(4, "0")}`);
    await update(port, "s", ...names.slice(0, 999).map((name) => setOf(name, 0)), checkpoint("start"));
    await update(port, "s", ...names.slice(0, 500).map((name) => setOf(name, 1)), ...names.slice(500, 999).map(remove), setOf("v0999", 1));
    const watching = await watcher(port, "s");
    const before = (await port.getSession("s", {})).revision;
    const { results, sessionRevision } = await update(port, "s", rollback("start"));
    await settled();
    expect(results[0]).toMatchObject({ applied: true, count: 1_000 });
    expect(sessionRevision).toBeGreaterThan(before);
    const commits = watching.deliveries.filter((delivery) => delivery.kind === "commit");
    expect(commits).toHaveLength(1);
    expect(commits[0]).toMatchObject({ revision: sessionRevision });
    expect(commits[0]?.changes).toHaveLength(1_000);
    const { variables } = await port.getVariables("s", { prefix: "" }, {});
    expect(variables.map(({ name, revision }) => [name, revision])).toEqual(names.slice(0, 999).map((name) => [name, sessionRevision]));
    await watching.leave();
  });

  it("leaves what is as it was untouched, and is no commit where all is", async () => {
    const { port } = stage();
    const first = await set(port, "s", "same", 1);
    await update(port, "s", setOf("other", 1), checkpoint("a"));
    await set(port, "s", "other", 2);
    expect((await update(port, "s", rollback("a"))).results[0]?.count).toBe(1);
    expect((await port.getVariable("s", "same", {})).variable?.revision).toBe(first);
    const { sessionRevision } = await update(port, "s", checkpoint("b"));
    const again = await update(port, "s", rollback("b"));
    expect(again).toMatchObject({ results: [{ applied: false, count: 0 }], sessionRevision });
  });

  it("[P8] brings back no variable whose deadline has passed, and keeps deadlines that are to come", async () => {
    const { port, clock } = stage();
    await update(port, "s", setOf("short", 1, { ttl: 500 }), setOf("long", 1, { ttl: 5_000 }), checkpoint("a"));
    const endsAtMs = clock.now() + 5_000;
    await pass(clock, 1_000);
    await update(port, "s", setOf("long", 2), setOf("short", 2));
    const watching = await watcher(port, "s");
    await update(port, "s", rollback("a"));
    await settled();
    expect(watching.told.at(-1)).toBe("| long=1 -short");
    await watching.leave();
    expect(await all(port, "s")).toEqual({ long: 1 });
    expect((await port.getVariable("s", "long", {})).variable?.expiresAtMs).toBe(endsAtMs);
    await pass(clock, 5_000);
    expect(await all(port, "s")).toEqual({});
  });

  it("keeps history, checkpoints and declarations, and can be taken back itself", async () => {
    const { port } = stage({ limits: { historyEntries: 5 } });
    await update(port, "s", setOf("x", 1), checkpoint("a"));
    await update(port, "s", setOf("x", 2), checkpoint("b"));
    await update(port, "s", rollback("a"));
    expect((await port.getHistory("s", "x", {}, {})).items).toHaveLength(2);
    expect(await labels(port)).toEqual(["a", "b"]);
    await update(port, "s", rollback("b"));
    expect(await all(port, "s")).toEqual({ x: 2 });
  });

  it("[P6] that is sent again changes nothing and gets the same answer", async () => {
    const { port } = stage();
    await update(port, "s", setOf("x", 1), checkpoint("a"));
    await set(port, "s", "x", 2);
    const request = { id: "r1", digest: new Uint8Array(32) };
    const send = () => port.update("s", { operations: [rollback("a")] }, { request });
    const first = await send();
    await set(port, "s", "x", 3);
    expect(await send()).toEqual(first);
    expect(await all(port, "s")).toEqual({ x: 3 });
  });

  it("goes with others in one batch, whose order counts", async () => {
    const inner = memoryPersistence();
    const large = (mark: string) => mark.repeat(6_000);
    const writer = stage({ inner });
    await update(writer.port, "s", setOf("x", large("x")), setOf("y", large("y")), checkpoint("a"));
    await set(writer.port, "s", "y", 0);
    const { port } = stage({ inner: lazy(inner) });
    await update(port, "s", setOf("x", 1), rollback("a"), setOf("z", 1));
    expect(await all(port, "s")).toEqual({ x: large("x"), y: large("y"), z: 1 });
    const again = stage({ inner: lazy(inner) }).port;
    await update(again, "s", checkpoint("b"), setOf("x", 2), remove("y"), rollback("b"));
    expect(await all(again, "s")).toEqual({ x: large("x"), y: large("y"), z: 1 });
  });

  it("reads only the large values that it writes", async () => {
    const inner = memoryPersistence();
    const writer = stage({ inner });
    await update(writer.port, "s", ...["a", "b", "c"].map((name) => setOf(name, name.repeat(6_000))), checkpoint("start"));
    await set(writer.port, "s", "b", 0);
    const asked: string[] = [];
    const counted = lazy({
      ...inner,
      loadValues: (key, refs) => {
        asked.push(...refs.map(({ name }) => name));
        return inner.loadValues(key, refs);
      },
    });
    await update(stage({ inner: counted }).port, "s", rollback("start"));
    expect(asked).toEqual(["b"]);
  });
});
