/** Laws of writing. */
import type { Session } from "../../session.ts";
import { float } from "../../values/index.ts";
import type { SessionLaw } from "./stage.ts";

const MIB = 1024 * 1024;
/** A string's header takes five bytes at this length. */
const oneMib = (extra = 0): string => "x".repeat(MIB - 5 + extra);

/** The laws. */
export const writingLaws: readonly SessionLaw[] = [
  {
    name: "writes give growing revisions, and an entry has that of its last write",
    async check({ expect, session }) {
      const first = await session.set("x", 1);
      const second = await session.set("y", 1);
      const third = await session.set("x", 1);
      expect(0 < first && first < second && second < third).toBe(true);
      expect((await session.getEntry("x"))?.revision).toBe(third);
      expect((await session.info()).revision).toBe(third);
    },
  },
  {
    name: "[P1] a revision is never used twice: one of a destroyed session matches nothing in its successor",
    async check({ expect, session, refused }) {
      const old = await session.set("x", 1);
      expect(await session.destroy()).toBe(true);
      const fresh = await session.set("x", 2);
      expect(fresh > old).toBe(true);
      await refused(session.set("x", 3, { ifRevision: old }), "RevisionMismatchError", "REVISION_MISMATCH", {
        name: "x",
        currentRevision: fresh,
      });
    },
  },
  {
    name: "ifRevision lets exactly that revision be replaced, and 0 nothing",
    async check({ expect, session, refused }) {
      const first = await session.set("x", 1, { ifRevision: 0 });
      await refused(session.set("x", 2, { ifRevision: 0 }), "RevisionMismatchError", "REVISION_MISMATCH", { currentRevision: first });
      const second = await session.set("x", 2, { ifRevision: first });
      for (const write of [
        () => session.set("x", 9, { ifRevision: first }),
        () => session.delete("x", { ifRevision: first }),
        () => session.increment("x", 1, { ifRevision: first }),
        () => session.pop("x", { ifRevision: first }),
        () => session.append("x", [1], { ifRevision: first }),
        () => session.merge("x", { a: 1 }, { ifRevision: first }),
      ]) {
        await refused(write, "RevisionMismatchError", "REVISION_MISMATCH", { name: "x", currentRevision: second });
      }
      await refused(session.delete("y", { ifRevision: first }), "RevisionMismatchError", "REVISION_MISMATCH", { currentRevision: 0 });
      expect(await session.get("x")).toBe(2);
      expect(await session.delete("x", { ifRevision: second })).toBe(true);
    },
  },
  {
    name: "expire changes the deadline alone, and nothing of a missing variable",
    async check({ expect, session, refused }) {
      expect(await session.expire("x", 1_000)).toBe(0);
      const first = await session.set("x", float(1));
      const second = await session.expire("x", 60_000, { ifRevision: first });
      const entry = await session.getEntry("x");
      expect([entry?.revision, entry?.value, entry?.type, (entry?.expiresAtMs ?? 0) - (entry?.updatedAtMs ?? 0)]).toEqual([
        second,
        1,
        "float",
        60_000,
      ]);
      await refused(session.expire("x", 1, { ifRevision: first }), "RevisionMismatchError", "REVISION_MISMATCH", { name: "x" });
      await session.expire("x", "never");
      expect((await session.getEntry("x"))?.expiresAtMs).toBe(undefined);
    },
  },
  {
    name: "setMany writes all at one revision; of nothing it gives the session's revision",
    async check({ expect, session }) {
      expect(await session.setMany({})).toBe(0);
      const revision = await session.setMany({ a: 1, b: [2], __proto: 3 });
      expect((await session.list()).map((info) => info.revision)).toEqual([revision, revision, revision]);
      expect(await session.setMany({})).toBe(revision);
      expect((await session.getEntry("a"))?.expiresAtMs).toBe(undefined);
      await session.setMany({ a: 1, c: 1 }, { ttlMs: 60_000 });
      expect((await session.list()).filter((info) => info.expiresAtMs !== undefined).map((info) => info.name)).toEqual(["a", "c"]);
    },
  },
  {
    name: "[P16] of setMany with one bad value nothing is written, and no session is made",
    async check({ expect, session, refused }) {
      await refused(session.setMany({ a: 1, b: oneMib(1) }), "LimitExceededError", "VALUE_TOO_LARGE", { name: "b" });
      await refused(session.setMany({ a: 1, b: undefined }), "SerializationError", "UNSUPPORTED_TYPE", { path: "b" });
      await refused(session.setMany({ a: 1, b: { c: [Symbol("s")] } }), "SerializationError", "UNSUPPORTED_TYPE", { path: "b.c[0]" });
      await refused(session.info(), "SessionNotFoundError", "SESSION_NOT_FOUND");
      expect(await session.get("a")).toBe(undefined);
    },
  },
  {
    name: "[P16] a value of 1 MiB is kept; one byte more is refused and leaves the old value",
    async check({ expect, session, refused }) {
      const revision = await session.set("x", oneMib());
      const limit = { limit: "valueBytes", limitValue: MIB, actual: MIB + 1 };
      await refused(session.set("x", oneMib(1)), "LimitExceededError", "VALUE_TOO_LARGE", { name: "x", ...limit });
      await refused(session.append("x", "x"), "LimitExceededError", "VALUE_TOO_LARGE", limit);
      const entry = await session.getEntry("x");
      expect(entry?.revision).toBe(revision);
      expect(entry?.sizeBytes).toBe(MIB);
      expect(entry?.value === oneMib()).toBe(true);
    },
  },
  {
    name: "[P16] a session holds 1,000 variables; one more is refused and changes nothing",
    async check({ expect, session, refused }) {
      const revision = await session.setMany(Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`v${i}`, i])));
      const limit = { limit: "variablesPerSession", limitValue: 1000, actual: 1001 };
      await refused(session.set("one more", 1), "LimitExceededError", "TOO_MANY_VARIABLES", limit);
      await refused(session.setMany({ v0: -1, "one more": 1 }), "LimitExceededError", "TOO_MANY_VARIABLES", limit);
      expect((await session.info()).revision).toBe(revision);
      expect((await session.getAll()).size).toBe(1000);
      await session.set("v0", -1);
      await session.delete("v1");
      await session.set("one more", 1);
      expect((await session.info()).variableCount).toBe(1000);
    },
  },
  {
    name: "a batch of more than 1,000 operations is refused",
    async check({ session, refused }) {
      const values = Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`v${i}`, i]));
      await refused(session.setMany(values), "LimitExceededError", "TOO_MANY_OPERATIONS", { limitValue: 1000, actual: 1001 });
    },
  },
  {
    name: "delete and pop say whether there was something; deleting nothing makes no revision",
    async check({ expect, session }) {
      expect(await session.delete("x")).toBe(false);
      expect(await session.pop("x")).toBe(undefined);
      expect(await session.pop("x", { default: 7 })).toBe(7);
      const revision = await session.setMany({ x: 1, y: { z: [1] }, n: null });
      expect(await session.delete("nothing")).toBe(false);
      expect((await session.info()).revision).toBe(revision);
      expect(await session.delete("x")).toBe(true);
      expect(await session.pop("y", { default: 7 })).toEqual({ z: [1] });
      expect(await session.pop("n", { default: 7 })).toBe(null);
      expect(await session.getAll()).toEqual(new Map());
    },
  },
  {
    name: "setDefault writes where there is nothing, and gives what is stored",
    async check({ expect, session }) {
      expect(await session.setDefault("x", { a: [1] })).toEqual({ a: [1] });
      expect(await session.setDefault("x", 2)).toEqual({ a: [1] });
      await session.set("n", null);
      expect(await session.setDefault("n", 2)).toBe(null);
      expect(await session.get("x")).toEqual({ a: [1] });
    },
  },
  {
    name: "clear deletes what a prefix names, or everything, in one commit",
    async check({ expect, session, refused }) {
      await session.setMany({ "a/1": 1, "a/2": 2, b: 3 });
      await refused(session.clear(undefined), "InvalidArgumentError", "INVALID_NAME");
      expect(await session.clear("a/")).toBe(2);
      expect([...(await session.getAll()).keys()]).toEqual(["b"]);
      expect(await session.clear()).toBe(1);
      expect(await session.clear()).toBe(0);
      expect((await session.info()).variableCount).toBe(0);
    },
  },
  {
    name: "[P4] of writes at once, the one with the greatest revision is what stays",
    async check({ expect, fixture }) {
      const sessions = Array.from({ length: 5 }, () => fixture.directory().session("s"));
      const writes = Array.from({ length: 100 }, (_, i) => i);
      const revisions = await Promise.all(writes.map((i) => (sessions[i % 5] as Session).set("x", i)));
      expect(new Set(revisions).size).toBe(100);
      const last = Math.max(...revisions);
      expect(await sessions[0]?.get("x")).toBe(revisions.indexOf(last));
    },
  },
  {
    name: "[P3] merge leaves what it does not name byte for byte, at a path and at the top",
    async check({ expect, session }) {
      await session.set("x", { whole: float(1), deep: { whole: float(2), gone: 1 } });
      const before = (await session.getEntry("x"))?.sizeBytes ?? 0;
      const revision = await session.merge("x", { new: 1, left: undefined }, { path: ["deep"], remove: ["gone"] });
      const entry = await session.getEntry("x");
      expect(entry?.value).toEqual({ whole: 1, deep: { whole: 2, new: 1 } });
      expect(entry?.revision).toBe(revision);
      // "gone" is one byte longer than "new"; the floats, 9 bytes each, would shrink if they became integers.
      expect(entry?.sizeBytes).toBe(before - 1);
      await session.merge("x", {}, { path: ["made", "up"], remove: ["nothing"] });
      await session.merge("y", { a: 1 });
      expect(await session.get("y")).toEqual({ a: 1 });
    },
  },
  {
    name: "increment, append and merge refuse values of another type and leave them",
    async check({ expect, session, refused }) {
      await session.setMany({ text: "a", list: [1], number: 1, flag: true });
      const mismatch = ["TypeMismatchError", "TYPE_MISMATCH"] as const;
      await refused(session.increment("text"), ...mismatch, { name: "text" });
      await refused(session.increment("flag"), ...mismatch, { name: "flag" });
      await refused(session.append("number", [1]), ...mismatch, { name: "number" });
      await refused(session.append("list", "a"), ...mismatch, { name: "list" });
      await refused(session.merge("list", { a: 1 }), ...mismatch, { name: "list" });
      expect(Object.fromEntries(await session.getAll())).toEqual({ text: "a", list: [1], number: 1, flag: true });
    },
  },
  {
    name: "increment starts at 0, keeps integers exact, and makes floats of floats",
    async check({ expect, session, refused }) {
      expect(await session.increment("n")).toBe(1);
      expect(await session.increment("n", -3)).toBe(-2);
      expect(await session.increment("n", 2n ** 63n)).toBe(2n ** 63n - 2n);
      expect(await session.get("n")).toBe(2n ** 63n - 2n);
      await refused(session.increment("n", 2n ** 63n + 2n), "IntegerOverflowError", "INTEGER_OVERFLOW", { name: "n" });
      expect(await session.get("n")).toBe(2n ** 63n - 2n);
      expect(await session.increment("f", 0.5)).toBe(0.5);
      expect(await session.increment("f", 1)).toBe(1.5);
      expect((await session.getEntry("f"))?.type).toBe("float");
    },
  },
  {
    name: "append lengthens lists, strings and bytes, counts what people count, and keeps the last ones",
    async check({ expect, session }) {
      expect(await session.append("list", [1, [2]])).toBe(2);
      expect(await session.append("list", [3], { keepLast: 2 })).toBe(2);
      expect(await session.get("list")).toEqual([[2], 3]);
      expect(await session.append("text", "a🐴")).toBe(2);
      expect(await session.append("text", "🐴b", { keepLast: 3 })).toBe(3);
      expect(await session.get("text")).toBe("🐴🐴b");
      expect(await session.append("bytes", Uint8Array.of(1, 2))).toBe(2);
      expect(await session.append("bytes", Uint8Array.of(3))).toBe(3);
      expect(await session.get("bytes")).toEqual(Uint8Array.of(1, 2, 3));
    },
  },
];
