/** Laws of histories, restoring, checkpoints and rolling back. */
import type { Session, SessionDirectory } from "../../session.ts";
import type { HistoryEntry, HistoryOptions } from "../../session-past.ts";
import type { SessionLaw } from "./stage.ts";

const told = async (session: Session, name: string, options?: HistoryOptions): Promise<HistoryEntry[]> => {
  const entries: HistoryEntry[] = [];
  for await (const entry of session.history(name, options)) entries.push(entry);
  return entries;
};

/** Each entry as its value, or how it ended. */
const shown = async (session: Session, name: string, options?: HistoryOptions): Promise<unknown[]> =>
  (await told(session, name, options)).map((entry) => (entry.kind === "set" ? entry.value : entry.kind));

const remembering = (directory: SessionDirectory, historyEntries = 64): Promise<Session> => directory.createSession({ historyEntries });

const COMPACTED = ["CompactedError", "COMPACTED"] as const;

/** The laws. */
export const goingBackLaws: readonly SessionLaw[] = [
  {
    name: "history gives what a variable was, newest first, without what it is now; deletions are told",
    async check({ expect, directory }) {
      const session = await remembering(directory);
      const first = await session.set("x", { n: 1 }, { ttlMs: 60_000 });
      const second = await session.set("x", "two");
      await session.delete("x");
      await session.set("x", 3);
      await session.set("other", 1);
      const [end, two, one, ...rest] = await told(session, "x");
      expect(rest).toEqual([]);
      if (end?.kind !== "delete" || two?.kind !== "set" || one?.kind !== "set") throw new Error("the kinds are wrong");
      expect([end.name, end.revision > second]).toEqual(["x", true]);
      expect([two.revision, two.value, two.type, two.sizeBytes, two.expiresAtMs]).toEqual([second, "two", "string", 4, undefined]);
      expect([one.name, one.revision, one.value, one.type]).toEqual(["x", first, { n: 1 }, "map"]);
      expect([one.atMs, one.createdAtMs, (one.expiresAtMs ?? 0) - one.atMs]).toEqual([one.updatedAtMs, two.createdAtMs, 60_000]);
      expect(end.atMs >= two.atMs && two.atMs >= one.atMs).toBe(true);
      expect(await shown(session, "x", { limit: 2 })).toEqual(["delete", "two"]);
    },
  },
  {
    name: "a history keeps as many entries as its session says, and nothing unless it says so",
    async check({ expect, directory, session }) {
      const short = await remembering(directory, 3);
      for (const each of [short, session]) for (let n = 0; n < 6; n++) await each.set("n", n);
      expect([(await short.info()).historyEntries, await shown(short, "n")]).toEqual([3, [4, 3, 2]]);
      expect([(await session.info()).historyEntries, await shown(session, "n")]).toEqual([undefined, []]);
      expect(await shown(directory.session("missing"), "n")).toEqual([]);
    },
  },
  {
    name: "a history that no message could carry comes page by page, each entry once",
    async check({ expect, directory }) {
      const session = await remembering(directory);
      for (let n = 0; n < 9; n++) await session.set("x", String(n).repeat(1_000_000));
      await session.delete("x");
      const digits = (values: readonly unknown[]) => values.map((value) => String(value).slice(0, 1)).join("");
      expect(digits(await shown(session, "x"))).toBe("d876543210");
      expect(digits(await shown(session, "x", { limit: 5 }))).toBe("d8765");
    },
  },
  {
    name: "a value of a history that cannot be decoded fails when it is asked for, and costs nobody the others",
    integers: "bigint",
    async check({ expect, directory }) {
      const session = await remembering(directory);
      await session.set("x", 1);
      await session.set("x", [2]);
      const [entry] = await told(session, "x");
      expect(entry?.kind === "set" && entry.value).toBe(1n);
      await session.set("x", null);
      expect(await shown(session, "x")).toEqual([[2n], 1n]);
    },
  },
  {
    name: "[P8] what has expired is told as that, an entry is gone when its own time is over, and none is restored then",
    manualTime: true,
    async check({ expect, directory, clock, refused }) {
      const session = await remembering(directory);
      await session.set("x", "short", { ttlMs: 1_000 });
      const long = await session.set("x", "long", { ttlMs: 5_000 });
      const [short] = await told(session, "x");
      clock.advance(1_000);
      expect(await shown(session, "x")).toEqual([]);
      await refused(session.restore("x", short?.revision ?? 0), ...COMPACTED, { name: "x" });
      clock.advance(4_000);
      expect(await session.get("x")).toBe(undefined);
      expect(await shown(session, "x")).toEqual(["expire"]);
      await refused(session.restore("x", long), ...COMPACTED, { name: "x" });
    },
  },
  {
    name: "restore writes again what was, under its conditions and with its deadline; the rest of the history stays",
    async check({ expect, directory, refused }) {
      const session = await remembering(directory);
      const first = await session.set("x", { n: 1 }, { ttlMs: 60_000 });
      const deadline = (await session.getEntry("x"))?.expiresAtMs;
      const second = await session.set("x", 2);
      await refused(session.restore("x", first, { ifRevision: first }), "RevisionMismatchError", "REVISION_MISMATCH", {
        currentRevision: second,
      });
      const restored = await session.restore("x", first, { ifRevision: second });
      const entry = await session.getEntry("x");
      expect([entry?.value, entry?.revision, entry?.expiresAtMs]).toEqual([{ n: 1 }, restored, deadline]);
      expect([restored > second, await shown(session, "x")]).toEqual([true, [2, { n: 1 }]]);
      expect((await session.restore("x", restored)) > restored).toBe(true);
    },
  },
  {
    name: "restoring a deletion deletes, and what is not kept is refused",
    async check({ expect, directory, session, refused }) {
      const kept = await remembering(directory);
      await kept.set("x", 1);
      await kept.delete("x");
      await kept.set("x", 2);
      const [deleted] = await told(kept, "x");
      expect(await kept.restore("x", deleted?.revision ?? 0)).toBe(0);
      expect([await kept.has("x"), await shown(kept, "x")]).toEqual([false, ["delete", 2, "delete", 1]]);
      await refused(kept.restore("x", 1), ...COMPACTED, { name: "x" });
      await refused(kept.restore("never", deleted?.revision ?? 0), ...COMPACTED, { name: "never" });
      const first = await session.set("x", 1);
      const second = await session.set("x", 2);
      await refused(session.restore("x", first), ...COMPACTED, { name: "x" });
      expect((await session.getEntry("x"))?.revision).toBe(second);
    },
  },
  {
    name: "a checkpoint names a state, and rollback makes it the present one: one revision, one commit, what is alike untouched",
    async check({ expect, session }) {
      await session.setMany({ stays: 1, changes: 1, goes: 1 });
      const named = await session.checkpoint("good");
      const stays = (await session.getEntry("stays"))?.revision;
      await session.set("changes", 2);
      await session.delete("goes");
      await session.set("comes", 1);
      const watch = session.watch({ since: (await session.info()).revision });
      expect((await watch.next()).value?.kind).toBe("caught_up");
      expect(await session.rollback("good")).toBe(3);
      expect(Object.fromEntries(await session.getAll())).toEqual({ changes: 1, goes: 1, stays: 1 });
      const changes = [];
      for await (const change of watch) {
        changes.push(change);
        if (change.last) break;
      }
      const { revision } = await session.info();
      expect(changes.map((change) => ("name" in change ? [change.kind, change.name, change.revision] : change)).sort()).toEqual([
        ["delete", "comes", revision],
        ["set", "changes", revision],
        ["set", "goes", revision],
      ]);
      expect([revision > named, (await session.getEntry("stays"))?.revision]).toEqual([true, stays]);
      await session.checkpoint("again");
      expect(await session.rollback("again")).toBe(0);
    },
  },
  {
    name: "checkpoints are listed oldest first; a label can be given again and taken away; an unknown one is refused",
    async check({ expect, session, refused }) {
      expect(await session.listCheckpoints()).toEqual([]);
      await refused(session.rollback("a"), "CheckpointNotFoundError", "CHECKPOINT_NOT_FOUND", { name: "a" });
      expect(await session.deleteCheckpoint("a")).toBe(false);
      await refused(session.info(), "SessionNotFoundError", "SESSION_NOT_FOUND");
      await session.set("x", 1);
      await session.checkpoint("a");
      await session.set("y", "text");
      const b = await session.checkpoint("b");
      const a = await session.checkpoint("a");
      const listed = await session.listCheckpoints();
      expect(listed.map(({ label, revision, variableCount, sizeBytes }) => [label, revision, variableCount, sizeBytes])).toEqual([
        ["b", b, 2, 8],
        ["a", a, 2, 8],
      ]);
      expect(listed.every(({ createdAtMs }) => createdAtMs > 0)).toBe(true);
      expect(await session.deleteCheckpoint("b")).toBe(true);
      await refused(session.rollback("b"), "CheckpointNotFoundError", "CHECKPOINT_NOT_FOUND", { name: "b" });
      expect((await session.listCheckpoints()).map(({ label }) => label)).toEqual(["a"]);
    },
  },
  {
    name: "[P8] a rollback does not bring back what has expired since",
    manualTime: true,
    async check({ expect, session, clock }) {
      await session.set("short", 1, { ttlMs: 1_000 });
      await session.set("long", 1, { ttlMs: 10_000 });
      const deadline = (await session.getEntry("long"))?.expiresAtMs;
      await session.checkpoint("c");
      await session.clear();
      clock.advance(1_000);
      expect(await session.rollback("c")).toBe(1);
      expect([...(await session.getAll()).keys(), (await session.getEntry("long"))?.expiresAtMs]).toEqual(["long", deadline]);
    },
  },
  {
    name: "[P16] a session has at most 16 checkpoints, and one more leaves everything as it was",
    async check({ expect, session, refused }) {
      await session.set("x", 1);
      for (let n = 0; n < 16; n++) await session.checkpoint(`c${n}`);
      const { revision } = await session.info();
      await refused(session.checkpoint("one more"), "LimitExceededError", "TOO_MANY_CHECKPOINTS", {
        limit: "checkpointsPerSession",
        limitValue: 16,
        actual: 17,
      });
      expect([(await session.info()).revision, (await session.listCheckpoints()).length]).toEqual([revision, 16]);
      expect((await session.checkpoint("c0")) > revision).toBe(true);
    },
  },
];
