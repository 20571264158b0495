import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { memoryPersistence } from "../../src/memory-persistence.ts";
import type { Operation } from "../../src/session-port.ts";
import { encode } from "../../src/values/index.ts";
import { all, get, refusal, set, setOf, stage, update } from "./stage.ts";

const increment = (name: string, by: number): Operation => ({ kind: "increment", name, by: encode(by) });
const bytesOf = (length: number): Uint8Array => encode("x".repeat(length - 5));

describe("what is stored", () => {
  it("is a copy, also of bytes whose slice() is none, such as a receive buffer's", async () => {
    const { port } = stage();
    const received = Buffer.concat([encode("x".repeat(1_000)), encode({ type: "string" })]);
    const [value, schema] = [received.subarray(0, 1_003), received.subarray(1_003)];
    await update(port, "s", { kind: "set", name: "a", value: { bytes: value, encoding: "" } }, { kind: "declare", name: "a", schema });
    received.fill(0xc1);
    expect(await get(port, "s", "a")).toBe("x".repeat(1_000));
    expect((await port.listDeclarations("s", {})).declarations[0]?.schema).toEqual(encode({ type: "string" }));
  });
});

describe("expire", () => {
  it("changes the deadline alone: the value stays byte for byte [P3], the revision is new, and what is over is over", async () => {
    const { port, clock } = stage();
    await set(port, "s", "a", [1, "x"]);
    const before = (await port.getVariable("s", "a", {})).variable;
    const { results, sessionRevision } = await update(port, "s", { kind: "expire", name: "a", ttl: 1_000 });
    expect(results[0]).toMatchObject({ applied: true, revision: sessionRevision });
    const after = (await port.getVariable("s", "a", {})).variable;
    expect(after?.bytes).toEqual(before?.bytes);
    expect(after?.expiresAtMs).toBe((after?.updatedAtMs ?? 0) + 1_000);
    clock.advance(999);
    await update(port, "s", { kind: "expire", name: "a", ttl: "never" });
    clock.advance(10_000);
    expect(await get(port, "s", "a")).toEqual([1, "x"]);
    await update(port, "s", { kind: "expire", name: "a", ttl: 1 });
    clock.advance(1);
    expect(await get(port, "s", "a")).toBeUndefined();
  });

  it("of a missing variable changes nothing, and refuses a ttl that is none", async () => {
    const { port } = stage();
    const { results, sessionRevision } = await update(port, "s", { kind: "expire", name: "a", ttl: 1_000 });
    expect(results[0]).toMatchObject({ applied: false, revision: 0 });
    expect(sessionRevision).toBe(0);
    expect(await refusal(() => update(port, "s", { kind: "expire", name: "a", ttl: 0 }))).toMatchObject({ reason: "INVALID_TTL" });
  });
});

