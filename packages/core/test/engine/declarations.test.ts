import { describe, expect, it } from "vitest";
import type { Operation, OperationChange, SessionPort } from "../../src/session-port.ts";
import { encode } from "../../src/values/index.ts";
import { type Row, rows, schemaOf } from "../constraints/rows.ts";
import { bytesOf } from "../values/hex.ts";
import { slowStore } from "./slow-store.ts";
import { all, get, pass, refusal, type StageOptions, set, setOf, settled, stage, update } from "./stage.ts";

const declare = (name: string, schema: unknown): Operation => ({
  kind: "declare",
  name,
  schema: schema === undefined ? undefined : encode(schema),
});
const SMALL = { type: "array", items: { type: "integer" }, maxItems: 2 } as const;
const FLAT = { type: "object", properties: { a: { type: "integer", maximum: 9 } }, additionalProperties: false } as const;
const NUMBER = { type: "number", maximum: 10 } as const;

const declared = async (port: SessionPort) => (await port.listDeclarations("s", {})).declarations.map(({ name }) => name);
const on = (name: string, change: OperationChange): Operation => ({ name, ...change }) as Operation;

/** A session with one declared variable of each kind, history, and a checkpoint of values that do not fit. */
async function strict(options: StageOptions = {}) {
  const made = stage({ ...options, limits: { historyEntries: 10, ...options.limits } });
  const { port } = made;
  const wild = await update(port, "s", setOf("list", ["wild"]), setOf("map", { b: 1 }), setOf("count", "wild"), {
    kind: "checkpoint",
    name: "",
    label: "wild",
  });
  await update(port, "s", setOf("list", [1]), setOf("map", { a: 1 }), setOf("count", 1));
  await update(port, "s", declare("list", SMALL), declare("map", FLAT), declare("count", NUMBER));
  return { ...made, wild: wild.sessionRevision };
}

/** Every way to write what does not fit. */
const WAYS: readonly (readonly [string, (wild: number) => Operation, string])[] = [
  ["set", () => setOf("count", "wild"), "count"],
  ["set if missing", () => setOf("absent", "wild", { ifMissing: true }), "absent"],
  ["increment", () => on("count", { kind: "increment", by: encode(100) }), "count"],
  ["append", () => on("list", { kind: "append", value: encode([2, 3]) }), "list"],
  ["merge", () => on("map", { kind: "merge", values: encode({ a: 10 }), path: [], remove: [] }), "map"],
  ["restore", (wild) => on("count", { kind: "restore", revision: wild }), "count"],
  ["rollback", () => ({ kind: "rollback", name: "", label: "wild" }), ""],
];

