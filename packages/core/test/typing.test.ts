import { expect, expectTypeOf, test } from "vitest";
import { type CheckpointInfo, type HistoryEntry, type JsonSchema, type Session, SessionManager } from "../src/index.ts";

// The compiler judges the types: tsconfig.tests.json has this file.
test("a program needs no cast for what transactions and edits give, and the types refuse what the calls refuse", async () => {
  const session = new SessionManager().session("s");
  const read = await session.transaction(async (t) => [await t.get("x"), await t.has("x")] as const);
  expectTypeOf(read).toEqualTypeOf<readonly [unknown, boolean]>();
  expect(read).toEqual([undefined, false]);
  const set = await session.transact((t) => t.set("x", { n: 1 }, { ttlMs: "keep", ifRevision: 0 }), { attempts: 3 });
  expectTypeOf(set).toEqualTypeOf<void>();
  const before = await session.edit("x", async (draft: { n: number }) => draft.n++);
  expectTypeOf(before).toEqualTypeOf<number>();
  expect(before).toBe(1);
  await session.edit<number[]>("list", (list) => list.push(1), { default: [] });
  expect(Object.fromEntries(await session.getAll())).toEqual({ x: { n: 2 }, list: [1] });
  // @ts-expect-error Nothing is known of a draft that nobody gave a type.
  expect(await session.edit("x", (draft) => draft.n)).toBe(2);
  // @ts-expect-error A transaction's signal and timeout are its own, not those of what it collects.
  await expect(session.transaction((t) => t.set("x", 1, { timeoutMs: 5 }))).rejects.toThrow("timeoutMs");
  // @ts-expect-error What names there are cannot be checked.
  await expect(session.transaction((t) => t.getMany({ prefix: "" }))).rejects.toThrow("iterable of names");
});

test("a program needs no cast for what it goes back with, declares and copies", async () => {
  const session = await new SessionManager().createSession({ historyEntries: 4 });
  const revision = await session.set("x", { n: 1 });
  await session.set("x", { n: 2 });
  for await (const entry of session.history("x", { limit: 1 })) {
    expectTypeOf(entry).toEqualTypeOf<HistoryEntry>();
    expectTypeOf(entry.kind).toEqualTypeOf<"set" | "delete" | "expire">();
    // @ts-expect-error A deletion has no value.
    expect(entry.value).toEqual({ n: 1 });
    if (entry.kind === "set") expectTypeOf(entry.type).toEqualTypeOf<string>();
  }
  expectTypeOf(await session.restore("x", revision, { ifRevision: revision + 1 }).catch(() => 0)).toEqualTypeOf<number>();
  expectTypeOf(await session.checkpoint("c")).toEqualTypeOf<number>();
  expectTypeOf(await session.listCheckpoints()).toEqualTypeOf<readonly CheckpointInfo[]>();
  expectTypeOf(await session.rollback("c")).toEqualTypeOf<number>();
  await session.declare("x", { type: "object", properties: { n: { type: "integer" } } });
  await session.declare("y", false);
  await session.declare("y", null);
  expectTypeOf(await session.declarations()).toEqualTypeOf<Map<string, JsonSchema>>();
  expectTypeOf(await session.fork()).toEqualTypeOf<Session>();
  expect((await session.fork("copy", { ttlMs: "never", labels: {}, atRevision: revision })).id).toBe("copy");
  // @ts-expect-error An id that is there and undefined is no wish for a new one.
  await expect(session.fork(undefined)).rejects.toThrow("id");
  // @ts-expect-error Undefined was probably not meant: null ends a declaration.
  await expect(session.declare("x", undefined)).rejects.toThrow("JSON Schema");
});