describe("atomic updates", () => {
  it("[P16] all or nothing: one failing operation leaves everything as it was, the revision too", async () => {
    const { port } = stage();
    await set(port, "s", "text", "t");
    const before = await port.getSession("s", {});
    const error = await refusal(() => update(port, "s", setOf("a", 1), increment("text", 1), setOf("b", 2)));
    expect(error).toMatchObject({ reason: "TYPE_MISMATCH", details: { name: "text" } });
    expect(await port.getSession("s", {})).toEqual(before);
    expect(await all(port, "s")).toEqual({ text: "t" });
  });

  it("every precondition judges the state before the batch; a bare one writes nothing", async () => {
    const { port } = stage();
    const revision = await set(port, "s", "a", 1);
    const { results, sessionRevision } = await update(
      port,
      "s",
      setOf("a", 2, { ifRevision: revision }),
      { kind: "check", name: "a", ifRevision: revision },
      { kind: "check", name: "absent", ifRevision: 0 },
      setOf("new", 1, { ifRevision: 0 }),
    );
    expect(results.map((result) => result.revision)).toEqual([sessionRevision, sessionRevision, 0, sessionRevision]);
    const error = await refusal(() => update(port, "s", setOf("b", 1), { kind: "check", name: "a", ifRevision: revision }));
    expect(error).toMatchObject({ reason: "REVISION_MISMATCH", details: { name: "a", currentRevision: sessionRevision } });
    expect(await get(port, "s", "b")).toBeUndefined();
  });

  it("sets in a row are as they are with something else between them", async () => {
    const name = fc.integer({ min: 0, max: 60 }).map((number) => `n${number}`);
    const ttl = fc.constantFrom(undefined, "keep" as const, 1_000, 2_000);
    const more = fc.record({ ttl, ifMissing: fc.boolean(), wantPrevious: fc.boolean() });
    const one = fc.tuple(name, fc.string({ maxLength: 4 }), more).map(([of, value, options]) => setOf(of, value, options));
    const some = fc.array(one, { minLength: 2, maxLength: 80 });
    const nothing: Operation = { kind: "clear", prefix: "absent", name: "" };
    await fc.assert(
      fc.asyncProperty(some, some, async (first, then) => {
        const [together, apart] = [stage(), stage()];
        for (const sets of [first, then]) {
          const { results } = await update(together.port, "s", ...sets);
          const parted = await update(apart.port, "s", ...sets.flatMap((operation) => [operation, nothing]));
          expect(results).toEqual(parted.results.filter((_, i) => i % 2 === 0));
          for (const { clock } of [together, apart]) clock.advance(1_500);
          expect(await together.port.getVariables("s", { prefix: "" }, {})).toEqual(await apart.port.getVariables("s", { prefix: "" }, {}));
        }
        expect(await together.port.getSession("s", {})).toEqual(await apart.port.getSession("s", {}));
        expect(await together.again().getSession("s", {})).toEqual(await apart.again().getSession("s", {}));
      }),
      { numRuns: 60 },
    );
  });

  it("one revision and one net change a name, in the order of the operations", async () => {
    const { port } = stage();
    const { results, sessionRevision } = await update(port, "s", setOf("a", 1), increment("a", 5), setOf("gone", 1), {
      kind: "delete",
      name: "gone",
    });
    expect(await all(port, "s")).toEqual({ a: 6 });
    expect(results.map((result) => result.revision)).toEqual([sessionRevision, sessionRevision, 0, 0]);
    expect((await port.getSession("s", {})).revision).toBe(sessionRevision);
  });

  it("a batch that changes nothing in the end makes no revision", async () => {
    const { port, store } = stage();
    await set(port, "s", "a", 1);
    const before = await port.getSession("s", {});
    await update(
      port,
      "s",
      { kind: "delete", name: "x" },
      setOf("y", 1),
      { kind: "delete", name: "y" },
      { kind: "clear", name: "", prefix: "z" },
    );
    expect(await port.getSession("s", {})).toEqual(before);
    expect(store.calls("save")).toBe(1);
  });
});

describe("independent updates", () => {
  it("each succeeds or fails by itself, each success with its own revision, in one save", async () => {
    const { port, store } = stage();
    await set(port, "s", "text", "t");
    const operations = [setOf("a", 1), increment("text", 1), setOf("b", 2, { ifRevision: 9 }), setOf("c", 3), setOf("", 1)];
    const { results, sessionRevision } = await port.update("s", { operations, independent: true }, {});
    expect(results.map((result) => result.error?.reason)).toEqual([
      undefined,
      "TYPE_MISMATCH",
      "REVISION_MISMATCH",
      undefined,
      "INVALID_NAME",
    ]);
    expect(await all(port, "s")).toEqual({ a: 1, c: 3, text: "t" });
    expect(results[3]?.revision).toBe(sessionRevision);
    expect(results[3]?.revision).toBeGreaterThan(results[0]?.revision ?? Number.POSITIVE_INFINITY);
    expect(store.calls("save")).toBe(2);
  });

  it("bare preconditions are refused", async () => {
    const { port } = stage();
    const operations: Operation[] = [{ kind: "check", name: "a", ifRevision: 0 }];
    expect((await refusal(() => port.update("s", { operations, independent: true }, {}))).reason).toBe("INVALID_ARGUMENT");
  });
});

