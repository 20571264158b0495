/** Listings of sessions, and what is due. */
import type { SessionPersistence, SessionQuery } from "../../persistence.ts";
import { create, extend, idsOf, key, NOW_MS, plainRecord, query, R1, record, remove, variable, write } from "./samples.ts";
import type { Law } from "./stage.ts";

/** In the order of their UTF-8 bytes, which is not that of UTF-16: there, U+1F600 comes before U+FFEE. */
const ORDERED = ["A", "B", "a", "aa", "a\u0301", "b", "\u00e1", "\ud7ff", "\ue000", "\uffee", "\u{10000}", "\u{1f600}", "\u{10ffff}"];

/** Every id that paging gives; `between` runs after each page. */
async function pages(
  store: SessionPersistence,
  parts: Partial<SessionQuery>,
  between: (page: number) => Promise<void> = async () => {},
): Promise<string[][]> {
  const all: string[][] = [];
  for (let after: string | undefined = ""; after !== undefined; ) {
    const page = await store.listSessions(query({ ...parts, after }));
    all.push(page.items.map((item) => item.key.id));
    after = page.next;
    await between(all.length);
  }
  return all;
}

const listingLawsAlone: readonly Law[] = [
  {
    name: "a listing gives keys and records, in byte order of the ids",
    async check({ store, expect }) {
      const shuffled = ORDERED.map((_, i) => ORDERED[(i * 5 + 2) % ORDERED.length] as string);
      const parts = { labels: { a: "b" }, ttlMs: undefined, variableCount: 7, sizeBytes: 8 };
      await store.save(shuffled.map((id) => create(key(id), [variable("x")], parts)));
      const page = await store.listSessions(query());
      expect(page.items.map((item) => item.key)).toEqual(ORDERED.map((id) => key(id)));
      expect(page.items.map((item) => plainRecord(item.record))).toEqual(ORDERED.map(() => plainRecord(record(R1, parts))));
      expect(page.next).toBe(undefined);
    },
  },
  {
    name: "pages have at most their limit, give each id once, and the last one says so",
    async check({ store, expect }) {
      await store.save(ORDERED.map((id) => create(key(id))));
      for (const limit of [1, 2, 5, ORDERED.length - 1, ORDERED.length, 100]) {
        const all = await pages(store, { limit });
        expect(all.flat()).toEqual(ORDERED);
        expect(all.length).toBe(Math.ceil(ORDERED.length / limit));
        for (const page of all) expect(page.length <= limit).toBe(true);
      }
      expect(await idsOf(store, { after: "aaa" })).toEqual(ORDERED.slice(ORDERED.indexOf("aa") + 1));
    },
  },
  {
    name: "paging gives what is there all the while exactly once, whatever comes and goes",
    async check({ store, expect }) {
      const id = (n: number): string => `s${String(n).padStart(3, "0")}`;
      const stay = Array.from({ length: 60 }, (_, i) => id(i * 4));
      const leave = Array.from({ length: 60 }, (_, i) => id(i * 4 + 1));
      await store.save([...stay, ...leave].map((one) => create(key(one))));
      const all = await pages(store, { limit: 7 }, async (page) => {
        const going = leave.splice(page % 3, 4).map((one) => remove(key(one), R1));
        await store.save([
          ...going,
          create(key(id(page * 12 + 2))),
          create(key(id(200 - page * 8 + 3))),
          write(key(stay[page] as string), R1),
        ]);
      });
      expect(all.flat().filter((one) => stay.includes(one))).toEqual(stay);
      expect(new Set(all.flat()).size).toBe(all.flat().length);
    },
  },
  {
    name: "[P17] a listing has what was created before it and not what was deleted before it",
    async check({ store, expect }) {
      await store.save([create(key("b"))]);
      expect(await idsOf(store)).toEqual(["b"]);
      await store.save([create(key("a"))]);
      expect(await idsOf(store)).toEqual(["a", "b"]);
      await store.save([remove(key("b"), R1)]);
      expect(await idsOf(store)).toEqual(["a"]);
    },
  },
  {
    name: "a prefix is bytes: nothing in it is a pattern, and case counts",
    async check({ store, expect }) {
      const ids = [
        "%",
        "%a",
        "A",
        "_",
        "_b",
        "a",
        "a%b",
        "a\uffff",
        "ab",
        "a\u{10ffff}",
        "a\u{10ffff}z",
        "b",
        "\u{10ffff}",
        "\u{10ffff}\u{10ffff}",
      ];
      await store.save(ids.map((id) => create(key(id))));
      expect((await idsOf(store)).length).toBe(ids.length);
      for (const prefix of ["%", "_", "a", "A", "a%", "a\u{10ffff}", "\u{10ffff}", "\u{10ffff}\u{10ffff}", "ab", "abc", "\u{1f600}"]) {
        const expected = ids.filter((id) => id.startsWith(prefix));
        expect((await idsOf(store, { prefix })).sort()).toEqual(expected.sort());
        expect((await pages(store, { prefix, limit: 1 })).flat().sort()).toEqual(expected.sort());
      }
    },
  },
  {
    name: "labels are filtered by equality, and all of them must be there",
    async check({ store, expect }) {
      const proto = Object.fromEntries([["__proto__", "1"]]);
      await store.save([
        create(key("1"), [], { labels: { env: "prod", team: "x" } }),
        create(key("2"), [], { labels: { env: "prod" } }),
        create(key("3"), [], { labels: { env: "Prod", empty: "" } }),
        create(key("4"), [], { labels: proto }),
        create(key("5"), [], { labels: { "a.b": "c", '"': "$" } }),
        create(key("6")),
      ]);
      expect(await idsOf(store, { labels: { env: "prod" } })).toEqual(["1", "2"]);
      expect(await idsOf(store, { labels: { env: "prod", team: "x" } })).toEqual(["1"]);
      expect(await idsOf(store, { labels: { empty: "" } })).toEqual(["3"]);
      expect(await idsOf(store, { labels: proto })).toEqual(["4"]);
      expect(await idsOf(store, { labels: { "a.b": "c", '"': "$" } })).toEqual(["5"]);
      expect(await idsOf(store, { labels: { toString: "" } })).toEqual([]);
      expect(await pages(store, { labels: { env: "prod" }, limit: 1 })).toEqual([["1"], ["2"]]);
    },
  },
  {
    name: "a write's labels are the ones that count",
    async check({ store, expect }) {
      await store.save([create(key("1"), [], { labels: { v: "old" } }), write(key("1"), R1, { record: { labels: { v: "new" } } })]);
      expect([await idsOf(store, { labels: { v: "old" } }), await idsOf(store, { labels: { v: "new" } })]).toEqual([[], ["1"]]);
    },
  },
  {
    name: "a tenant sees its own sessions only",
    async check({ store, expect }) {
      await store.save([create(key("1")), create(key("2", "t")), create(key("3", "T")), create(key("1", "t"))]);
      expect([await idsOf(store), await idsOf(store, { tenant: "t" }), await idsOf(store, { tenant: "none" })]).toEqual([
        ["1"],
        ["1", "2"],
        [],
      ]);
    },
  },
  {
    name: "[P8] a session is not listed from its deadline on, whether or not anything has removed it",
    async check({ store, expect }) {
      await store.save([
        create(key("1"), [], { expiresAtMs: NOW_MS - 1 }),
        create(key("2"), [], { expiresAtMs: NOW_MS }),
        create(key("3"), [], { expiresAtMs: NOW_MS + 1 }),
        create(key("4"), [], { expiresAtMs: undefined }),
      ]);
      expect(await idsOf(store)).toEqual(["3", "4"]);
      expect(await idsOf(store, { nowMs: NOW_MS + 1 })).toEqual(["4"]);
      expect(await pages(store, { limit: 1 })).toEqual([["3"], ["4"]]);
    },
  },
];

