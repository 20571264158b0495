/** Laws about bad input: each is refused with an error that names it, and leaves everything as it was [P16]. */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Session, SessionDirectory } from "../../session.ts";
import type { SessionLaw } from "./stage.ts";

const BAD_NAMES: Readonly<Record<string, unknown>> = {
  empty: "",
  "of 257 bytes": "x".repeat(257),
  "of 129 characters of two bytes": "é".repeat(129),
  "with a control character": "a\nb",
  "with a lone surrogate": "a\ud800",
  "with U+FFFD": "a\ufffd",
  undefined: undefined,
  null: null,
  "a number": 1,
};

type Attempt = (session: Session, directory: SessionDirectory) => unknown;
// Programs in plain JavaScript do all of this; the casts are what they do not have to write.
const odd = <T>(value: unknown): T => value as T;
const withName: readonly ((session: Session, name: string) => Promise<unknown>)[] = [
  (s, name) => s.get(name),
  (s, name) => s.getEntry(name),
  (s, name) => s.getMany([name]),
  (s, name) => s.has(name),
  (s, name) => s.set(name, 1),
  (s, name) => s.setMany(new Map([[name, 1]])),
  (s, name) => s.delete(name),
  (s, name) => s.increment(name),
  (s, name) => s.append(name, [1]),
  (s, name) => s.merge(name, { a: 1 }),
  (s, name) => s.pop(name),
  (s, name) => s.setDefault(name, 1),
  (s, name) => s.updateVariable(name, () => 1),
  (s, name) => s.edit(name, () => {}),
  async (s, name) => s.history(name),
  (s, name) => s.restore(name, 1),
  (s, name) => s.expire(name, 1),
  (s, name) => s.declare(name, true),
  (s, name) => s.transaction((t) => t.get(name)),
  (s, name) => s.transaction((t) => t.getMany([name])),
  (s, name) => s.transaction((t) => t.has(name)),
  (s, name) => s.transaction((t) => t.set(name, 1)),
  (s, name) => s.transaction((t) => t.setMany(new Map([[name, 1]]))),
  (s, name) => s.transaction((t) => t.delete(name)),
  (s, name) => s.transaction((t) => t.increment(name)),
  (s, name) => s.transaction((t) => t.append(name, [1])),
  (s, name) => s.transaction((t) => t.merge(name, { a: 1 })),
];

