/** Laws of watching: what is told, in which order, and how it ends. */
import type { Change, ChangeStream, SnapshotStream } from "../../session-told.ts";
import type { SessionLaw } from "./stage.ts";

/** A change in words: `a=1`, `delete a`, `caught_up`; what completes a commit ends with a full stop. */
function inWords(change: Change): string {
  const what =
    change.kind === "set"
      ? `${change.name}=${JSON.stringify(change.value)}`
      : "name" in change
        ? `${change.kind} ${change.name}`
        : change.kind;
  return change.last ? `${what}.` : what;
}

/** The next changes up to the end of a commit, in words. */
async function commit(stream: ChangeStream): Promise<string> {
  const words: string[] = [];
  for (;;) {
    const { value, done } = await stream.next();
    if (done) return [...words, "the end"].join(" ");
    words.push(inWords(value));
    if (value.last) return words.join(" ");
  }
}

async function state(stream: SnapshotStream): Promise<Record<string, unknown>> {
  const { value } = await stream.next();
  return Object.fromEntries(value ?? [["the end", true]]);
}

/** A signal in a law's hands: not every place where the suite runs has AbortController among its types. */
function abortable() {
  const listeners = new Set<() => void>();
  const signal = {
    aborted: false,
    reason: "enough" as unknown,
    addEventListener: (_: "abort", listener: () => void) => void listeners.add(listener),
    removeEventListener: (_: "abort", listener: () => void) => void listeners.delete(listener),
  };
  const abort = (): void => {
    signal.aborted = true;
    for (const listener of listeners) listener();
  };
  return { signal, abort };
}