describe("single operations", () => {
  it("[P2] a stored null is found, a missing variable is not", async () => {
    const { port } = stage();
    await set(port, "s", "a", null);
    expect(await get(port, "s", "a")).toBeNull();
    expect(await get(port, "s", "b")).toBeUndefined();
    expect(await get(port, "other", "a")).toBeUndefined();
    expect((await port.getVariable("other", "a", {})).sessionRevision).toBe(0);
  });

  it("if_missing answers an existing value, a stored null too, and changes nothing", async () => {
    const { port } = stage();
    const revision = await set(port, "s", "a", null);
    const { results } = await update(port, "s", setOf("a", 1, { ifMissing: true }));
    expect(results[0]).toMatchObject({ applied: false, revision, previous: { type: "null" } });
    expect((await port.getSession("s", {})).revision).toBe(revision);
    expect((await update(port, "s", setOf("b", 1, { ifMissing: true }))).results[0]?.applied).toBe(true);
  });

  it("pop_last takes the last name in byte order, and nothing from an empty session", async () => {
    const { port } = stage();
    for (const name of ["a", "\uff5e", "\u{1f600}", "ä"]) await set(port, "s", name, name);
    const popped: unknown[] = [];
    for (let i = 0; i < 5; i++) popped.push((await update(port, "s", { kind: "pop_last", name: "" })).results[0]?.previous?.name);
    expect(popped).toEqual(["\u{1f600}", "\uff5e", "ä", "a", undefined]);
  });

  it("clear takes what begins with the prefix and says how many", async () => {
    const { port } = stage();
    for (const name of ["tmp.a", "tmp.b", "keep"]) await set(port, "s", name, 1);
    expect((await update(port, "s", { kind: "clear", name: "", prefix: "tmp." })).results[0]).toMatchObject({ applied: true, count: 2 });
    expect(await all(port, "s")).toEqual({ keep: 1 });
  });

  it("custom encodings are carried as they are, and only set and deleted", async () => {
    const { port } = stage();
    const bytes = new Uint8Array([0xc1, 0xff, 0x00]);
    await update(port, "s", { kind: "set", name: "c", value: { bytes, encoding: "my-codec" } });
    expect((await port.getVariable("s", "c", {})).variable).toMatchObject({ bytes, encoding: "my-codec", type: "custom" });
    expect((await refusal(() => update(port, "s", increment("c", 1)))).reason).toBe("TYPE_MISMATCH");
    for (const encoding of ["Upper", "a b", "x".repeat(65), "\u0000"]) {
      const value = { bytes, encoding };
      expect((await refusal(() => update(port, "s", { kind: "set", name: "d", value }))).reason).toBe("INVALID_ENCODING");
    }
  });

  it("the caller's bytes may change afterwards without harm", async () => {
    const { port } = stage();
    const bytes = encode("abc");
    await update(port, "s", { kind: "set", name: "a", value: { bytes, encoding: "" } });
    bytes.fill(0xc1);
    expect(await get(port, "s", "a")).toBe("abc");
  });

  const badNames = ["", "x".repeat(257), "é".repeat(129), "a\tb", "\u007f", "\udfff", "\ufffd", 5 as unknown as string];
  it.each(badNames)("the name %j is INVALID_NAME wherever it is given", async (name) => {
    const { port } = stage();
    const operations: Operation[] = [setOf(name, 1), { kind: "delete", name }, increment(name, 1), { kind: "check", name, ifRevision: 0 }];
    for (const operation of operations) expect((await refusal(() => update(port, "s", operation))).reason).toBe("INVALID_NAME");
    expect((await refusal(() => get(port, "s", name))).reason).toBe("INVALID_NAME");
    expect((await refusal(() => port.getVariables("s", { names: [name] }, {}))).reason).toBe("INVALID_NAME");
  });
});

