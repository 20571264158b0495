/** What comes out of a store is what went in: values, texts, numbers, and the store's two own numbers. */
import {
  bytesOf,
  contents,
  create,
  expire,
  extend,
  hex,
  key,
  NOW_MS,
  plainSession,
  R1,
  record,
  remove,
  variable,
  write,
} from "./samples.ts";
import type { Law } from "./stage.ts";

const A = key("a");

/** Texts that some store somewhere confuses with one another, or with something of its own. */
const TEXTS = [
  "x",
  "X",
  " x",
  "x ",
  "é",
  "e\u0301",
  "ß",
  "ss",
  "\u{1f600}",
  "\uffee",
  "\u{10ffff}",
  "\u0130",
  "i",
  "0",
  "00",
  "0x0",
  "1e3",
  "1000",
  "null",
  "__proto__",
  "constructor",
  "toString",
  "a/b",
  "a\\b",
  "100%",
  "a_b",
  "'; DROP TABLE sessions; --",
  '"',
  "$1",
  "\u200b",
  "\u{e0001}",
  "\ud7ff",
  "\ue000",
];

const valueLaws: readonly Law[] = [
  {
    name: "[P3] values of every size come back byte for byte",
    async check({ store, expect }) {
      const sizes = [0, 1, 2, 63, 64, 65, 255, 1000, 4095, 4096, 4097, 5000, 65_536, 100_000];
      const set = sizes.map((size) => variable(`size ${size}`, { bytes: bytesOf(size, size) }));
      await store.save([create(A, set)]);
      expect(await contents(store, A)).toEqual(plainSession(record(R1), set));
    },
  },
  {
    name: "load gives every value of at most 4 KiB, and the size of each",
    async check({ store, expect }) {
      const sizes = [0, 1, 4095, 4096, 4097, 9000];
      await store.save([
        create(
          A,
          sizes.map((size) => variable(String(size), { bytes: bytesOf(size) })),
        ),
      ]);
      const loaded = await store.load(A);
      for (const { name, bytes, sizeBytes } of loaded?.variables ?? []) {
        expect(sizeBytes).toBe(Number(name));
        if (sizeBytes <= 4096 || bytes !== undefined) expect(hex(bytes)).toBe(hex(bytesOf(sizeBytes)));
      }
      expect(loaded?.variables.length).toBe(sizes.length);
    },
  },
  {
    name: "a value that crosses 4 KiB, up or down, is the new one",
    async check({ store, expect }) {
      const [small, large] = [variable("v", { bytes: bytesOf(10, 1) }), variable("v", { bytes: bytesOf(9000, 2), revision: R1 + 1 })];
      await store.save([create(A, [small])]);
      await store.save([write(A, R1, { set: [large] })]);
      expect(await contents(store, A)).toEqual(plainSession(record(R1 + 1), [large]));
      const again = variable("v", { bytes: bytesOf(11, 3), revision: R1 + 2 });
      await store.save([write(A, R1 + 1, { set: [again] })]);
      expect(await contents(store, A)).toEqual(plainSession(record(R1 + 2), [again]));
    },
  },
  {
    name: "bytes inside a larger buffer are stored alone, and bytes that were given stay whole",
    async check({ store, expect }) {
      const around = bytesOf(20_000);
      const before = hex(around);
      const set = [variable("small", { bytes: around.subarray(3, 9) }), variable("large", { bytes: around.subarray(100, 9_000) })];
      const expected = plainSession(record(R1), set);
      await store.save([create(A, set)]);
      expect(await contents(store, A)).toEqual(expected);
      expect(hex(around)).toBe(before);
    },
  },
  {
    name: "loadValues gives exactly the revisions asked for and leaves out what is not there",
    async check({ store, expect }) {
      for (const size of [3, 9000]) {
        const of = key(`of ${size}`);
        const [old, kept] = [variable("v", { bytes: bytesOf(size, 1) }), variable("w", { bytes: bytesOf(size, 2) })];
        const now = variable("v", { bytes: bytesOf(size, 3), revision: R1 + 1 });
        await store.save([create(of, [old, kept]), write(of, R1, { set: [now] })]);
        const refs = [old, { name: "w", revision: R1 }, { name: "w", revision: R1 + 1 }, { name: "absent", revision: R1 }];
        expect([...(await store.loadValues(of, refs))].map(([name, bytes]) => [name, hex(bytes)])).toEqual([["w", hex(kept.bytes)]]);
        expect(hex((await store.loadValues(of, [now])).get("v"))).toBe(hex(now.bytes));
      }
      expect((await store.loadValues(key("of 3"), [])).size).toBe(0);
      expect((await store.loadValues(key("absent"), [variable("v")])).size).toBe(0);
    },
  },
];