const BAD_ARGUMENTS: Readonly<Record<string, Attempt>> = {
  "an unknown option": (s) => s.set("x", 1, odd({ ttl: 5 })),
  "an unknown option of a read": (s) => s.get("x", odd({ timeout: 5 })),
  "options that are no object": (s) => s.set("x", 1, odd(5)),
  "ifRevision undefined": (s) => s.set("x", 1, odd({ ifRevision: undefined })),
  "ifRevision undefined of a delete": (s) => s.delete("x", odd({ ifRevision: undefined })),
  "ifRevision null": (s) => s.set("x", 1, odd({ ifRevision: null })),
  "ifRevision not a number": (s) => s.set("x", 1, { ifRevision: Number.NaN }),
  "ifRevision negative": (s) => s.set("x", 1, { ifRevision: -1 }),
  "ifRevision a boolean": (s) => s.set("x", 1, odd({ ifRevision: true })),
  "ifRevision not whole": (s) => s.set("x", 1, { ifRevision: 1.5 }),
  "ifRevision a string": (s) => s.increment("x", 1, odd({ ifRevision: "1" })),
  "a timeout of 0": (s) => s.get("x", { timeoutMs: 0 }),
  "a timeout of NaN": (s) => s.get("x", { timeoutMs: Number.NaN }),
  "a timeout that overflows timers": (s) => s.get("x", { timeoutMs: 2 ** 31 }),
  "a signal that is none": (s) => s.get("x", odd({ signal: {} })),
  "keepLast 0": (s) => s.append("x", [1], { keepLast: 0 }),
  "one item to append": (s) => s.append("x", odd(1)),
  "a map to append": (s) => s.append("x", odd({ a: 1 })),
  "a string to add": (s) => s.increment("x", odd("1")),
  "an integer beyond 64 bits to add": (s) => s.increment("x", 2n ** 64n),
  "a list to merge": (s) => s.merge("x", odd([1])),
  "a name both written and removed": (s) => s.merge("x", { a: 1 }, { remove: ["a"] }),
  "a path that is a string": (s) => s.merge("x", { a: 1 }, odd({ path: "a" })),
  "a list to setMany": (s) => s.setMany(odd([["a", 1]])),
  "one name to getMany": (s) => s.getMany(odd("name")),
  "nothing to getMany": (s) => s.getMany(odd(undefined)),
  "no function to updateVariable": (s) => s.updateVariable("x", odd(1)),
  "attempts 0": (s) => s.updateVariable("x", () => 1, { attempts: 0 }),
  "no function to edit": (s) => s.edit("x", odd<() => void>({})),
  "no function to transaction": (s) => s.transaction(odd(undefined)),
  "no function to transact": (s) => s.transact(odd({ attempts: 1 })),
  "an unknown option of transaction": (s) => s.transaction(() => 1, odd({ attempts: 1 })),
  "checkReads that is no boolean": (s) => s.transaction(() => 1, odd({ checkReads: "yes" })),
  "attempts 0 of transact": (s) => s.transact(() => 1, { attempts: 0 }),
  "a prefix to a transaction's getMany": (s) => s.transaction((t) => t.getMany(odd({ prefix: "" }))),
  "a timeout of one read of a transaction": (s) => s.transaction((t) => t.get("x", odd<StandardSchemaV1>({ timeoutMs: 5 }))),
  "a timeout of one write of a transaction": (s) => s.transaction((t) => t.set("x", 1, odd({ timeoutMs: 5 }))),
  "ifRevision undefined in a transaction": (s) => s.transaction((t) => t.delete("x", odd({ ifRevision: undefined }))),
  "a limit of 0 of a history": async (s) => s.history("x", { limit: 0 }),
  "an unknown option of history": async (s) => s.history("x", odd({ before: 1 })),
  "a revision of 0 to restore": (s) => s.restore("x", 0),
  "no revision to restore": (s) => s.restore("x", odd(undefined)),
  "no schema to declare": (s) => s.declare("x", odd(undefined)),
  "a list as a schema": (s) => s.declare("x", odd([])),
  "an id after the options of fork": (s) => s.fork(odd({ labels: {} }), odd("copy")),
  "an unknown option of fork": (s) => s.fork("copy", odd({ id: "other" })),
  "a revision of 0 to fork": (s) => s.fork({ atRevision: 0 }),
  "65 entries of history": (_, d) => d.createSession({ historyEntries: 65 }),
  "a history that is no number": (_, d) => d.createSession({ historyEntries: odd("3") }),
  "one item to append in a transaction": (s) => s.transaction((t) => t.append("x", odd(1))),
  "a schema after the options": (s) => s.get("x", odd<StandardSchemaV1>({}), {}),
  "an unknown option of createSession": (_, d) => d.createSession(odd({ ttl: 1 })),
  "an unknown option of a handle": (_, d) => d.session("s", odd({ ifRevision: 1 })),
  "an unknown option of listSessions": (_, d) => d.listSessions(odd({ label: 1 })),
};

const BAD_TTLS: readonly unknown[] = [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "1", null, "ever", 10n];

