import { describe, expect, it } from "vitest";
import { BridgeClosedError } from "../../src/errors.ts";
import type { SessionTtl } from "../../src/session-port.ts";
import { recordingObserver } from "../../src/testing/index.ts";
import { all, get, pass, refusal, set, setOf, stage, update } from "./stage.ts";

describe("revisions", () => {
  it("[P1] a revision is never used twice, not after deletion, expiry and re-creation", async () => {
    const { port, clock } = stage();
    const seen: number[] = [];
    for (let round = 0; round < 5; round++) {
      seen.push(await set(port, "s", "a", round));
      seen.push((await port.touchSession("s", 1_000, {})).revision);
      if (round % 2 === 0) await port.deleteSession("s", {});
      else clock.jump(1_010);
    }
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
  });

  it("[P1] an old if_revision never matches by accident, also when the wall clock is set back", async () => {
    const { port, clock } = stage();
    const old = await set(port, "s", "a", 1);
    await port.deleteSession("s", {});
    clock.jump(-3_600_000);
    const now = await set(port, "s", "a", 2);
    expect(now).toBeGreaterThan(old);
    const error = await refusal(() => update(port, "s", setOf("a", 3, { ifRevision: old })));
    expect(error).toMatchObject({ reason: "REVISION_MISMATCH", details: { name: "a", currentRevision: now } });
  });

  it("[P1] a restarted memory-only manager starts above what it has forgotten", async () => {
    const { port } = stage();
    const before = await set(port, "s", "a", 1);
    const { port: fresh, clock } = stage();
    clock.jump(1);
    expect(await set(fresh, "s", "a", 1)).toBeGreaterThan(before);
  });
});

describe("sessions", () => {
  it("the first write creates the session with its defaults; later ones change nothing of them", async () => {
    const { port } = stage();
    await port.update("s", { operations: [setOf("a", 1)], defaults: { ttl: 60_000, labels: { team: "x" } } }, {});
    await port.update("s", { operations: [setOf("a", 2)], defaults: { ttl: 1, labels: { team: "y" } } }, {});
    expect(await port.getSession("s", {})).toMatchObject({ ttlMs: 60_000, labels: { team: "x" }, variableCount: 1 });
  });

  it("[P16] a refused write creates no session, and neither does must_exist", async () => {
    const { port, store } = stage();
    await refusal(() => update(port, "s", { kind: "increment", name: "a", by: new Uint8Array([0xc0]) }));
    expect((await refusal(() => port.update("s", { operations: [setOf("a", 1)], mustExist: true }, {}))).reason).toBe("SESSION_NOT_FOUND");
    expect((await refusal(() => port.getSession("s", {}))).reason).toBe("SESSION_NOT_FOUND");
    expect(store.calls("save")).toBe(0);
  });

  it("an existing id is SESSION_EXISTS, a missing one SESSION_NOT_FOUND, and deleting tells which it was", async () => {
    const { port } = stage();
    await port.createSession({ id: "s" }, {});
    expect((await refusal(() => port.createSession({ id: "s" }, {}))).reason).toBe("SESSION_EXISTS");
    expect(await port.deleteSession("s", {})).toEqual({ deleted: true });
    expect(await port.deleteSession("s", {})).toEqual({ deleted: false });
    expect((await refusal(() => port.touchSession("s", undefined, {}))).reason).toBe("SESSION_NOT_FOUND");
  });

  it("an id that is made has 128 random bits as base64url", async () => {
    const { port } = stage();
    const ids = await Promise.all(Array.from({ length: 50 }, async () => (await port.createSession({}, {})).id));
    for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9_-]{22}$/);
    expect(new Set(ids).size).toBe(50);
  });

  it("sessions are isolated, and so are tenants", async () => {
    const { engine } = stage();
    await set(engine.port(""), "s", "a", 1);
    await set(engine.port("t"), "s", "a", 2);
    expect(await get(engine.port(""), "other", "a")).toBeUndefined();
    expect(await get(engine.port(""), "s", "a")).toBe(1);
    expect(await get(engine.port("t"), "s", "a")).toBe(2);
    expect((await engine.port("t").listSessions({}, {}, {})).sessions).toHaveLength(1);
  });

  it("listings come in byte order, page by page, filtered by prefix and labels", async () => {
    const { port } = stage();
    const ids = ["b", "a", "ä", "\u{1f600}", "\uff5e", "a1"];
    for (const id of ids) await port.createSession({ id, labels: id.startsWith("a") ? { kind: "a" } : {} }, {});
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const page = await port.listSessions({}, { size: 2, ...(after !== undefined && { after }) }, {});
      seen.push(...page.sessions.map((session) => session.id));
      after = page.next;
    } while (after !== undefined);
    expect(seen).toEqual(["a", "a1", "b", "ä", "\uff5e", "\u{1f600}"]);
    expect((await port.listSessions({ prefix: "a" }, {}, {})).sessions.map((session) => session.id)).toEqual(["a", "a1"]);
    expect((await port.listSessions({ labels: { kind: "a" } }, {}, {})).sessions).toHaveLength(2);
  });

  it("a memory-only manager refuses a session beyond its limit, and takes it when one has expired or gone", async () => {
    const { port, clock } = stage({ limits: { memorySessions: 3 } });
    for (const id of ["a", "b"]) await set(port, id, "x", 1);
    await port.createSession({ id: "brief", ttl: 1_000 }, {});
    const error = await refusal(() => set(port, "c", "x", 1));
    expect(error).toMatchObject({ reason: "TOO_MANY_SESSIONS", details: { limit: "memorySessions", limitValue: 3, actual: 4 } });
    await set(port, "a", "x", 2);
    clock.jump(1_010);
    await set(port, "c", "x", 1);
    await refusal(() => port.createSession({}, {}));
    await port.deleteSession("a", {});
    await port.createSession({}, {});
  });

  it("a memory-only manager warns once when it has used 80 % of its sessions", async () => {
    const observer = recordingObserver();
    const { port } = stage({ observer, limits: { memorySessions: 10 } });
    const crowded = () => observer.events.filter((event) => event.kind === "sessions.crowded");
    for (let i = 0; i < 7; i++) await set(port, `s${i}`, "a", 1);
    expect(crowded()).toEqual([]);
    for (let i = 7; i < 10; i++) await set(port, `s${i}`, "a", 1);
    expect(crowded()).toEqual([{ kind: "sessions.crowded", sessions: 8, limit: 10 }]);
  });

  const badIds = [
    "",
    "x".repeat(129),
    "é".repeat(65),
    "a\nb",
    "a\u0000",
    "\ud800",
    "\ufffd",
    7 as unknown as string,
    undefined as unknown as string,
  ];
  it.each(badIds)("the id %j is INVALID_SESSION_ID wherever it is given", async (id) => {
    const { port } = stage();
    for (const call of [
      () => get(port, id, "a"),
      () => set(port, id, "a", 1),
      () => port.getSession(id, {}),
      () => port.deleteSession(id, {}),
      () => port.touchSession(id, undefined, {}),
      () => all(port, id),
    ]) {
      expect((await refusal(call)).reason).toBe("INVALID_SESSION_ID");
    }
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60, "soon" as SessionTtl, true as unknown as SessionTtl])(
    "the ttl %j is INVALID_TTL",
    async (ttl) => {
      const { port } = stage();
      expect((await refusal(() => port.createSession({ ttl }, {}))).reason).toBe("INVALID_TTL");
      expect((await refusal(() => port.update("s", { operations: [setOf("a", 1)], defaults: { ttl } }, {}))).reason).toBe("INVALID_TTL");
    },
  );

  it("labels beyond their limits are INVALID_LABELS", async () => {
    const { port } = stage();
    const many = Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`k${i}`, ""]));
    for (const labels of [many, { "": "x" }, { ["k".repeat(64)]: "x" }, { k: "v".repeat(256) }, { k: "\u0007" }]) {
      expect((await refusal(() => port.createSession({ labels }, {}))).reason).toBe("INVALID_LABELS");
    }
    const labels = JSON.parse(`{"__proto__": "p", "${"k".repeat(63)}": "${"v".repeat(255)}"}`);
    expect(Object.entries((await port.createSession({ labels }, {})).labels)).toEqual(Object.entries(labels));
  });
});

