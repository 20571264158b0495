import { describe, expect, it } from "vitest";
import { memoryPersistence } from "../../src/memory-persistence.ts";
import type { SessionPersistence } from "../../src/persistence.ts";
import { faultAt, recordingObserver } from "../../src/testing/index.ts";
import { get, set, settled, stage } from "./stage.ts";

/** Memory that outlives its engine, as a disk does: sessions may leave and be loaded again. */
const disk = (): SessionPersistence => {
  const memory = memoryPersistence();
  return { ...memory, capabilities: { ...memory.capabilities, survives: "power" } };
};

const evicted = (observer: ReturnType<typeof recordingObserver>) =>
  observer.events.flatMap((event) => (event.kind === "session.evicted" ? [event.key.id] : []));

describe("[P14] the memory that loaded sessions take", () => {
  it("is bounded: the one used longest ago leaves first, and is there again when somebody asks for it", async () => {
    const observer = recordingObserver();
    const { port, store } = stage({ inner: disk(), observer, limits: { memoryBytes: 4_000 } });
    for (const id of ["a", "b", "c"]) await set(port, id, "x", id);
    expect(evicted(observer)).toEqual([]);
    await get(port, "a", "x");
    await set(port, "d", "x", "d");
    expect(evicted(observer)).toEqual(["b"]);
    const loads = store.calls("load");
    expect(await get(port, "a", "x")).toBe("a");
    expect(store.calls("load")).toBe(loads);
    expect(await get(port, "b", "x")).toBe("b");
    expect(store.calls("load")).toBe(loads + 1);
  });

  it("counts what sessions grow by", async () => {
    const observer = recordingObserver();
    const { port } = stage({ inner: disk(), observer, limits: { memoryBytes: 10_000 } });
    for (const id of ["a", "b"]) await set(port, id, "x", 1);
    await set(port, "b", "y", "y".repeat(9_000));
    expect(evicted(observer)).toEqual(["a"]);
  });

  it("never makes a session leave that is being changed", async () => {
    const observer = recordingObserver();
    const { port, store } = stage({ inner: disk(), observer, limits: { memoryBytes: 1 }, plan: faultAt("save", 2, "hold") });
    await set(port, "a", "x", 1);
    const change = set(port, "a", "x", 2);
    await settled();
    await get(port, "b", "x");
    expect(evicted(observer)).toEqual([]);
    store.release();
    await change;
    await set(port, "b", "x", 1);
    expect(evicted(observer)).toContain("a");
    expect(await get(port, "a", "x")).toBe(2);
  });

  it("is not bounded this way where sessions have no other place to be", async () => {
    const observer = recordingObserver();
    const { port } = stage({ observer, limits: { memoryBytes: 1 } });
    for (let i = 0; i < 20; i++) await set(port, `s${i}`, "x", i);
    expect(evicted(observer)).toEqual([]);
  });

  it("can be asked for at any moment", async () => {
    const { engine, port } = stage({ inner: disk(), limits: { memoryBytes: 10_000 } });
    expect(engine.memory).toEqual({ sessions: 0, bytes: undefined });
    await set(port, "a", "x", "x".repeat(3_000));
    const one = engine.memory.bytes ?? 0;
    expect(engine.memory).toEqual({ sessions: 1, bytes: expect.any(Number) });
    expect(one).toBeGreaterThan(3_000);
    await set(port, "b", "x", "x".repeat(3_000));
    expect(engine.memory).toEqual({ sessions: 2, bytes: 2 * one });
    await port.deleteSession("a", {});
    expect(engine.memory).toEqual({ sessions: 1, bytes: one });
    const unbounded = stage();
    await set(unbounded.port, "a", "x", 1);
    expect(unbounded.engine.memory).toEqual({ sessions: 1, bytes: undefined });
  });
});