/** The laws. */
export const refusingLaws: readonly SessionLaw[] = [
  ...Object.entries(BAD_NAMES).map(
    ([what, name]): SessionLaw => ({
      name: `[P16] a name that is ${what} is refused by every method`,
      async check({ session, refused }) {
        for (const attempt of withName) await refused(attempt(session, odd(name)), "InvalidArgumentError", "INVALID_NAME");
        await refused(session.info(), "SessionNotFoundError", "SESSION_NOT_FOUND");
      },
    }),
  ),
  {
    name: "[P16] bad session ids are refused, and undefined is no wish for a new one",
    async check({ directory, refused }) {
      for (const id of [...Object.values(BAD_NAMES), "x".repeat(129)]) {
        await refused(() => directory.session(odd(id)), "InvalidArgumentError", "INVALID_SESSION_ID");
        await refused(directory.createSession({ id: odd(id) }), "InvalidArgumentError", "INVALID_SESSION_ID");
        await refused(directory.deleteSession(odd(id)), "InvalidArgumentError", "INVALID_SESSION_ID");
        await refused(directory.session("s").fork(odd(id)), "InvalidArgumentError", "INVALID_SESSION_ID");
      }
    },
  },
  {
    name: "[P16] bad labels of checkpoints are refused",
    async check({ session, refused }) {
      for (const label of [...Object.values(BAD_NAMES), "x".repeat(129)]) {
        for (const attempt of [session.checkpoint(odd(label)), session.rollback(odd(label)), session.deleteCheckpoint(odd(label))]) {
          await refused(attempt, "InvalidArgumentError", "INVALID_NAME");
        }
      }
      await refused(session.info(), "SessionNotFoundError", "SESSION_NOT_FOUND");
    },
  },
  {
    name: "[P16] bad times to live are refused",
    async check({ session, directory, refused }) {
      for (const ttlMs of BAD_TTLS) {
        await refused(session.set("x", 1, { ttlMs: odd(ttlMs) }), "InvalidArgumentError", "INVALID_TTL");
        await refused(session.touch({ ttlMs: odd(ttlMs) }), "InvalidArgumentError", "INVALID_TTL");
        await refused(session.expire("x", odd(ttlMs)), "InvalidArgumentError", "INVALID_TTL");
        await refused(directory.createSession({ ttlMs: odd(ttlMs) }), "InvalidArgumentError", "INVALID_TTL");
      }
      await refused(session.touch({ ttlMs: odd("keep") }), "InvalidArgumentError", "INVALID_TTL");
      await refused(session.expire("x", odd("keep")), "InvalidArgumentError", "INVALID_TTL");
      await refused(session.info(), "SessionNotFoundError", "SESSION_NOT_FOUND");
    },
  },
  ...Object.entries(BAD_ARGUMENTS).map(
    ([what, attempt]): SessionLaw => ({
      name: `[P16] ${what} is refused, and nothing changes`,
      async check({ expect, session, directory, refused }) {
        const revision = await session.set("x", { a: 0 });
        await refused(() => attempt(session, directory), "InvalidArgumentError", "INVALID_ARGUMENT");
        expect((await session.info()).revision).toBe(revision);
      },
    }),
  ),
  {
    name: "[P16] what cannot be encoded is refused with the path inside the value",
    async check({ expect, session, refused }) {
      await session.set("config", 1);
      const unsupported = ["SerializationError", "UNSUPPORTED_TYPE"] as const;
      await refused(session.set("config", undefined), ...unsupported, { path: "config" });
      await refused(session.set("config", { tools: [0, 1, 2, () => {}] }), ...unsupported, { path: "config.tools[3]" });
      await refused(session.set("config", [undefined]), ...unsupported, { path: "config[0]" });
      await refused(session.append("config", [Symbol("s")]), ...unsupported, { path: "config[0]" });
      expect(await session.get("config")).toBe(1);
    },
  },
  {
    name: "a call whose signal is aborted already is not made",
    async check({ expect, session, refused }) {
      const signal = { aborted: true, reason: "enough", addEventListener: () => {}, removeEventListener: () => {} };
      await refused(session.set("x", 1, { signal }), "CancelledError", "CANCELLED");
      await refused(session.get("x", { signal }), "CancelledError", "CANCELLED");
      await refused(
        session.updateVariable("x", () => 1, { signal }),
        "CancelledError",
        "CANCELLED",
      );
      await refused(
        session.edit("x", () => {}, { signal, default: [] }),
        "CancelledError",
        "CANCELLED",
      );
      for (const transacting of [
        session.transaction((t) => t.set("x", 1), { signal }),
        session.transact((t) => t.set("x", 1), { signal }),
      ]) {
        await refused(transacting, "CancelledError", "CANCELLED");
      }
      expect(await session.get("x")).toBe(undefined);
    },
  },
];