/** The laws. */
export const watchingLaws: readonly SessionLaw[] = [
  {
    name: "[P15] a watch tells what is there, then every change once, in order, whole commits at a time",
    async check({ expect, session }) {
      await session.setMany({ b: 2, a: [1] });
      const watch = session.watch();
      expect(await commit(watch)).toBe("a=[1] b=2 caught_up.");
      await session.set("c", null);
      await session.setMany({ a: "new", b: 3 });
      await session.delete("c");
      await session.increment("b");
      expect(await commit(watch)).toBe("c=null.");
      expect(await commit(watch)).toBe('a="new" b=3.');
      expect(await commit(watch)).toBe("delete c.");
      expect(await commit(watch)).toBe("b=4.");
      await session.clear();
      expect((await commit(watch)).replaceAll(".", "").split(" delete ").sort()).toEqual(["b", "delete a"]);
      await watch.return();
    },
  },
  {
    name: "[P15] a session that does not exist can be watched: its creation, its end and its next life are changes",
    async check({ expect, session, directory }) {
      const watch = session.watch();
      expect(await commit(watch)).toBe("caught_up.");
      await session.set("a", 1);
      await session.destroy();
      await directory.createSession({ id: "s" });
      expect(await commit(watch)).toBe("session_created a=1.");
      expect(await commit(watch)).toBe("session_deleted.");
      expect(await commit(watch)).toBe("session_created.");
      await watch.return();
    },
  },
  {
    name: "a watch of a prefix or of names tells of those only, and always of the session",
    async check({ expect, session }) {
      await session.setMany({ "a/1": 1, "a/2": 2, b: 3 });
      const prefixed = session.watch({ prefix: "a/" });
      const named = session.watch({ names: ["b", "none", "b"] });
      expect(await commit(prefixed)).toBe("a/1=1 a/2=2 caught_up.");
      expect(await commit(named)).toBe("b=3 caught_up.");
      await session.setMany({ "a/1": 10, b: 30, c: 40 });
      await session.set("c", 5);
      await session.destroy();
      expect(await commit(prefixed)).toBe("a/1=10.");
      expect(await commit(prefixed)).toBe("session_deleted.");
      expect(await commit(named)).toBe("b=30.");
      expect(await commit(named)).toBe("session_deleted.");
      await prefixed.return();
      await named.return();
    },
  },
  {
    name: "[P15] a watch goes on after the revision of a commit, which is named by its last change, and by caught_up",
    async check({ expect, session }) {
      const first = await session.set("a", 1);
      const watch = session.watch();
      await watch.next();
      const { value: caughtUp } = await watch.next();
      expect([caughtUp?.kind, (caughtUp as { revision?: number } | undefined)?.revision]).toEqual(["caught_up", first]);
      const second = await session.setMany({ a: 2, b: 2 });
      await session.set("c", 3);
      const again = session.watch({ since: second });
      expect(await commit(again)).toBe("c=3.");
      expect(await commit(again)).toBe("caught_up.");
      const sooner = session.watch({ since: first });
      expect(await commit(sooner)).toBe("a=2 b=2.");
      for (const each of [watch, again, sooner]) await each.return();
    },
  },
  {
    name: "[P15] a watch after a revision that nobody knows says resync, then tells everything",
    async check({ expect, session }) {
      const revision = await session.set("a", 1);
      for (const since of [0, revision - 1, revision + 1]) {
        const watch = session.watch({ since });
        expect(await commit(watch)).toBe("resync.");
        expect(await commit(watch)).toBe("a=1 caught_up.");
        await watch.return();
      }
    },
  },
  {
    name: "a change has the entry that getEntry gives, and a copy of the value; without values it has none",
    async check({ expect, session }) {
      await session.set("a", { deep: [1] });
      const watch = session.watch();
      const { value: change } = await watch.next();
      if (change?.kind !== "set") throw new Error(`not a set: ${change?.kind}`);
      expect({ ...change.entry }).toEqual(await session.getEntry("a"));
      (change.value as { deep: number[] }).deep.push(2);
      expect(await session.get("a")).toEqual({ deep: [1] });
      const bare = session.watch({ values: false });
      const { value: named } = await bare.next();
      if (named?.kind !== "set") throw new Error(`not a set: ${named?.kind}`);
      expect([named.name, named.value, named.entry.value, named.entry.type, named.revision]).toEqual([
        "a",
        undefined,
        undefined,
        "map",
        change.revision,
      ]);
      await watch.return();
      await bare.return();
    },
  },
  {
    name: "a watch ends at once when its signal is aborted, its loop is left or it is closed, also while it waits",
    async check({ expect, session }) {
      const { signal, abort } = abortable();
      const aborted = session.watch({ signal });
      const closed = session.watch();
      for (const watch of [aborted, closed]) expect(await commit(watch)).toBe("caught_up.");
      const waiting = [commit(aborted), commit(closed)];
      abort();
      await closed.return();
      expect(await Promise.all(waiting)).toEqual(["the end", "the end"]);
      const seen: string[] = [];
      for await (const change of session.watch()) {
        seen.push(change.kind);
        break;
      }
      expect(seen).toEqual(["caught_up"]);
      expect(await commit(session.watch({ signal }))).toBe("the end");
    },
  },
  {
    name: "[P15] a hundred writes at once are told once each, in the order of their revisions",
    async check({ expect, fixture, session }) {
      const watch = session.watch();
      await commit(watch);
      const writers = Array.from({ length: 5 }, () => fixture.directory().session("s"));
      const write = async (i: number): Promise<unknown> => writers[i % 5]?.set(`v${i % 7}`, i);
      const revisions = await Promise.all(Array.from({ length: 100 }, (_, i) => write(i)));
      const told: number[] = [];
      while (told.length < 100) {
        const { value: change } = await watch.next();
        if (change?.kind === "set") told.push(change.revision);
      }
      expect(told).toEqual(revisions.map(Number).sort((a, b) => a - b));
      await watch.return();
    },
  },
  {
    name: "[P8] [P15] what expires is told, variables and session, within a second",
    manualTime: true,
    async check({ expect, session, clock, directory }) {
      await directory.createSession({ id: "s", maxLifeMs: 5_000 });
      await session.set("a", 1, { ttlMs: 1_000 });
      const watch = session.watch();
      expect(await commit(watch)).toBe("a=1 caught_up.");
      const variable = commit(watch);
      clock.advance(1_000);
      expect(await variable).toBe("expire a.");
      const end = commit(watch);
      clock.advance(4_000);
      expect(await end).toBe("session_expired.");
      await watch.return();
    },
  },
  {
    name: "snapshots gives every value once it is complete, and again after every commit",
    async check({ expect, session }) {
      await session.setMany({ "a/x": 1, "a/y": { z: [] }, b: 1 });
      const states = session.snapshots({ prefix: "a/" });
      expect(await state(states)).toEqual({ "a/x": 1, "a/y": { z: [] } });
      await session.setMany({ "a/x": 2, "a/w": 0, b: 2 });
      await session.set("b", 3);
      await session.destroy();
      expect(await state(states)).toEqual({ "a/w": 0, "a/x": 2, "a/y": { z: [] } });
      expect(await state(states)).toEqual({});
      await states.return();
      expect(await state(states)).toEqual({ "the end": true });
    },
  },
  {
    name: "waitFor gives the value as soon as it is what was waited for, also when it is already there or there is none",
    async check({ expect, session }) {
      expect(await session.waitFor("a", (value) => value === undefined)).toBe(undefined);
      await session.set("a", 1);
      expect(await session.waitFor("a", (value) => value === 1)).toBe(1);
      const waiting = session.waitFor("a", async (value) => (value as number) > 2);
      await session.set("a", 2);
      await session.set("a", 3);
      expect(await waiting).toBe(3);
      const gone = session.waitFor("a", (value) => value === undefined);
      await session.destroy();
      expect(await gone).toBe(undefined);
    },
  },
  {
    name: "waitFor fails when its time is over, its signal is aborted or its predicate throws",
    async check({ expect, session, refused }) {
      await refused(
        session.waitFor("a", () => false, { timeoutMs: 50 }),
        "DeadlineExceededError",
        "DEADLINE_EXCEEDED",
        { name: "a" },
      );
      const { signal, abort } = abortable();
      const waiting = session.waitFor("a", () => false, { signal });
      abort();
      await refused(waiting, "CancelledError", "CANCELLED");
      const broken = new Error("broken");
      const thrown = session.waitFor("a", () => {
        throw broken;
      });
      expect(await thrown.catch((error: unknown) => error)).toBe(broken);
    },
  },
  {
    name: "[P16] bad arguments of watch, snapshots and waitFor are refused by name",
    async check({ session, refused }) {
      const bad = ["InvalidArgumentError", "INVALID_ARGUMENT"] as const;
      // Programs in plain JavaScript do all of this; the casts are what they do not have to write.
      const odd = <T>(value: unknown): T => value as T;
      await refused(() => session.watch(odd({ timeoutMs: 1 })), ...bad);
      await refused(() => session.watch({ names: [] }), ...bad);
      await refused(() => session.watch({ names: odd("a") }), ...bad);
      await refused(() => session.watch({ names: ["a"], prefix: "a" }), ...bad);
      await refused(() => session.watch({ since: -1 }), ...bad);
      await refused(() => session.watch({ since: odd("1") }), ...bad);
      await refused(() => session.watch({ values: odd(1) }), ...bad);
      await refused(() => session.watch({ names: [""] }), "InvalidArgumentError", "INVALID_NAME");
      await refused(() => session.watch({ prefix: "\n" }), "InvalidArgumentError", "INVALID_NAME");
      await refused(() => session.snapshots(odd({ names: ["a"] })), ...bad);
      await refused(
        session.waitFor("", () => true),
        "InvalidArgumentError",
        "INVALID_NAME",
      );
      await refused(session.waitFor("a", odd(1)), ...bad);
      await refused(session.watch({ names: Array.from({ length: 1_001 }, (_, i) => `n${i}`) }).next(), ...bad);
    },
  },
];