describe("limits", () => {
  it("[P16] a value of exactly the limit is taken, one byte more is refused and the old value stays", async () => {
    const { port } = stage();
    const operation = (length: number): Operation => ({ kind: "set", name: "a", value: { bytes: bytesOf(length), encoding: "" } });
    await update(port, "s", operation(1_048_576));
    const before = await port.getVariable("s", "a", {});
    const error = await refusal(() => update(port, "s", operation(1_048_577)));
    expect(error).toMatchObject({
      reason: "VALUE_TOO_LARGE",
      details: { name: "a", limit: "valueBytes", limitValue: 1_048_576, actual: 1_048_577 },
    });
    expect(await port.getVariable("s", "a", {})).toEqual(before);
  });

  it("[P16] the limits judge what increment, append and merge make, too", async () => {
    const { port } = stage({ limits: { valueBytes: 20 } });
    await set(port, "s", "log", ["0123456789"]);
    expect((await refusal(() => update(port, "s", { kind: "append", name: "log", value: encode(["0123456789"]) }))).reason).toBe(
      "VALUE_TOO_LARGE",
    );
    await update(port, "s", { kind: "append", name: "log", value: encode(["0123456789"]), keepLast: 1 });
    expect(await get(port, "s", "log")).toEqual(["0123456789"]);
  });

  it("[P16] 1,000 variables are taken, one more is refused, and an atomic batch is judged by its end", async () => {
    const { port } = stage();
    await update(port, "s", ...Array.from({ length: 1_000 }, (_, i) => setOf(`v${i}`, i)));
    const error = await refusal(() => set(port, "s", "one-more", 1));
    expect(error).toMatchObject({
      reason: "TOO_MANY_VARIABLES",
      details: { limit: "variablesPerSession", limitValue: 1_000, actual: 1_001 },
    });
    await update(port, "s", setOf("one-more", 1), { kind: "delete", name: "v0" });
    expect((await port.getSession("s", {})).variableCount).toBe(1_000);
  });

  it("[P16] the session's bytes are limited, names counted; making something smaller is always allowed", async () => {
    const inner = memoryPersistence();
    await set(stage({ inner }).port, "s", "a", "x".repeat(200));
    const { port } = stage({ inner, limits: { sessionBytes: 100, valueBytes: 150 } });
    expect((await port.getSession("s", {})).sizeBytes).toBe(1 + 2 + 200);
    const error = await refusal(() => set(port, "s", "b", 1));
    expect(error).toMatchObject({ reason: "SESSION_TOO_LARGE", details: { limit: "sessionBytes", limitValue: 100, actual: 205 } });
    await set(port, "s", "a", "x".repeat(160));
    expect((await refusal(() => set(port, "s", "a", "x".repeat(161)))).reason).toBe("VALUE_TOO_LARGE");
    await update(port, "s", { kind: "append", name: "a", value: encode(""), keepLast: 90 });
    expect(await get(port, "s", "a")).toBe("x".repeat(90));
  });

  it("a batch beyond its limit is refused", async () => {
    const { port } = stage();
    const error = await refusal(() => update(port, "s", ...Array.from({ length: 1_001 }, () => setOf("a", 1))));
    expect(error).toMatchObject({ reason: "TOO_MANY_OPERATIONS", details: { limitValue: 1_000, actual: 1_001 } });
    expect((await refusal(() => update(port, "s"))).reason).toBe("INVALID_ARGUMENT");
  });
});

describe("against a plain model", () => {
  const name = fc.constantFrom("a", "b", "c", "tmp.x", "tmp.y");
  const command = fc.oneof(
    fc.record({ kind: fc.constant("set" as const), name, value: fc.oneof(fc.integer({ min: -99, max: 99 }), fc.constant("text")) }),
    fc.record({ kind: fc.constant("delete" as const), name }),
    fc.record({ kind: fc.constant("increment" as const), name, by: fc.integer({ min: -9, max: 9 }) }),
    fc.record({ kind: fc.constant("clear" as const) }),
  );
  type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

  const operationOf = (given: Command): Operation => {
    if (given.kind === "set") return setOf(given.name, given.value);
    if (given.kind === "increment") return increment(given.name, given.by);
    return given.kind === "delete" ? given : { kind: "clear", name: "", prefix: "tmp." };
  };

  /** Applies to a plain map; false when it does not fit. */
  const applyTo = (model: Map<string, number | string>, given: Command): boolean => {
    if (given.kind === "set") model.set(given.name, given.value);
    else if (given.kind === "delete") model.delete(given.name);
    else if (given.kind === "clear") {
      for (const key of [...model.keys()]) if (key.startsWith("tmp.")) model.delete(key);
    } else {
      const current = model.get(given.name) ?? 0;
      if (typeof current === "string") return false;
      model.set(given.name, current + given.by);
    }
    return true;
  };

  it("[P16] any sequence of batches leaves what the model says, here and after a restart", async () => {
    const batch = fc.record({ commands: fc.array(command, { minLength: 1, maxLength: 6 }), independent: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { maxLength: 12 }), async (batches) => {
        const { port, again } = stage();
        let model = new Map<string, number | string>();
        for (const { commands, independent } of batches) {
          const next = new Map(model);
          const fits = commands.map((given) => applyTo(next, given));
          const call = () => port.update("s", { operations: commands.map(operationOf), independent }, {});
          if (independent) {
            model = next;
            expect((await call()).results.map((result) => result.error === undefined)).toEqual(fits);
          } else if (fits.every(Boolean)) {
            model = next;
            await call();
          } else await refusal(call);
        }
        expect(await all(port, "s")).toEqual(Object.fromEntries(model));
        expect(await all(again(), "s")).toEqual(Object.fromEntries(model));
      }),
      { numRuns: 150 },
    );
  });
});
