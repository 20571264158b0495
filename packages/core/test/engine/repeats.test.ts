import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeAnswer, encodeAnswer } from "../../src/answers.ts";
import { memoryPersistence } from "../../src/memory-persistence.ts";
import type { SessionPersistence } from "../../src/persistence.ts";
import type { MutationCall, Operation, SessionPort, UpdateResult } from "../../src/session-port.ts";
import { faultAt } from "../../src/testing/index.ts";
import { encode } from "../../src/values/index.ts";
import { get, refusal, set, setOf, settled, stage } from "./stage.ts";

const MINUTE_MS = 60_000;

/** A call of this name; a repeat says how long ago it was first sent. */
const identified = (id: string, resentAfterMs?: number, digest = Uint8Array.of(1)): MutationCall => ({
  request: { id, digest, resentAfterMs },
});
const increment: Operation = { kind: "increment", name: "n", by: encode(1) };
const once = async (port: SessionPort, call: MutationCall, operation: Operation = increment): Promise<UpdateResult> =>
  port.update("s", { operations: [operation] }, call);

/** Memory that outlives its engine, as a disk does. */
const disk = (): SessionPersistence => {
  const memory = memoryPersistence();
  return { ...memory, capabilities: { ...memory.capabilities, survives: "power" } };
};

describe("[P6] a call that is sent again", () => {
  it("changes nothing and gets the same answer, marked as resent or not", async () => {
    const { port, clock } = stage({ inner: disk() });
    const first = await once(port, identified("a"));
    clock.advance(1_000);
    expect(await once(port, identified("a", 1_000))).toEqual(first);
    expect(await once(port, identified("a"))).toEqual(first);
    expect(await get(port, "s", "n")).toBe(1);
  });

  it("gets the same answer after a restart", async () => {
    const inner = disk();
    const { port, again, clock } = stage({ inner });
    const first = await once(port, identified("a"), { ...increment, wantPrevious: true });
    clock.advance(1_000);
    expect(await once(again(), identified("a", 1_000), { ...increment, wantPrevious: true })).toEqual(first);
    expect(await get(again(), "s", "n")).toBe(1);
  });

  it("is found when the answer was lost after the save", async () => {
    const { port, clock } = stage({ inner: disk(), plan: faultAt("save", 1, "lose_answer") });
    expect(await refusal(() => once(port, identified("a")))).toMatchObject({ reason: "STORE_UNAVAILABLE", outcome: "unknown" });
    clock.advance(100);
    const { results } = await once(port, identified("a", 100));
    expect(results[0]?.number).toEqual(encode(1));
    expect(await get(port, "s", "n")).toBe(1);
  });

  it("[P17] is answered when readers see its change, and not before, though the store has it", async () => {
    const { port, store } = stage({ inner: disk(), plan: faultAt("save", 1, "hold_answer") });
    const first = once(port, identified("a"));
    await settled();
    let seen: unknown;
    const repeat = once(port, identified("a", 5)).then(async (answer) => {
      seen = await get(port, "s", "n");
      return answer;
    });
    await settled();
    expect([store.held, seen]).toEqual([1, undefined]);
    store.release();
    expect(await repeat).toEqual(await first);
    expect(seen).toBe(1);
  });

  it("fails when it finds nothing to change and the store cannot tell whether it had changed it before", async () => {
    const { port } = stage({ inner: disk(), plan: faultAt("findRequest", 1, "fail") });
    const remove: Operation = { kind: "delete", name: "v" };
    await set(port, "s", "v", 1);
    const first = await once(port, identified("a"), remove);
    expect((await refusal(() => once(port, identified("a"), remove))).reason).toBe("STORE_UNAVAILABLE");
    expect(await once(port, identified("a"), remove)).toEqual(first);
  });

  it("is not applied from nine minutes on, by which its message may have been on its way for one", async () => {
    const { port } = stage({ inner: disk() });
    expect((await refusal(() => once(port, identified("a", 9 * MINUTE_MS + 1)))).reason).toBe("OUTCOME_UNKNOWN");
    expect((await once(port, identified("a", 9 * MINUTE_MS))).results[0]?.applied).toBe(true);
  });

  it("is applied when the first sending never reached the store", async () => {
    const { port, clock } = stage({ inner: disk(), plan: faultAt("save", 1, "fail") });
    await refusal(() => once(port, identified("a")));
    clock.advance(100);
    await once(port, identified("a", 100));
    expect(await get(port, "s", "n")).toBe(1);
  });

  it("joins the commit that is under way", async () => {
    const { port, store } = stage({ inner: disk(), plan: faultAt("save", 1, "hold") });
    const first = once(port, identified("a"));
    await settled();
    const repeat = once(port, identified("a", 5));
    await settled();
    store.release();
    expect(await repeat).toEqual(await first);
    expect(await get(port, "s", "n")).toBe(1);
  });

  it("fails with the commit that it joined, as unknown", async () => {
    const { port, store } = stage({
      inner: disk(),
      plan: ({ method, count }) => (method === "save" && count === 1 ? "hold" : method === "save" && count === 2 ? "fail" : undefined),
    });
    const before = set(port, "other", "x", 1);
    await settled();
    const first = refusal(() => once(port, identified("a")));
    const repeat = refusal(() => once(port, identified("a", 5)));
    await settled();
    store.release();
    await before;
    expect([(await first).outcome, (await repeat).outcome]).toEqual(["unknown", "unknown"]);
  });

  it("gets the first answer though the state has changed since, and would refuse it now", async () => {
    const { port, clock } = stage({ inner: disk() });
    const create = setOf("v", 1, { ifRevision: 0 });
    const first = await once(port, identified("a"), create);
    await set(port, "s", "v", 2);
    clock.advance(10);
    expect(await once(port, identified("a", 10), create)).toEqual(first);
    expect(await once(port, identified("a"), create)).toEqual(first);
    const gone = await once(port, identified("b"), { kind: "delete", name: "v" });
    expect(await once(port, identified("b"), { kind: "delete", name: "v" })).toEqual(gone);
  });

  it("is answered across deletion and re-creation of its session", async () => {
    const { port, clock } = stage({ inner: disk() });
    const created = await port.createSession({ id: "s" }, identified("c"));
    expect(await port.deleteSession("s", identified("d"))).toEqual({ deleted: true });
    await set(port, "s", "n", 100);
    clock.advance(10);
    expect(await port.createSession({ id: "s" }, identified("c", 10))).toEqual(created);
    expect(await port.deleteSession("s", identified("d", 10))).toEqual({ deleted: true });
    expect(await get(port, "s", "n")).toBe(100);
  });

  it("is refused when it asks for something else under the same id, also while the first is under way", async () => {
    const { port, store } = stage({ inner: disk(), plan: faultAt("save", 1, "hold") });
    const first = once(port, identified("a"));
    await settled();
    const other = refusal(() => once(port, identified("a", undefined, Uint8Array.of(2))));
    await settled();
    store.release();
    await first;
    expect((await other).reason).toBe("REQUEST_ID_REUSED");
    expect((await refusal(() => once(port, identified("a", 10, Uint8Array.of(2))))).reason).toBe("REQUEST_ID_REUSED");
    expect(await get(port, "s", "n")).toBe(1);
  });

  it("is not applied when it may have been forgotten: it was first sent too long ago", async () => {
    const { port, clock } = stage({ inner: disk() });
    await once(port, identified("a"));
    clock.advance(11 * MINUTE_MS);
    const error = await refusal(() => once(port, identified("a", 11 * MINUTE_MS)));
    expect(error).toMatchObject({ reason: "OUTCOME_UNKNOWN", outcome: "unknown" });
    expect(await get(port, "s", "n")).toBe(1);
  });

  it("is not applied when the wall clock has gone ahead since, by which it may have been forgotten; one that was sent later is", async () => {
    const { port, clock } = stage({ inner: disk() });
    await once(port, identified("a"));
    clock.advance(10);
    clock.jump(11 * MINUTE_MS);
    clock.advance(10);
    expect((await refusal(() => once(port, identified("a", 20)))).reason).toBe("OUTCOME_UNKNOWN");
    clock.advance(5);
    await once(port, identified("b", 1));
    expect(await get(port, "s", "n")).toBe(2);
  });

  it("is not applied when a memory-only store has been restarted since", async () => {
    const { port, clock } = stage();
    await set(port, "s", "x", 1);
    clock.advance(10);
    expect((await refusal(() => once(port, identified("a", 1_000)))).reason).toBe("OUTCOME_UNKNOWN");
    await once(port, identified("b", 5));
    expect(await get(port, "s", "n")).toBe(1);
  });

  it("of which the answer was too large to remember is unknown, and not applied again", async () => {
    const { port, clock } = stage({ inner: disk() });
    await set(port, "s", "v", "x".repeat(5_000));
    const pop: Operation = { kind: "delete", name: "v", wantPrevious: true };
    await once(port, identified("a"), pop);
    await set(port, "s", "v", "again");
    clock.advance(10);
    expect((await refusal(() => once(port, identified("a", 10), pop))).reason).toBe("OUTCOME_UNKNOWN");
    expect(await get(port, "s", "v")).toBe("again");
  });

  it("runs once after a conflict with another manager that has applied it", async () => {
    const { port, again } = stage({ inner: disk() });
    await set(port, "s", "x", 1);
    const elsewhere = again();
    await once(elsewhere, identified("a"));
    const [repeat] = await Promise.all([once(port, identified("a")), set(port, "s", "y", 1)]);
    expect(repeat.results[0]?.number).toEqual(encode(1));
    expect(await get(port, "s", "n")).toBe(1);
    expect(await get(port, "s", "y")).toBe(1);
  });

  it("which changed nothing is not remembered: it is judged anew", async () => {
    const { port } = stage({ inner: disk() });
    const remove: Operation = { kind: "delete", name: "v" };
    expect((await once(port, identified("a"), remove)).results[0]?.applied).toBe(false);
    await set(port, "s", "v", 1);
    expect((await once(port, identified("a"), remove)).results[0]?.applied).toBe(true);
  });
});