describe("the engine", () => {
  it("after close every call is refused, and what was begun before is kept", async () => {
    const { engine, port, again } = stage();
    await engine.open();
    const write = set(port, "s", "a", 1);
    await engine.close();
    await write;
    expect(await refusal(() => get(port, "s", "a"))).toBeInstanceOf(BridgeClosedError);
    expect(await refusal(() => set(port, "s", "a", 2))).toBeInstanceOf(BridgeClosedError);
    expect(await get(again(), "s", "a")).toBe(1);
  });

  it("asking for sessions that do not exist leaves nothing in memory and saves nothing", async () => {
    const { port, store } = stage({ limits: { memorySessions: 10 } });
    for (let i = 0; i < 1_000; i++) expect(await get(port, `missing-${i}`, "a")).toBeUndefined();
    await Promise.all(Array.from({ length: 10 }, (_, i) => set(port, `s${i}`, "a", 1)));
    expect(store.calls("save")).toBe(1);
  });

  it("the observer hears of what happened, never of a value, and its faults harm nobody", async () => {
    const observer = recordingObserver();
    const { port, clock } = stage({ observer });
    await set(port, "s", "a", "a-secret", { ttl: 1_000 });
    await update(port, "s", { kind: "append", name: "a", value: new Uint8Array([0xa1, 0x78]) });
    await get(port, "s", "a");
    await get(port, "s", "b");
    await pass(clock, 2_000);
    await port.deleteSession("s", {});
    const kinds = observer.events.map((event) => event.kind);
    for (const kind of [
      "session.created",
      "variable.set",
      "variable.update",
      "variable.get",
      "variable.expired",
      "commit",
      "session.deleted",
    ]) {
      expect(kinds).toContain(kind);
    }
    expect(JSON.stringify(observer.events)).not.toContain("a-secret");
    const throwing = { observe: () => expect.unreachable() };
    const { port: harmed } = stage({ observer: throwing });
    await set(harmed, "s", "a", 1);
    expect(await get(harmed, "s", "a")).toBe(1);
  });
});
