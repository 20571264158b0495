import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { nullObserver, type ObserverEvent, teller } from "../../src/observer.ts";
import type { Operation, SessionPort } from "../../src/session-port.ts";
import { encode } from "../../src/values/index.ts";
import { pass, refusal, set, setOf, settled, stage } from "../engine/stage.ts";
import { watched } from "./watched.ts";

const MARKER = "a-secret-value";

/** Everything that can be reached from an event: texts, and whatever is no plain data. */
function contents(of: unknown, seen = new Set<unknown>()): unknown[] {
  if (typeof of !== "object" || of === null) return [of];
  if (seen.has(of)) return [];
  seen.add(of);
  if (ArrayBuffer.isView(of) || of instanceof ArrayBuffer) return [of];
  const error = of instanceof Error ? [of.message, of.stack, ...contents(of.cause, seen)] : [];
  return [...error, ...Object.entries(of).flatMap(([name, value]) => [name, ...contents(value, seen)])];
}

function expectNoValue(events: readonly ObserverEvent[]): void {
  const found = events.flatMap((event) => contents(event));
  expect(found.filter((each) => typeof each === "string" && each.includes(MARKER))).toEqual([]);
  expect(found.filter((each) => typeof each === "object" && each !== null)).toEqual([]);
}

const secret = fc.constantFrom<unknown>(MARKER, [MARKER], { [MARKER]: MARKER }, new TextEncoder().encode(MARKER), MARKER.repeat(30));
const name = fc.constantFrom("a", "b", "c", "a\u0000");
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc
    .tuple(name, secret, fc.record({ ifMissing: fc.boolean(), wantPrevious: fc.boolean() }))
    .map(([of, value, more]) => setOf(of, value, more)),
  fc.tuple(name, secret).map(([of, value]) => setOf(of, value, { ifRevision: 1 })),
  fc.tuple(name, secret).map(([of, value]) => setOf(of, value, { ttl: 500 })),
  fc.tuple(name, secret).map(([of, value]): Operation => ({ kind: "append", name: of, value: encode(value) })),
  fc.tuple(name, secret).map(([of, value]): Operation => ({ kind: "increment", name: of, by: encode(value) })),
  fc
    .tuple(name, secret)
    .map(([of, value]): Operation => ({ kind: "merge", name: of, values: encode({ [MARKER]: value }), path: [MARKER], remove: [MARKER] })),
  fc.tuple(name, secret).map(
    ([of, value]): Operation => ({
      kind: "set",
      name: of,
      value: { bytes: Uint8Array.of(0xc1, ...encode(value)), encoding: "" },
    }),
  ),
  fc.constantFrom<Operation>(
    { kind: "pop_last", name: "" },
    { kind: "clear", name: "", prefix: "a" },
    { kind: "delete", name: "b", wantPrevious: true },
  ),
);

describe("an observer", () => {
  it("never sees a value, nor a view of bytes, whatever is done and whatever fails", async () => {
    const update = fc.record({
      operations: fc.array(operation, { maxLength: 4 }),
      independent: fc.boolean(),
      previousBytes: fc.constantFrom(undefined, 5),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(update, { maxLength: 12 }), fc.integer({ min: 1, max: 12 }), async (updates, failing) => {
        const { port, clock, observer } = watched({
          limits: { valueBytes: 200, memoryBytes: 1 },
          plan: ({ method, count }) => (method === "save" && count === failing ? "fail" : undefined),
        });
        for (const each of updates) {
          await Promise.resolve()
            .then(() => port.update("s", each, {}))
            .catch(() => {});
          await Promise.resolve(port.getVariables("s", { prefix: "" }, {})).catch(() => {});
          await pass(clock, 300, 150);
        }
        if (updates.length > 0) expect(observer.events.length).toBeGreaterThan(0);
        expectNoValue(observer.events);
      }),
      { numRuns: 60 },
    );
  });

  const script = async (port: SessionPort): Promise<unknown[]> => [
    await set(port, "s", "a", 1),
    await port.getVariable("s", "a", {}),
    await port.getVariables("s", { names: ["a", "b"] }, {}),
    (await refusal(() => set(port, "s", "a", 2, { ifRevision: 0 }))).reason,
    (await refusal(() => port.getVariable("s", "", {}))).reason,
    await port.touchSession("s", undefined, {}),
    await port.listVariables("s", "", {}),
    await port.deleteSession("s", {}),
  ];

  it.each([
    ["throws", () => expect.unreachable()],
    ["rejects", () => Promise.reject(new Error("an observer's own"))],
    ["answers something", () => 1],
    ["never ends its promise", () => new Promise(() => {})],
  ])("that %s changes no answer", async (_, observe) => {
    const plain = await script(stage().port);
    const calls = vi.fn(observe);
    expect(await script(stage({ observer: { observe: calls as () => void } }).port)).toEqual(plain);
    await settled();
    expect(calls.mock.calls.length).toBeGreaterThan(8);
  });

  it("that asks the engine from inside changes no answer", async () => {
    const plain = await script(stage().port);
    const asked: unknown[] = [];
    const { port } = stage({
      observer: {
        observe(event) {
          if (asked.length > 50 || event.kind === "sweep") return;
          asked.push(port.getVariable("s", "a", {}));
        },
      },
    });
    expect(await script(port)).toEqual(plain);
    await Promise.all(asked);
  });

  it("that changes an event changes nothing else", async () => {
    const plain = await script(stage().port);
    const observe = (event: ObserverEvent) => {
      if ("key" in event) Object.assign(event.key, { tenant: "x", id: "y" });
      for (const field of Object.keys(event)) delete (event as unknown as Record<string, unknown>)[field];
    };
    expect(await script(stage({ observer: { observe } }).port)).toEqual(plain);
  });

  it("gets reads that are answered at once before they are answered, and answers at once stay so", async () => {
    const { port, told } = watched();
    await set(port, "s", "a", 1);
    const answer = port.getVariable("s", "a", {});
    expect(answer).not.toBeInstanceOf(Promise);
    expect(told("variable.get")).toHaveLength(1);
  });

  it("that is missing, or the null observer, costs no event", async () => {
    expect(teller(undefined)).toBeUndefined();
    expect(teller(nullObserver)).toBeUndefined();
    const observe = vi.spyOn(nullObserver, "observe");
    await script(stage({ observer: nullObserver }).port);
    expect(observe).not.toHaveBeenCalled();
    observe.mockRestore();
  });
});
