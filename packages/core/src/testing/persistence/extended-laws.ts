/** Laws at size, under concurrency, and across a restart. */
import {
  bytesOf,
  contents,
  create,
  extend,
  hex,
  idsOf,
  key,
  NOW_MS,
  plainSession,
  query,
  R1,
  record,
  remove,
  variable,
  write,
} from "./samples.ts";
import type { Law } from "./stage.ts";

const A = key("a");

/** Laws of every store. */
export const extendedLaws: readonly Law[] = [
  {
    name: "it says of itself what it was announced to be",
    async check({ store, subject, expect }) {
      expect(store.capabilities.survives).toBe(subject.survives);
    },
  },
  {
    name: "a value of 1 MiB comes back byte for byte",
    async check({ store, expect }) {
      const large = variable("large", { bytes: bytesOf(1024 * 1024) });
      await store.save([create(A, [large, variable("small")])]);
      const values = await store.loadValues(A, [large]);
      expect(hex(values.get("large")) === hex(large.bytes)).toBe(true);
    },
  },
  {
    name: "2,000 sessions are listed and due completely, page by page",
    async check({ store, expect }) {
      const ids = Array.from({ length: 2000 }, (_, i) => `session ${String(i).padStart(4, "0")}`);
      await store.save(ids.map((id, i) => create(key(id), [variable("v")], { expiresAtMs: NOW_MS + 1 + i })));
      const seen: string[] = [];
      for (let after: string | undefined = ""; after !== undefined; ) {
        const page = await store.listSessions(query({ after, limit: 300 }));
        seen.push(...page.items.map((item) => item.key.id));
        after = page.next;
      }
      expect(seen).toEqual(ids);
      expect((await store.due(NOW_MS + 1500, 5000)).map((item) => item.key.id)).toEqual(ids.slice(0, 1500));
      expect((await idsOf(store, { nowMs: NOW_MS + 1999, limit: 5000 })).length).toBe(1);
    },
  },
  {
    name: "[P17] a load beside a save sees whole commits, and every one that was answered before it",
    async check({ store, expect }) {
      const pair = (n: number) => ["x", "y"].map((name) => variable(name, { bytes: bytesOf(n % 2 ? 5 : 6000, n), revision: R1 + n }));
      await store.save([create(A, pair(0))]);
      let answered = R1;
      const check = async (): Promise<void> => {
        const atLeast = answered;
        const session = await store.load(A);
        const revisions = session?.variables.map((one) => one.revision) ?? [];
        expect(revisions).toEqual([session?.record.revision, session?.record.revision]);
        expect((session?.record.revision ?? 0) >= atLeast).toBe(true);
      };
      const loads: Promise<void>[] = [];
      for (let n = 1; n <= 25; n++) {
        const saving = store.save([write(A, R1 + n - 1, { set: pair(n) })]);
        loads.push(check());
        expect(await saving).toEqual(["saved"]);
        answered = R1 + n;
        loads.push(check());
      }
      await Promise.all(loads);
      expect(await contents(store, A)).toEqual(plainSession(record(R1 + 25), pair(25)));
    },
  },
];

/** Laws of a store that survives anything. */
export const survivalLaws: readonly Law[] = [
  {
    name: "opened again, it has every session as it was, and none that was deleted",
    async check({ store, reopen, expect }) {
      const set = [variable("small"), variable("large", { bytes: bytesOf(9000) }), variable("soon", { expiresAtMs: NOW_MS + 1 })];
      await store.save([create(A, set, { labels: { a: "b" } }), create(key("b")), create(key("c"))]);
      await store.save([write(key("b"), R1, { set: [variable("w")] }), remove(key("c"), R1), extend(A, NOW_MS + 9_000_000)]);
      const again = (await reopen()).store;
      expect(await contents(again, A)).toEqual(plainSession(record(R1, { labels: { a: "b" }, expiresAtMs: NOW_MS + 9_000_000 }), set));
      expect(await contents(again, key("b"))).toEqual(plainSession(record(R1 + 1), [variable("w")]));
      expect(await again.load(key("c"))).toBe(undefined);
      expect(await idsOf(again)).toEqual(["a", "b"]);
      expect((await again.due(NOW_MS + 1, 10)).map((item) => item.key)).toEqual([A]);
    },
  },
  {
    name: "[P1] opened again, it remembers the last now and the last deleted revision, and writes go on from where they were",
    async check({ store, reopen, expect }) {
      await store.save([create(A), create(key("b")), { ...remove(key("b"), R1, R1 + 70), nowMs: NOW_MS + 3 }]);
      const { store: again, opened } = await reopen();
      expect(opened).toEqual({ lastNowMs: NOW_MS + 3, lastDeletedRevision: R1 + 70 });
      expect(await again.save([write(A, R1 - 1)])).toEqual(["conflict"]);
      expect(await again.save([write(A, R1)])).toEqual(["saved"]);
      expect((await reopen()).opened).toEqual({ lastNowMs: NOW_MS + 3, lastDeletedRevision: R1 + 70 });
    },
  },
  {
    name: "its bytes are its own: changing them after the call, or after a load, changes nothing in it",
    async check({ store, expect }) {
      const given = ["small", "large"].map((name) => variable(name, { bytes: bytesOf(name === "small" ? 9 : 9000) }));
      const expected = plainSession(record(R1), given);
      const saving = store.save([create(A, given)]);
      for (const { bytes } of given) bytes.fill(0xee);
      await saving;
      expect(await contents(store, A)).toEqual(expected);
      for (const { bytes } of (await store.load(A))?.variables ?? []) bytes?.fill(0xdd);
      for (const bytes of (await store.loadValues(A, given)).values()) bytes?.fill(0xcc);
      expect(await contents(store, A)).toEqual(expected);
    },
  },
];