describe("a declared variable", () => {
  it.each(WAYS)("takes no value that does not fit, by %s: the old one stays, and nothing of a batch is done", async (_, way, name) => {
    const { port, wild } = await strict();
    await update(port, "s", declare("absent", NUMBER));
    const before = [await all(port, "s"), (await port.getSession("s", {})).revision];
    for (const operations of [[way(wild)], [setOf("other", 1), way(wild)]]) {
      const error = await refusal(() => update(port, "s", ...operations));
      expect(error).toMatchObject({ reason: "CONSTRAINT_VIOLATED", details: { rule: expect.any(String), path: expect.any(String) } });
      if (name !== "") expect(error.details.name).toBe(name);
      expect([await all(port, "s"), (await port.getSession("s", {})).revision]).toEqual(before);
    }
  });

  it.each(WAYS.filter(([kind]) => kind !== "rollback"))(
    "takes none by %s in an independent update either, which goes on without it",
    async (_, way) => {
      const { port, wild } = await strict();
      await update(port, "s", declare("absent", NUMBER));
      const { results } = await port.update("s", { operations: [way(wild), setOf("other", 1)], independent: true }, {});
      expect(results.map(({ error }) => error?.reason)).toEqual(["CONSTRAINT_VIOLATED", undefined]);
      expect(await all(port, "s")).toEqual({ list: [1], map: { a: 1 }, count: 1, other: 1 });
    },
  );

  it.each(WAYS)("takes none by %s after the session was loaded again", async (_, way) => {
    const { again, port: first, wild } = await strict();
    await update(first, "s", declare("absent", NUMBER));
    expect((await refusal(() => update(again(), "s", way(wild)))).reason).toBe("CONSTRAINT_VIOLATED");
  });

  it.each(WAYS)("takes none by %s in a copy", async (_, way) => {
    const { port, again } = await strict();
    await update(port, "s", declare("absent", NUMBER));
    await port.forkSession("s", { id: "copy" }, {});
    await update(
      port,
      "s",
      declare("count", undefined),
      declare("map", undefined),
      declare("list", undefined),
      declare("absent", undefined),
    );
    const operation = way(0);
    // A copy has neither history nor checkpoints.
    if (operation.kind === "restore" || operation.kind === "rollback") return;
    for (const each of [port, again()]) expect((await refusal(() => update(each, "copy", operation))).reason).toBe("CONSTRAINT_VIOLATED");
  });

  it("is judged when a batch has ended, not in the middle of it", async () => {
    const { port } = await strict();
    await update(port, "s", setOf("count", "wild"), setOf("count", 2));
    await update(port, "s", setOf("free", "wild"), declare("free", NUMBER), setOf("free", 1));
    expect((await refusal(() => update(port, "s", declare("late", NUMBER), setOf("late", "wild")))).reason).toBe("CONSTRAINT_VIOLATED");
    expect(await declared(port)).toEqual(["count", "free", "list", "map"]);
  });

  it("may be deleted, popped, cleared, rolled back to nothing, and expire", async () => {
    const { port, clock } = await strict();
    await update(port, "s", setOf("count", 1, { ttl: 100 }));
    await pass(clock, 200);
    await update(port, "s", { kind: "delete", name: "list" }, { kind: "pop_last", name: "" });
    await update(port, "s", { kind: "checkpoint", name: "", label: "empty" });
    await set(port, "s", "count", 2);
    await update(port, "s", { kind: "rollback", name: "", label: "empty" });
    expect(await all(port, "s")).toEqual({});
  });

  it("is judged in an earlier state that is copied", async () => {
    const { port, wild } = await strict();
    expect((await refusal(() => port.forkSession("s", { id: "t", atRevision: wild }, {}))).reason).toBe("CONSTRAINT_VIOLATED");
    await update(port, "s", declare("count", undefined), declare("map", undefined), declare("list", undefined));
    await port.forkSession("s", { id: "t", atRevision: wild }, {});
    expect(await get(port, "t", "count")).toBe("wild");
  });

  it("is judged from the turn of its declaration on, before that is saved", async () => {
    const { clock } = stage();
    const { port } = stage({ inner: slowStore(clock, 50).connect() });
    const declaring = update(port, "s", declare("x", NUMBER));
    await settled();
    const wild = refusal(() => set(port, "s", "x", "wild"));
    const fitting = set(port, "s", "x", 1);
    await pass(clock, 500, 25);
    expect((await wild).reason).toBe("CONSTRAINT_VIOLATED");
    await Promise.all([declaring, fitting]);
    expect(await get(port, "s", "x")).toBe(1);
  });
});

