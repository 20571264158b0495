/** Laws of transaction: one state to read, all or nothing to write. */
import type { Transaction } from "../../session-transaction.ts";
import { numbered, type SessionLaw } from "./stage.ts";

const MISMATCH = ["RevisionMismatchError", "REVISION_MISMATCH"] as const;
const INVALID = ["InvalidArgumentError", "INVALID_ARGUMENT"] as const;

/** The laws. */
export const transactingLaws: readonly SessionLaw[] = [
  {
    name: "a transaction is one commit, and gives what its function returned",
    async check({ expect, session }) {
      await session.setMany({ a: 1, b: [1], gone: 1 });
      const result = await session.transaction(async (t) => {
        t.set("a", ((await t.get("a")) as number) + 1);
        t.append("b", [2], { keepLast: 2 });
        t.increment("n", 5);
        t.merge("m", { x: 1 }, { path: ["deep"] });
        t.setMany({ p: 1, q: 2 });
        t.set("brief", 1, { ttlMs: 60_000 });
        t.delete("gone");
        return "done";
      });
      expect(result).toBe("done");
      const all = { a: 2, b: [1, 2], brief: 1, m: { deep: { x: 1 } }, n: 5, p: 1, q: 2 };
      expect(Object.fromEntries(await session.getAll())).toEqual(all);
      const listed = await session.list();
      expect(new Set(listed.map(({ revision }) => revision)).size).toBe(1);
      expect(typeof listed.find(({ name }) => name === "brief")?.expiresAtMs).toBe("number");
    },
  },
  {
    name: "reads of a transaction see its own writes",
    async check({ expect, session }) {
      await session.setMany({ list: [1], number: 1, map: { a: 1, b: 2 }, gone: 1, kept: "kept" });
      await session.transaction(async (t) => {
        t.append("list", [2]);
        t.increment("number", 0.5);
        t.merge("map", { c: 3 }, { remove: ["a"] });
        t.delete("gone");
        t.set("new", null);
        t.increment("new count");
        expect(await t.get("list")).toEqual([1, 2]);
        expect(await t.get("number")).toBe(1.5);
        expect([await t.has("gone"), await t.has("new"), await t.get("new"), await t.get("absent")]).toEqual([
          false,
          true,
          null,
          undefined,
        ]);
        const names = ["number", "new count", "kept", "gone", "map", "absent", "kept"];
        expect([...(await t.getMany(names))]).toEqual([
          ["kept", "kept"],
          ["map", { b: 2, c: 3 }],
          ["new count", 1],
          ["number", 1.5],
        ]);
        expect(await t.getMany([])).toEqual(new Map());
        t.set("number", "text");
        expect(await t.get("number")).toBe("text");
      });
      expect(await session.get("number")).toBe("text");
    },
  },
  {
    name: "a write of a transaction takes the value as it is then, and a value read is a copy",
    async check({ expect, session }) {
      await session.set("read", [1]);
      await session.transaction(async (t) => {
        const list = [1];
        t.set("written", list);
        list.push(2);
        ((await t.get("read")) as number[]).push(2);
        expect(await t.get("read")).toEqual([1]);
      });
      expect(await session.get("written")).toEqual([1]);
      expect(await session.get("read")).toEqual([1]);
    },
  },
  {
    name: "a transaction reads what a schema makes of a value, and refuses what does not fit",
    async check({ expect, session, refused }) {
      await session.setMany({ good: { n: 1 }, bad: { n: "1" } });
      const next = (t: Transaction, name: string) => t.get(name, numbered).then((value) => t.set(name, { n: (value?.n ?? 0) + 1 }));
      await session.transaction((t) => next(t, "good"));
      expect(await session.get("good")).toEqual({ n: 2 });
      await refused(
        session.transaction((t) => next(t, "bad")),
        "TypeMismatchError",
        "TYPE_MISMATCH",
        { name: "bad" },
      );
    },
  },
  {
    name: "a transaction that writes nothing asks for nothing, and creates no session",
    async check({ expect, session, refused }) {
      expect(await session.transaction(() => 1)).toBe(1);
      expect(await session.transaction((t) => t.get("x"))).toBe(undefined);
      expect(await session.transact(async (t) => [...(await t.getMany(["x", "y"]))])).toEqual([]);
      await refused(session.info(), "SessionNotFoundError", "SESSION_NOT_FOUND");
    },
  },
  {
    name: "all reads of a transaction see one revision: what is newer, or may be gone since, is the conflict at once",
    async check({ expect, session, fixture, refused }) {
      const other = fixture.directory().session("s");
      await session.setMany({ a: 1, b: 2, c: 3 });
      let reached = "";
      const newer = session.transaction(async (t) => {
        await t.get("a");
        await other.set("b", 20);
        reached += await t.get("c");
        reached += await t.get("b");
      });
      const revision = async () => (await session.info()).revision;
      await refused(newer, ...MISMATCH, { name: "b", currentRevision: await settled(newer, revision) });
      expect(reached).toBe("3");
      const gone = session.transaction(async (t) => {
        await t.get("a");
        await other.delete("b");
        await t.getMany(["b", "c"]);
      });
      await refused(gone, ...MISMATCH, { name: "b", currentRevision: 0 });
      await session.transaction(async (t) => {
        expect(await t.get("a")).toBe(1);
        await other.set("a", 10);
        expect(await t.get("a")).toBe(1);
      });
    },
  },
  {
    name: "what a transaction read is a precondition of what it writes, whether it was there or not",
    async check({ expect, session, fixture, refused }) {
      const other = fixture.directory().session("s");
      await session.setMany({ a: 1, b: 2 });
      const sum = session.transaction(async (t) => {
        t.set("sum", ((await t.get("a")) as number) + ((await t.get("b")) as number));
        await other.set("a", 10);
      });
      await refused(sum, ...MISMATCH, { name: "a", currentRevision: await settled(sum, async () => (await session.info()).revision) });
      const absent = session.transaction(async (t) => {
        if (!(await t.has("new"))) t.set("b", 3);
        await other.set("new", 1);
      });
      await refused(absent, ...MISMATCH, { name: "new" });
      const both = session.transaction(async (t) => {
        const { a } = Object.fromEntries(await t.getMany(["a", "b"]));
        await other.increment("a");
        t.increment("a");
        t.set("read", a);
      });
      await refused(both, ...MISMATCH, { name: "a" });
      expect(Object.fromEntries(await session.getAll())).toEqual({ a: 11, b: 2, new: 1 });
    },
  },
  {
    name: "without checkReads the writes of a transaction depend on nothing, though its reads see one state",
    async check({ expect, session, fixture, refused }) {
      const other = fixture.directory().session("s");
      await session.set("a", 1);
      const copy = async (t: Transaction) => {
        t.set("b", await t.get("a"));
        await other.set("a", 2);
      };
      await session.transaction(copy, { checkReads: false });
      expect(await session.get("b")).toBe(1);
      const late = session.transaction(
        async (t) => {
          await copy(t);
          await t.get("absent");
        },
        { checkReads: false },
      );
      await refused(late, ...MISMATCH, { name: "absent" });
    },
  },
  {
    name: "what a transaction only writes collides with nobody, unless it says ifRevision",
    async check({ expect, session, refused }) {
      await session.transaction(async (t) => {
        t.increment("n");
        await session.increment("n", 10);
        t.increment("n");
      });
      expect(await session.get("n")).toBe(12);
      const revision = (await session.getEntry("n"))?.revision ?? 0;
      await session.transaction((t) => t.set("n", 1, { ifRevision: revision }));
      await refused(
        session.transaction(async (t) => {
          await t.get("n");
          t.set("m", 1);
          t.set("n", 2, { ifRevision: revision });
        }),
        ...MISMATCH,
        { name: "n" },
      );
      expect(Object.fromEntries(await session.getAll())).toEqual({ n: 1 });
    },
  },
  {
    name: "a transaction whose function throws writes nothing, nor does one that cannot be judged whole",
    async check({ expect, session, refused }) {
      const revision = await session.set("text", "a");
      const mistake = new Error("mine");
      const thrown = session.transaction((t) => {
        t.set("x", 1);
        throw mistake;
      });
      expect(await thrown.catch((error: unknown) => error)).toBe(mistake);
      await refused(
        session.transaction((t) => {
          t.set("x", 1);
          t.increment("text");
        }),
        "TypeMismatchError",
        "TYPE_MISMATCH",
        { name: "text" },
      );
      await refused(
        session.transaction((t) => {
          t.set("x", 1);
          t.set("large", "x".repeat(2 ** 20));
        }),
        "LimitExceededError",
        "VALUE_TOO_LARGE",
        { name: "large" },
      );
      expect((await session.info()).revision).toBe(revision);
    },
  },
  {
    name: "a conflict that a transaction swallows is one all the same",
    async check({ expect, session, refused }) {
      await session.setMany({ a: 1, b: 2 });
      const swallowed = session.transaction(async (t) => {
        t.set("a", await t.get("a"));
        await session.set("b", 3);
        await t.get("b").catch(() => {});
      });
      await refused(swallowed, ...MISMATCH, { name: "b" });
      expect(await session.get("b")).toBe(3);
    },
  },
  {
    name: "after its end a transaction is of no use",
    async check({ expect, session, refused }) {
      const kept: Transaction[] = [];
      await session.transaction((t) => kept.push(t));
      await session.transact((t) => kept.push(t));
      const failing = session.transaction((t) => {
        kept.push(t);
        throw new Error("mine");
      });
      await failing.catch(() => {});
      expect(kept.length).toBe(3);
      for (const t of kept) {
        for (const use of [() => t.get("a"), () => t.has("a"), () => t.getMany(["a"]), () => t.set("a", 1), () => t.setMany({})]) {
          await refused(use, ...INVALID);
        }
      }
      expect(await session.getAll()).toEqual(new Map());
    },
  },
  {
    name: "a transaction may read many variables at once",
    async check({ expect, session }) {
      await session.setMany(Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`v${i}`, i])));
      const sum = await session.transaction(async (t) => {
        const values = await Promise.all(Array.from({ length: 60 }, (_, i) => t.get(`v${i % 55}`)));
        const total = (values as (number | undefined)[]).reduce<number>((so, value) => so + (value ?? 0), 0);
        t.set("sum", total);
        return total;
      });
      expect(sum).toBe(1225 + 0 + 1 + 2 + 3 + 4);
      expect(await session.get("sum")).toBe(sum);
    },
  },
  {
    name: "a transaction of a handle that creates nothing does not",
    async check({ directory, refused }) {
      const handle = directory.session("absent", { create: false });
      await refused(
        handle.transaction((t) => t.set("x", 1)),
        "SessionNotFoundError",
        "SESSION_NOT_FOUND",
      );
    },
  },
];

/** What `ask` gives once the attempt has failed. */
async function settled<T>(attempt: Promise<unknown>, ask: () => Promise<T>): Promise<T> {
  await attempt.catch(() => {});
  return ask();
}
