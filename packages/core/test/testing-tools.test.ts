import { describe, expect, it } from "vitest";
import { memoryPersistence } from "../src/memory-persistence.ts";
import type { SessionDelta } from "../src/persistence.ts";
import { faultAt, faultyPersistence, manualClock, recordingObserver, seededRandom } from "../src/testing/index.ts";

describe("manualClock", () => {
  it("calls what is due at its own moment, in the order of the moments, then in the order of scheduling", () => {
    const clock = manualClock(1000);
    const calls: [string, number][] = [];
    const note = (name: string) => () => calls.push([name, clock.now()]);
    clock.schedule(20, note("b"));
    clock.schedule(10, note("a"));
    clock.schedule(20, note("c"));
    clock.schedule(31, note("later"));
    clock.advance(30);
    expect(calls).toEqual([
      ["a", 1010],
      ["b", 1020],
      ["c", 1020],
    ]);
    expect([clock.now(), clock.monotonic(), clock.scheduled]).toEqual([1030, 30, 1]);
  });

  it("calls what a call schedules, when that is due within the same advance", () => {
    const clock = manualClock(0);
    const moments: number[] = [];
    const tick = (): void => {
      moments.push(clock.now());
      clock.schedule(10, tick);
    };
    clock.schedule(10, tick);
    clock.advance(35);
    expect(moments).toEqual([10, 20, 30]);
  });

  it("does not call what was cancelled, and cancelling twice is nothing", () => {
    const clock = manualClock();
    let called = 0;
    const cancel = clock.schedule(1, () => called++);
    cancel();
    cancel();
    clock.advance(5);
    expect(called).toBe(0);
  });

  it("jumps with the wall clock alone", () => {
    const clock = manualClock(1000);
    let called = 0;
    clock.schedule(5, () => called++);
    clock.jump(-400);
    expect([clock.now(), clock.monotonic(), called]).toEqual([600, 0, 0]);
    clock.advance(5);
    expect([clock.now(), clock.monotonic(), called]).toEqual([605, 5, 1]);
  });
});

describe("seededRandom", () => {
  it("gives the same for the same seed, something else for another, and fractions in [0, 1)", () => {
    const draw = (seed: number) => {
      const random = seededRandom(seed);
      return [...random.bytes(16), ...Array.from({ length: 100 }, () => random.fraction())];
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
    for (const fraction of draw(9).slice(16)) expect(fraction >= 0 && fraction < 1).toBe(true);
  });
});

describe("recordingObserver", () => {
  it("keeps what it is told in order, until it is cleared", () => {
    const observer = recordingObserver();
    const event = { kind: "session.created", key: { tenant: "", id: "a" }, revision: 1, sessionVariables: 0, sessionBytes: 0 } as const;
    observer.observe(event);
    observer.observe({ ...event, revision: 2 });
    expect(observer.events).toEqual([event, { ...event, revision: 2 }]);
    observer.clear();
    expect(observer.events).toEqual([]);
  });
});

describe("faultyPersistence", () => {
  const key = { tenant: "", id: "a" };
  const record = {
    revision: 1,
    createdAtMs: 1,
    accessedAtMs: 1,
    ttlMs: undefined,
    endsAtMs: undefined,
    expiresAtMs: undefined,
    labels: {},
    variableCount: 0,
    sizeBytes: 0,
  };
  const create: SessionDelta = { kind: "create", key, nowMs: 1, record, set: [] };

  it("fails the call the plan names, which the store never sees, and no other", async () => {
    const store = faultyPersistence(memoryPersistence(), faultAt("save", 2, "fail"));
    expect(await store.save([])).toEqual([]);
    await expect(store.save([create])).rejects.toMatchObject({ code: "EFAULTY" });
    expect(await store.load(key)).toBe(undefined);
    expect(await store.save([create])).toEqual(["saved"]);
    expect([store.calls("save"), store.calls("load")]).toEqual([3, 1]);
  });

  it("loses an answer: the store did it all the same", async () => {
    const store = faultyPersistence(memoryPersistence(), faultAt("save", 1, "lose_answer"));
    await expect(store.save([create])).rejects.toMatchObject({ code: "EFAULTY" });
    expect((await store.load(key))?.record).toEqual(record);
  });

  it("answers conflict for every delta and changes nothing", async () => {
    const store = faultyPersistence(memoryPersistence(), faultAt("save", 1, "conflict"));
    expect(await store.save([create, create])).toEqual(["conflict", "conflict"]);
    expect(await store.load(key)).toBe(undefined);
  });

  it.each([
    ["hold", false],
    ["hold_answer", true],
  ] as const)("%s: the store sees the call before the release: %s", async (fault, seen) => {
    const store = faultyPersistence(memoryPersistence(), faultAt("save", 1, fault));
    const answers: unknown[] = [];
    const saving = store.save([create]).then((answer) => answers.push(answer));
    expect((await store.load(key)) !== undefined).toBe(seen);
    expect([store.held, answers]).toEqual([1, []]);
    store.release();
    await saving;
    expect([store.held, answers]).toEqual([0, [["saved"]]]);
    expect((await store.load(key))?.record).toEqual(record);
  });
});
