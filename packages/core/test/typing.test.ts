import { expect, expectTypeOf, test } from "vitest";
import { SessionManager } from "../src/index.ts";

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
