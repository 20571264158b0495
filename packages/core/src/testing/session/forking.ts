/** Laws of forks: copies of sessions. */
import type { SessionLaw } from "./stage.ts";

const HOUR_MS = 3_600_000;

/** The laws. */
export const forkingLaws: readonly SessionLaw[] = [
  {
    name: "[P7] a fork has what its source has, and from then on neither knows the other",
    async check({ expect, directory, session, refused }) {
      await session.setMany({ a: 1, b: { n: [1, 2] } });
      await session.set("c", "text", { ttlMs: HOUR_MS });
      await session.declare("a", { type: "integer" });
      await session.checkpoint("before");
      const copy = await session.fork("copy");
      expect([copy.id, Object.fromEntries(await copy.getAll())]).toEqual(["copy", { a: 1, b: { n: [1, 2] }, c: "text" }]);
      expect((await copy.getEntry("c"))?.expiresAtMs).toBe((await session.getEntry("c"))?.expiresAtMs);
      await copy.append("b", []).catch(() => {});
      await copy.set("a", 2);
      await session.delete("b");
      expect([await session.get("a"), await copy.get("a"), await copy.get("b")]).toEqual([1, 2, { n: [1, 2] }]);
      await refused(copy.set("a", "text"), "ConstraintError", "CONSTRAINT_VIOLATED", { name: "a" });
      expect(await copy.listCheckpoints()).toEqual([]);
      await session.destroy();
      expect((await directory.session("copy").getAll()).size).toBe(3);
    },
  },
  {
    name: "[P1] a condition on a variable of the source never matches the copy's",
    async check({ expect, session, refused }) {
      const old = await session.set("x", 1);
      const copy = await session.fork();
      const { revision } = await copy.info();
      expect([(await copy.getEntry("x"))?.revision, revision > old]).toEqual([revision, true]);
      await refused(copy.set("x", 2, { ifRevision: old }), "RevisionMismatchError", "REVISION_MISMATCH", { currentRevision: revision });
    },
  },
  {
    name: "a fork has its source's labels, ttl and history setting unless it is given others, and an id of its own unless it is given one",
    async check({ expect, directory, refused }) {
      const source = await directory.createSession({ labels: { team: "red" }, ttlMs: HOUR_MS, historyEntries: 4 });
      const alike = await (await source.fork()).info();
      expect([{ ...alike.labels }, alike.ttlMs, alike.historyEntries]).toEqual([{ team: "red" }, HOUR_MS, 4]);
      expect(/^[\w-]{22}$/.test(alike.id)).toBe(true);
      const other = await (await source.fork("f", { labels: {}, ttlMs: "never" })).info();
      expect([other.id, { ...other.labels }, other.ttlMs, other.historyEntries]).toEqual(["f", {}, undefined, 4]);
      await refused(source.fork("f"), "SessionExistsError", "SESSION_EXISTS");
      await refused(directory.session("missing").fork({ labels: {} }), "SessionNotFoundError", "SESSION_NOT_FOUND");
    },
  },
  {
    name: "a fork of an earlier revision is what the session was then, as far as its history reaches",
    async check({ expect, directory, session, refused }) {
      const source = await directory.createSession({ historyEntries: 3 });
      const then = await source.setMany({ a: 1, b: 1 });
      const middle = await source.set("a", 2);
      await source.delete("b");
      await source.set("c", 1);
      const copy = await source.fork({ atRevision: then });
      expect(Object.fromEntries(await copy.getAll())).toEqual({ a: 1, b: 1 });
      expect(Object.fromEntries(await (await source.fork({ atRevision: middle })).getAll())).toEqual({ a: 2, b: 1 });
      for (let n = 0; n < 4; n++) await source.set("a", n);
      await refused(source.fork({ atRevision: then }), "CompactedError", "COMPACTED");
      const first = await session.set("x", 1);
      await session.set("x", 2);
      await refused(session.fork({ atRevision: first }), "CompactedError", "COMPACTED");
    },
  },
  {
    name: "[P8] what is over is not copied, and the copy's deadlines are the source's",
    manualTime: true,
    async check({ expect, session, clock }) {
      await session.set("over", 1, { ttlMs: 1_000 });
      await session.set("stays", 1, { ttlMs: 2_000 });
      clock.advance(1_000);
      const copy = await session.fork();
      expect([...(await copy.getAll()).keys()]).toEqual(["stays"]);
      clock.advance(1_000);
      expect([...(await copy.getAll()).keys()]).toEqual([]);
    },
  },
];
