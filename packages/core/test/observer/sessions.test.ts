import { describe, expect, it } from "vitest";
import { recordingObserver } from "../../src/testing/index.ts";
import { refusal, set, setOf, settled, stage, update } from "../engine/stage.ts";
import { disk, KEY, watched } from "./watched.ts";

const NONE = { sessionVariables: 0, sessionBytes: 0 };
const ONE = { sessionVariables: 1, sessionBytes: 2 };
const CALL = { kind: "session.call", key: KEY, reason: "", trace: "t", startedAtMs: 0, durationMs: 0 };
const call = { trace: "t" };

describe("what becomes of sessions", () => {
  it("created by a call: the creation, then the call", async () => {
    const { port, told } = watched();
    const { revision } = await port.createSession({ id: "s" }, call);
    expect(told("session.")).toEqual([
      { kind: "session.created", key: KEY, revision, ...NONE },
      { ...CALL, operation: "create", found: true, ...NONE },
    ]);
  });

  it("created under an id that the engine made: the call tells that id", async () => {
    const { port, told } = watched();
    const { id } = await port.createSession({}, call);
    expect(told("session.call")).toMatchObject([{ key: { id } }]);
  });

  it("created by a first write, which tells of itself", async () => {
    const { port, told } = watched();
    const revision = await set(port, "s", "a", 1);
    expect(told("session.")).toEqual([{ kind: "session.created", key: KEY, revision, ...ONE }]);
  });

  it("not created twice", async () => {
    const { port, observer, told } = watched();
    await set(port, "s", "a", 1);
    observer.clear();
    await refusal(() => port.createSession({ id: "s" }, call));
    expect(told("")).toEqual([{ ...CALL, operation: "create", found: false, reason: "SESSION_EXISTS", ...ONE }]);
  });

  it("looked at, or missing", async () => {
    const { port, observer, told } = watched();
    await set(port, "s", "a", 1);
    observer.clear();
    await port.getSession("s", call);
    await refusal(() => port.getSession("none", call));
    expect(told("session.")).toEqual([
      { ...CALL, operation: "get", found: true, ...ONE },
      { ...CALL, operation: "get", found: false, reason: "SESSION_NOT_FOUND", key: { tenant: "", id: "none" }, ...NONE },
    ]);
  });

  it("listed", async () => {
    const { port, observer, told } = watched();
    await set(port, "s", "a", 1);
    observer.clear();
    await port.listSessions({}, {}, call);
    await port.listSessions({ prefix: "none" }, {}, call);
    const listed = { ...CALL, key: { tenant: "", id: "" }, operation: "list", ...NONE };
    expect(told("")).toEqual([
      { ...listed, found: true },
      { ...listed, found: false },
    ]);
  });

  it.each([["with a ttl", 60_000] as const, ["without one", undefined] as const])("touched %s", async (_, ttl) => {
    const { port, observer, told } = watched();
    await set(port, "s", "a", 1);
    observer.clear();
    const { revision } = await port.touchSession("s", ttl, call);
    expect(told("session.")).toEqual([
      { kind: "session.touched", key: KEY, revision, ...ONE },
      { ...CALL, operation: "touch", found: true, ...ONE },
    ]);
  });

  it("deleted, with what it held; and nothing to delete", async () => {
    const { port, observer, told } = watched();
    const before = await set(port, "s", "a", 1);
    observer.clear();
    await port.deleteSession("s", call);
    await port.deleteSession("s", call);
    expect(told("session.")).toEqual([
      { kind: "session.deleted", key: KEY, revision: before + 1, ...ONE },
      { ...CALL, operation: "delete", found: true, ...NONE },
      { ...CALL, operation: "delete", found: false, ...NONE },
    ]);
  });

  it("expired, with what it held, whether somebody came or the sweeper did", async () => {
    const { port, observer, told, clock } = watched();
    for (const id of ["s", "t"]) await port.update(id, { operations: [setOf("a", 1)], defaults: { ttl: 100 } }, {});
    observer.clear();
    clock.advance(200);
    await port.getVariable("s", "a", {});
    expect(told("session.")).toMatchObject([{ kind: "session.expired", key: KEY, ...ONE }]);
    clock.advance(300);
    await settled();
    expect(told("session.", "sweep")).toMatchObject([
      { kind: "session.expired", key: KEY },
      { kind: "session.expired", key: { tenant: "", id: "t" }, ...ONE },
      { kind: "sweep", outcome: "swept", due: 1 },
    ]);
  });

  it("expired in the store by a sweep that does not load it", async () => {
    const inner = disk();
    await update(stage({ inner }).port, "s", setOf("a", 1));
    const { engine, clock, told } = watched({ inner });
    await engine.open();
    clock.advance(2 * 86_400_000);
    await settled();
    clock.advance(500);
    await settled();
    expect(told("session.", "load")).toMatchObject([{ kind: "session.expired", key: KEY, ...ONE }]);
  });

  it("evicted and loaded again [P14]", async () => {
    const { port, observer, told } = watched({ inner: disk(), limits: { memoryBytes: 1 } });
    const revision = await set(port, "s", "a", 1);
    await set(port, "t", "a", 1);
    expect(told("session.evicted")).toEqual([{ kind: "session.evicted", key: KEY, revision, ...ONE }]);
    observer.clear();
    await port.getVariable("s", "a", {});
    expect(told("session.loaded")).toEqual([{ kind: "session.loaded", key: KEY, revision, ...ONE, startedAtMs: 0, durationMs: 0 }]);
  });

  it("belong to a tenant", async () => {
    const observer = recordingObserver();
    const { engine } = stage({ observer });
    await set(engine.port("acme"), "s", "a", 1);
    const keys = observer.events.flatMap((event) => ("key" in event ? [event.key] : []));
    expect(keys).toEqual(keys.map(() => ({ tenant: "acme", id: "s" })));
    expect(keys.length).toBeGreaterThan(1);
  });
});