const textLaws: readonly Law[] = [
  {
    name: "names and encodings are compared as bytes and come back as they were",
    async check({ store, expect }) {
      const set = TEXTS.map((name, i) => variable(name, { bytes: Uint8Array.of(i), encoding: `${name}!`, type: "custom" }));
      await store.save([create(A, set)]);
      expect(await contents(store, A)).toEqual(plainSession(record(R1), set));
      const gone = TEXTS.filter((_, i) => i % 2 === 0);
      await store.save([write(A, R1, { removed: gone })]);
      const kept = set.filter(({ name }) => !gone.includes(name));
      expect(await contents(store, A)).toEqual(plainSession(record(R1 + 1), kept));
    },
  },
  {
    name: "ids and tenants are compared as bytes: every pair is a session of its own",
    async check({ store, expect }) {
      const keys = TEXTS.flatMap((text) => [key(text), key("one id", text), key(text, text)]);
      const set = keys.map((_, i) => [variable("which", { bytes: Uint8Array.of(i) })]);
      const outcomes = await store.save(keys.map((of, i) => create(of, set[i])));
      expect(outcomes).toEqual(keys.map(() => "saved"));
      for (const [i, of] of keys.entries()) expect(await contents(store, of)).toEqual(plainSession(record(R1), set[i] ?? []));
    },
  },
  {
    name: "labels come back as they were, whatever their keys and values",
    async check({ store, expect }) {
      for (let i = 0; i < TEXTS.length; i += 16) {
        const some = TEXTS.slice(i, i + 16);
        const labels = Object.fromEntries(some.map((text, at) => [text, some[some.length - 1 - at] as string]));
        await store.save([create(key(`labels ${i}`), [], { labels })]);
        expect(await contents(store, key(`labels ${i}`))).toEqual(plainSession(record(R1, { labels }), []));
      }
    },
  },
];

const numberLaws: readonly Law[] = [
  {
    name: "times and revisions come back to the last digit, and an absent time stays absent",
    async check({ store, expect }) {
      const far = Number.MAX_SAFE_INTEGER;
      const set = [
        variable("far", { revision: far, createdAtMs: 1, updatedAtMs: far - 1, expiresAtMs: far }),
        variable("near", { revision: 1, createdAtMs: 0, updatedAtMs: 0, expiresAtMs: 1 }),
        variable("never", { revision: 2 ** 50 + 1 }),
      ];
      const parts = { revision: far, createdAtMs: 0, accessedAtMs: far - 2, ttlMs: far - 3, endsAtMs: far - 4, expiresAtMs: far - 5 };
      await store.save([create(A, set, parts), create(key("never"), [], { ttlMs: undefined, expiresAtMs: undefined })]);
      expect(await contents(store, A)).toEqual(plainSession(record(far, parts), set));
      expect(await contents(store, key("never"))).toEqual(plainSession(record(R1, { ttlMs: undefined, expiresAtMs: undefined }), []));
      expect(await store.save([write(A, far - 1)])).toEqual(["conflict"]);
      expect(await store.save([remove(A, far, far)])).toEqual(["saved"]);
    },
  },
  {
    name: "a new store remembers nothing, and opening again answers the numbers of the moment",
    async check({ store, opened, expect }) {
      expect(opened).toEqual({ lastNowMs: 0, lastDeletedRevision: 0 });
      await store.save([create(A)]);
      expect(await store.open()).toEqual({ lastNowMs: NOW_MS, lastDeletedRevision: 0 });
    },
  },
  {
    name: "[P1] the last deleted revision is the highest of sessions deleted or expired, not of conflicts, writes or expired variables",
    async check({ store, expect }) {
      const at = async (): Promise<number> => (await store.open()).lastDeletedRevision;
      await store.save([create(A), create(key("b"), [variable("x")]), create(key("c"))]);
      await store.save([write(A, R1), expire(key("b"), R1, ["x"]), remove(key("c"), R1 + 7, R1 + 8)]);
      expect(await at()).toBe(0);
      await store.save([remove(A, R1 + 1, R1 + 50)]);
      expect(await at()).toBe(R1 + 50);
      await store.save([remove(key("c"), R1, R1 + 20)]);
      expect(await at()).toBe(R1 + 50);
      await store.save([create(A, [], { revision: R1 + 60 }), expire(A, R1 + 60), expire(key("b"), R1 + 1)]);
      expect(await at()).toBe(R1 + 61);
    },
  },
  {
    name: "the last now is the greatest that was saved",
    async check({ store, expect }) {
      const at = async (): Promise<number> => (await store.open()).lastNowMs;
      await store.save([{ ...create(A), nowMs: NOW_MS + 5 }, create(key("b"))]);
      expect(await at()).toBe(NOW_MS + 5);
      await store.save([{ ...extend(A, NOW_MS + 4_000_000), nowMs: NOW_MS + 9 }]);
      await store.save([write(A, R1)]);
      expect(await at()).toBe(NOW_MS + 9);
    },
  },
];

/** Every law about exactness. */
export const exactnessLaws: readonly Law[] = [...valueLaws, ...textLaws, ...numberLaws];