describe("declaring", () => {
  it("is a commit with a revision, which the same schema again is not, and creates the session", async () => {
    const { port } = stage();
    const first = await update(port, "s", declare("x", NUMBER));
    expect(first.results[0]).toMatchObject({ applied: true, revision: first.sessionRevision });
    const again = await update(port, "s", declare("x", NUMBER));
    expect(again).toMatchObject({ results: [{ applied: false, revision: first.sessionRevision }], sessionRevision: first.sessionRevision });
    const other = await update(port, "s", declare("x", SMALL));
    expect(other.sessionRevision).toBeGreaterThan(first.sessionRevision);
    const { declarations, sessionRevision } = await port.listDeclarations("s", {});
    expect(declarations).toEqual([{ name: "x", schema: encode(SMALL), revision: other.sessionRevision }]);
    expect(sessionRevision).toBe(other.sessionRevision);
  });

  it("ends with no schema, once", async () => {
    const { port } = await strict();
    expect((await update(port, "s", declare("count", undefined))).results[0]).toMatchObject({ applied: true, revision: 0 });
    expect((await update(port, "s", declare("count", undefined))).results[0]).toMatchObject({ applied: false });
    await set(port, "s", "count", "wild");
    expect(await declared(port)).toEqual(["list", "map"]);
  });

  it("is refused where a present value does not fit, of a custom encoding or not, and where the schema is none", async () => {
    const { port } = stage();
    await update(port, "s", setOf("x", "wild"), { kind: "set", name: "y", value: { bytes: new Uint8Array(3), encoding: "custom" } });
    for (const name of ["x", "y"]) {
      expect(await refusal(() => update(port, "s", declare(name, NUMBER)))).toMatchObject({
        reason: "CONSTRAINT_VIOLATED",
        details: { name },
      });
    }
    expect(await refusal(() => update(port, "s", declare("z", { type: "nothing" })))).toMatchObject({
      reason: "INVALID_SCHEMA",
      details: { path: expect.any(String), rule: expect.any(String) },
    });
    expect(await declared(port)).toEqual([]);
  });

  it("takes so many bytes of schemas a session, and fewer are always taken", async () => {
    const { port } = stage();
    const schema = (bytes: number) => ({ type: "string", description: "d".repeat(bytes) });
    for (let i = 0; i < 16; i++) await update(port, "s", declare(`x${i}`, schema(65_000)));
    expect(await refusal(() => update(port, "s", declare("y", schema(10_000))))).toMatchObject({
      reason: "DECLARATIONS_TOO_LARGE",
      details: { limit: "declarationsBytes", limitValue: 1024 * 1024 },
    });
    expect((await refusal(() => update(port, "s", declare("y", schema(70_000))))).reason).toBe("INVALID_SCHEMA");
    await update(port, "s", declare("x0", schema(60_000)), declare("y", schema(4_000)));
    expect(await declared(port)).toHaveLength(17);
  });

  it("[P21] of which the store has what nobody can have declared makes the session unreadable, and says so", async () => {
    const { port, store, again } = stage();
    await update(port, "s", setOf("x", 1), declare("x", NUMBER));
    const load = store.load;
    Object.assign(store, {
      load: async (key: { tenant: string; id: string }) => {
        const session = await load(key);
        return session && { ...session, declarations: session.declarations?.map((each) => ({ ...each, schema: encode({ type: "?" }) })) };
      },
    });
    const error = await refusal(() => get(again(), "s", "x"));
    expect(error).toMatchObject({ reason: "DATA_LOSS", details: { name: "x" } });
    await settled();
  });
});

describe("proto/vectors/constraints.json", () => {
  it("holds through the engine, row by row: what fits is written, what does not is refused with its path and rule, and no bad schema declared", {
    timeout: 60_000,
  }, async () => {
    const { port } = stage();
    const under = (row: Row): Operation => ({ kind: "declare", name: "value", schema: schemaOf(row) });
    for (const [i, row] of rows.entries()) {
      const id = `s${i}`;
      if (row.refused !== undefined) {
        const error = await refusal(() => update(port, id, under(row)));
        expect(error, row.name).toMatchObject({ reason: "INVALID_SCHEMA", details: { path: row.path, rule: row.refused } });
        continue;
      }
      const write: Operation = {
        kind: "set",
        name: "value",
        value: { bytes: bytesOf(row.value ?? ""), encoding: row.encoding ?? "" },
      };
      await update(port, id, under(row));
      if (row.fits) await update(port, id, write);
      else {
        const details = { name: "value", path: row.path, rule: row.rule };
        expect(await refusal(() => update(port, id, write)), row.name).toMatchObject({ reason: "CONSTRAINT_VIOLATED", details });
      }
      await port.deleteSession(id, {});
    }
    expect(rows.length).toBeGreaterThan(1_000);
  });
});
