/** Laws of sessions among themselves, and of time. */
import type { SessionInfo } from "../../session-port.ts";
import type { SessionLaw } from "./stage.ts";

const HOUR_MS = 3_600_000;

/** The laws. */
export const lifeLaws: readonly SessionLaw[] = [
  {
    name: "sessions do not see one another, however alike their ids",
    async check({ expect, directory }) {
      const ids = ["a", "A", "a ", "á", "a/b", "__proto__"];
      for (const id of ids) await directory.session(id).set("x", id);
      for (const id of ids) expect(await directory.session(id).get("x")).toBe(id);
      await directory.session("a").destroy();
      expect(await directory.session("a").get("x")).toBe(undefined);
      expect(await directory.session("A").get("x")).toBe("A");
    },
  },
  {
    name: "a session is made by its first write, with what its handle says, and by no later one",
    async check({ expect, directory, refused }) {
      await directory.session("s", { ttlMs: HOUR_MS, labels: { team: "red" } }).increment("n");
      await directory.session("s", { ttlMs: 1, labels: { team: "blue" } }).increment("n");
      const info = await directory.session("s").info();
      expect({ ...info.labels }).toEqual({ team: "red" });
      expect([info.id, info.ttlMs, info.variableCount]).toEqual(["s", HOUR_MS, 1]);
      const careful = directory.session("other", { create: false });
      await refused(careful.set("x", 1), "SessionNotFoundError", "SESSION_NOT_FOUND");
      expect(await careful.get("x")).toBe(undefined);
    },
  },
  {
    name: "createSession makes a session once, with an id of its own when none is given",
    async check({ expect, directory, refused }) {
      const session = await directory.createSession({ id: "c", ttlMs: "never", labels: { a: "1" } });
      const info = await session.info();
      expect([info.id, info.ttlMs, info.expiresAtMs, info.variableCount]).toEqual(["c", undefined, undefined, 0]);
      await refused(directory.createSession({ id: "c" }), "SessionExistsError", "SESSION_EXISTS");
      const anonymous = [(await directory.createSession()).id, (await directory.createSession()).id, directory.session().id];
      expect(new Set(anonymous).size).toBe(3);
      expect(anonymous.every((id) => /^[\w-]{22}$/.test(id))).toBe(true);
    },
  },
  {
    name: "destroy and deleteSession delete everything, and say whether there was something",
    async check({ expect, directory, session }) {
      expect(await session.destroy()).toBe(false);
      expect(await directory.deleteSession("s")).toBe(false);
      await session.set("x", 1);
      expect(await directory.deleteSession("s")).toBe(true);
      expect(await session.has("x")).toBe(false);
    },
  },
  {
    name: "listSessions gives every session once, in byte order, by prefix and labels, page after page",
    async check({ expect, directory }) {
      const ids = Array.from({ length: 250 }, (_, i) => `p${String(i).padStart(3, "0")}`);
      await Promise.all(ids.map((id, i) => directory.createSession({ id, labels: { parity: i % 2 ? "odd" : "even" } })));
      await directory.session("q").set("x", 1);
      const listed = async (options?: Parameters<typeof directory.listSessions>[0]): Promise<string[]> =>
        (await collect(directory.listSessions(options))).map((info) => info.id);
      expect(await listed()).toEqual([...ids, "q"]);
      expect(await listed({ prefix: "p24" })).toEqual(ids.slice(240));
      expect(await listed({ labels: { parity: "odd" } })).toEqual(ids.filter((_, i) => i % 2));
      expect(await listed({ labels: { parity: "neither" } })).toEqual([]);
    },
  },
  {
    name: "[P8] a variable is gone when its time is over, for every reader, and is not revived",
    manualTime: true,
    async check({ expect, session, clock }) {
      await session.setMany({ x: 1, y: 1 }, { ttlMs: 1_000 });
      await session.set("stays", 1);
      clock.advance(999);
      expect(await session.get("x")).toBe(1);
      clock.advance(1);
      expect(await session.get("x")).toBe(undefined);
      expect(await session.has("y")).toBe(false);
      expect([...(await session.getAll()).keys()]).toEqual(["stays"]);
      expect((await session.list()).map((info) => info.name)).toEqual(["stays"]);
      expect(await session.increment("x")).toBe(1);
      expect(await session.set("y", 2, { ifRevision: 0 })).toBe((await session.getEntry("y"))?.revision);
      expect((await session.info()).variableCount).toBe(3);
    },
  },
  {
    name: "a plain set clears a deadline, and keep, increment, append, merge and updateVariable keep it",
    manualTime: true,
    async check({ expect, session, clock }) {
      const expiresAtMs = clock.now() + 1_000;
      const deadlineOf = async (name: string): Promise<number | undefined> => (await session.getEntry(name))?.expiresAtMs;
      await session.setMany({ n: 1, list: [], map: {}, kept: 1, cleared: 1 }, { ttlMs: 1_000 });
      clock.advance(10);
      await session.increment("n");
      await session.append("list", [1]);
      await session.merge("map", { a: 1 });
      await session.updateVariable("map", (map) => map);
      await session.set("kept", 2, { ttlMs: "keep" });
      await session.set("cleared", 2);
      for (const name of ["n", "list", "map", "kept"]) expect([name, await deadlineOf(name)]).toEqual([name, expiresAtMs]);
      expect(await deadlineOf("cleared")).toBe(undefined);
      await session.updateVariable("map", (map) => map, { ttlMs: 5_000 });
      expect(await deadlineOf("map")).toBe(clock.now() + 5_000);
      await session.set("n", 1, { ttlMs: "never" });
      expect(await deadlineOf("n")).toBe(undefined);
    },
  },
  {
    name: "[P8] a session that nobody uses is gone after its time, and using or touching it keeps it",
    manualTime: true,
    async check({ expect, directory, clock, refused }) {
      const session = await directory.createSession({ id: "t", ttlMs: HOUR_MS });
      const old = await session.set("x", 1);
      for (let i = 0; i < 3; i++) {
        clock.advance(HOUR_MS * 0.9);
        expect(await session.get("x")).toBe(1);
      }
      clock.advance(HOUR_MS * 0.9);
      await session.touch();
      clock.advance(HOUR_MS * 0.9);
      expect((await session.info()).variableCount).toBe(1);
      clock.advance(HOUR_MS);
      expect(await session.get("x")).toBe(undefined);
      await refused(session.info(), "SessionNotFoundError", "SESSION_NOT_FOUND");
      await refused(session.touch(), "SessionNotFoundError", "SESSION_NOT_FOUND");
      expect(await collect(directory.listSessions())).toEqual([]);
      expect((await session.set("x", 2, { ifRevision: 0 })) > old).toBe(true);
    },
  },
  {
    name: "touch replaces the time to live, and may shorten it",
    manualTime: true,
    async check({ expect, session, clock }) {
      await session.set("x", 1);
      expect((await session.touch({ ttlMs: "never" })).expiresAtMs).toBe(undefined);
      expect((await session.touch({ ttlMs: 60_000 })).ttlMs).toBe(60_000);
      clock.advance(2 * 60_000);
      expect(await session.get("x")).toBe(undefined);
    },
  },
  {
    name: "a maximum life ends a session however much it is used",
    manualTime: true,
    async check({ expect, directory, clock }) {
      const session = await directory.createSession({ ttlMs: "never", maxLifeMs: HOUR_MS });
      await session.set("x", 1);
      const { createdAtMs, endsAtMs } = await session.info();
      expect(endsAtMs).toBe(createdAtMs + HOUR_MS);
      clock.advance(HOUR_MS - 1);
      expect(await session.get("x")).toBe(1);
      clock.advance(1);
      expect(await session.get("x")).toBe(undefined);
    },
  },
];

async function collect(sessions: AsyncIterable<SessionInfo>): Promise<SessionInfo[]> {
  const all: SessionInfo[] = [];
  for await (const session of sessions) all.push(session);
  return all;
}