describe("answers as bytes", () => {
  const variable = fc.record({
    name: fc.string(),
    bytes: fc.uint8Array({ maxLength: 300 }),
    encoding: fc.constantFrom("", "app"),
    type: fc.constantFrom("integer", "custom"),
    revision: fc.maxSafeNat(),
    createdAtMs: fc.maxSafeNat(),
    updatedAtMs: fc.maxSafeNat(),
    expiresAtMs: fc.option(fc.maxSafeNat(), { nil: undefined }),
  });
  const result = fc.record({
    applied: fc.boolean(),
    revision: fc.maxSafeNat(),
    previous: fc.option(variable, { nil: undefined }),
    number: fc.option(fc.uint8Array({ maxLength: 9 }), { nil: undefined }),
    count: fc.nat(),
    error: fc.constant(undefined),
  });

  // One result may be that of many operations.
  const results = fc
    .array(fc.tuple(result, fc.integer({ min: 1, max: 3 })))
    .map((runs) => runs.flatMap(([one, times]) => Array.from({ length: times }, () => one)));

  it("come back as they were", () => {
    fc.assert(
      fc.property(results, fc.maxSafeNat(), (list, sessionRevision) => {
        const answer = { results: list, sessionRevision };
        const bytes = encodeAnswer(answer);
        expect(bytes && decodeAnswer(bytes)).toEqual(answer);
      }),
    );
  });

  it("of an earlier release, with every result by itself, are still read", () => {
    const result = [true, 7, 1, null, null, null];
    const read = { applied: true, revision: 7, previous: undefined, number: undefined, count: 1, error: undefined };
    expect(decodeAnswer(encode([7, [result, result]]))).toEqual({ sessionRevision: 7, results: [read, read] });
  });
});