const dueIds = async (store: SessionPersistence, nowMs: number, limit = 100): Promise<string[]> =>
  (await store.due(nowMs, limit)).map((item) => item.key.id);

const dueLaws: readonly Law[] = [
  {
    name: "[P8] sessions are due from their own or a variable's deadline on, the earliest first, at most as many as asked for",
    async check({ store, expect }) {
      const soon = (ms: number) => [variable("never"), variable("soon", { expiresAtMs: NOW_MS + ms })];
      await store.save([
        create(key("own 30"), [], { expiresAtMs: NOW_MS + 30 }),
        create(key("variable 10"), soon(10)),
        create(key("both"), soon(50), { expiresAtMs: NOW_MS + 20 }),
        create(key("never"), [variable("x")], { expiresAtMs: undefined }),
        create(key("other", "tenant"), soon(40), { expiresAtMs: undefined }),
      ]);
      expect(await dueIds(store, NOW_MS + 9)).toEqual([]);
      expect(await dueIds(store, NOW_MS + 10)).toEqual(["variable 10"]);
      expect(await dueIds(store, NOW_MS + 100)).toEqual(["variable 10", "both", "own 30", "other"]);
      expect(await dueIds(store, NOW_MS + 100, 2)).toEqual(["variable 10", "both"]);
      const [first] = await store.due(NOW_MS + 10, 1);
      expect([first?.key, first && plainRecord(first.record)]).toEqual([key("variable 10"), plainRecord(record(R1))]);
      const deadlines = (await store.due(NOW_MS + 100, 9)).map((item) => item.dueAtMs);
      expect(deadlines).toEqual([10, 20, 30, 40].map((ms) => NOW_MS + ms));
      const listed = (await store.listSessions(query())).items.map((item) => [item.key.id, item.dueAtMs]);
      expect(listed).toEqual([
        ["both", NOW_MS + 20],
        ["never", undefined],
        ["own 30", NOW_MS + 30],
        ["variable 10", NOW_MS + 10],
      ]);
    },
  },
  {
    name: "what is due follows writes, extensions, expiries and deletions",
    async check({ store, expect }) {
      const all = ["replaced", "removed", "extended", "gone", "shortened", "added"];
      const soon = { expiresAtMs: NOW_MS + 10 };
      await store.save([
        ...["replaced", "removed"].map((id) => create(key(id), [variable("v", soon)])),
        ...["extended", "gone"].map((id) => create(key(id), [], soon)),
        ...["shortened", "added"].map((id) => create(key(id))),
      ]);
      expect((await dueIds(store, NOW_MS + 10)).sort()).toEqual(all.slice(0, 4).sort());
      await store.save([
        write(key("replaced"), R1, { set: [variable("v")] }),
        write(key("removed"), R1, { removed: ["v"] }),
        extend(key("extended"), NOW_MS + 1000),
        remove(key("gone"), R1),
        write(key("shortened"), R1, { record: soon }),
        write(key("added"), R1, { set: [variable("v", soon)] }),
      ]);
      expect((await dueIds(store, NOW_MS + 10)).sort()).toEqual(["added", "shortened"]);
      expect((await dueIds(store, NOW_MS + 1000)).sort()).toEqual(["added", "extended", "shortened"]);
    },
  },
];

/** Every law about listings and deadlines. */
export const listingLaws: readonly Law[] = [...listingLawsAlone, ...dueLaws];
