/** Laws of reading. */
import { Decimal, Uuid } from "../../values/index.ts";
import { numbered, type SessionLaw } from "./stage.ts";

const SAMPLES: Readonly<Record<string, unknown>> = {
  boolean: true,
  "safe integer": Number.MAX_SAFE_INTEGER,
  "integer beyond 53 bits": 2n ** 64n - 1n,
  "big integer": -(2n ** 80n),
  float: 0.1,
  "not a number": Number.NaN,
  string: "žluťoučký 🐴",
  bytes: Uint8Array.of(0, 255),
  list: [1, ["two", null]],
  map: { a: { b: [] }, toString: 1 },
  timestamp: new Date(1_700_000_000_123),
  set: new Set(["a", "b"]),
  decimal: new Decimal("1.10"),
  uuid: new Uuid("00112233-4455-6677-8899-aabbccddeeff"),
};

/** The laws. */
export const readingLaws: readonly SessionLaw[] = [
  {
    name: "a missing variable is undefined, of a missing session too, and asking makes neither",
    async check({ expect, session, refused }) {
      expect(await session.get("x")).toBe(undefined);
      expect(await session.getEntry("x")).toBe(undefined);
      expect(await session.has("x")).toBe(false);
      expect([...(await session.getAll())]).toEqual([]);
      expect(await session.list()).toEqual([]);
      await refused(session.info(), "SessionNotFoundError", "SESSION_NOT_FOUND");
    },
  },
  {
    name: "[P2] a stored null is there, and is not the same as missing",
    async check({ expect, session }) {
      await session.set("x", null);
      expect(await session.get("x")).toBe(null);
      expect(await session.has("x")).toBe(true);
      expect((await session.getEntry("x"))?.value).toBe(null);
      expect([...(await session.getMany(["x", "y"]))]).toEqual([["x", null]]);
    },
  },
  {
    name: "[P17] a read begun after an acknowledgement sees it, through any client",
    async check({ expect, fixture, session }) {
      const other = fixture.directory().session("s");
      for (let i = 0; i < 50; i++) {
        await session.set("x", i);
        expect(await other.get("x")).toBe(i);
        expect((await other.getAll()).get("x")).toBe(i);
      }
    },
  },
  {
    name: "every type reads back as it was written",
    async check({ expect, session }) {
      await session.setMany(SAMPLES);
      for (const [name, value] of Object.entries(SAMPLES)) {
        const read = await session.get(name);
        expect(read).toEqual(value);
        expect(Object(read).constructor).toBe(Object(value).constructor);
      }
      expect(Object.fromEntries(await session.getAll())).toEqual(SAMPLES);
    },
  },
  {
    name: "a value read is a copy",
    async check({ expect, session }) {
      const given = { tools: ["a"] };
      await session.set("config", given);
      given.tools.push("b");
      ((await session.get("config")) as typeof given).tools.push("c");
      expect(await session.get("config")).toEqual({ tools: ["a"] });
    },
  },
  {
    name: 'integers: "bigint" reads every integer as a bigint, inside values too',
    integers: "bigint",
    async check({ expect, session }) {
      await session.set("x", { a: [1, 1.5] });
      expect(await session.get("x")).toEqual({ a: [1n, 1.5] });
      expect(await session.increment("n", 2)).toBe(2n);
      expect(await session.updateVariable("n", (n) => (n as bigint) + 1n)).toBe(3n);
    },
  },
  {
    name: "an entry has the type, size, revision and times of its variable",
    manualTime: true,
    async check({ expect, session, clock }) {
      const createdAtMs = clock.now();
      await session.set("x", 1);
      clock.advance(5);
      const revision = await session.set("x", "text", { ttlMs: 1_000 });
      const entry = await session.getEntry("x");
      const times = { createdAtMs, updatedAtMs: createdAtMs + 5, expiresAtMs: createdAtMs + 1_005 };
      const info = { name: "x", type: "string", encoding: "", sizeBytes: 5, revision, ...times };
      expect(entry).toEqual({ ...info, value: "text" });
      expect(await session.list()).toEqual([info]);
    },
  },
  {
    name: "getMany reads names or a prefix, missing ones left out, in byte order of the names",
    async check({ expect, session }) {
      const names = ["b", "a", "\u{1f434}", "｡", "__proto__", "a/1"];
      await session.setMany(new Map(names.map((name) => [name, `value of ${name}`])));
      const ordered = ["__proto__", "a", "a/1", "b", "｡", "\u{1f434}"];
      expect([...(await session.getAll())]).toEqual(ordered.map((name) => [name, `value of ${name}`]));
      expect([...(await session.getMany({ prefix: "a" })).keys()]).toEqual(["a", "a/1"]);
      expect([...(await session.getMany(["b", "nothing", "a", "b"])).keys()]).toEqual(["a", "b"]);
      expect([...(await session.getMany([])).keys()]).toEqual([]);
      expect((await session.list("a")).map((info) => info.name)).toEqual(["a", "a/1"]);
    },
  },
  {
    name: "what is read at once is one consistent state",
    async check({ expect, session, fixture }) {
      const names = Array.from({ length: 20 }, (_, i) => `v${i}`);
      const write = (value: number) => session.setMany(Object.fromEntries(names.map((name) => [name, value])));
      const reader = fixture.directory().session("s");
      await write(0);
      const writing = (async () => {
        for (let i = 1; i <= 30; i++) await write(i);
      })();
      for (let i = 0; i < 30; i++) expect(new Set((await reader.getAll()).values()).size).toBe(1);
      await writing;
    },
  },
  {
    name: "a schema gives its own value, and refuses what does not fit with the path",
    async check({ expect, session, refused }) {
      await session.setMany({ good: { n: 1, more: true }, bad: { n: "1" } });
      expect(await session.get("good", numbered)).toEqual({ n: 1 });
      expect((await session.getEntry("good", numbered))?.value.n).toBe(1);
      expect(await session.get("missing", numbered)).toBe(undefined);
      await refused(session.get("bad", numbered), "TypeMismatchError", "TYPE_MISMATCH", { name: "bad", path: "bad.tools[3].n" });
    },
  },
];
