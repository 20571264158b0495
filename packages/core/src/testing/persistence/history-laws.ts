/** How a store keeps the earlier states of variables: the section `history`. */
import { bytesOf, contents, create, expire, hex, key, NOW_MS, plainSession, R1, record, remove, variable, write } from "./samples.ts";
import { both, ended, history, plainSections, sectionsOf, valueAt } from "./section-samples.ts";
import type { Law } from "./stage.ts";

const A = key("a");

/** For every store with the section. */
export const historyLaws: readonly Law[] = [
  {
    name: "what a write keeps is history as the store had it, byte for byte, and the present is what was written",
    async check({ store, expect }) {
      const before = both(R1, { encoding: "app.v1", type: "custom", expiresAtMs: NOW_MS + 50 });
      const after = both(R1 + 1);
      const unchanged = variable("unchanged");
      await store.save([create(A, [...before, unchanged])]);
      expect(await store.save([write(A, R1, { set: after, sections: history({ kept: before }) })])).toEqual(["saved"]);
      expect(await sectionsOf(store, A)).toEqual(plainSections({ sinceRevision: R1, entries: before }));
      expect(await contents(store, A)).toEqual(plainSession(record(R1 + 1), [...after, unchanged]));
    },
  },
  {
    name: "variables that end leave what they were and that they ended, deleted or expired",
    async check({ store, expect }) {
      const [gone, over] = both();
      await store.save([create(A, both())]);
      const deletion = history({ kept: [gone as never], ended: [ended("small", R1 + 1)] });
      await store.save([write(A, R1, { removed: ["small"], sections: deletion })]);
      const expiry = history({ kept: [over as never], ended: [ended("large", R1 + 2, "expire")] });
      await store.save([expire(A, R1 + 1, ["large"], expiry)]);
      const entries = [...both(), ended("small", R1 + 1), ended("large", R1 + 2, "expire")];
      expect(await sectionsOf(store, A)).toEqual(plainSections({ sinceRevision: R1, entries }));
      expect((await store.load(A))?.variables).toEqual([]);
    },
  },
  {
    name: "loadValues gives the present value and every kept one, each by its own revision, and no other",
    async check({ store, expect }) {
      await store.save([create(A, both())]);
      for (const n of [1, 2, 3]) {
        await store.save([write(A, R1 + n - 1, { set: both(R1 + n), sections: history({ kept: both(R1 + n - 1) }) })]);
      }
      for (const n of [0, 1, 2, 3]) {
        for (const one of both(R1 + n)) expect(await valueAt(store, A, one)).toBe(hex(one.bytes));
      }
      expect([...(await store.loadValues(A, [{ name: "large", revision: R1 + 4 }]))]).toEqual([]);
      expect([...(await store.loadValues(A, [{ name: "small", revision: R1 - 1 }]))]).toEqual([]);
    },
  },
  {
    name: "dropped entries are gone with their values, in the write that keeps others, and a history of which all is dropped is empty",
    async check({ store, expect }) {
      await store.save([create(A, both())]);
      await store.save([write(A, R1, { set: both(R1 + 1), sections: history({ kept: both() }) })]);
      const next = history({ sinceRevision: R1 + 1, kept: both(R1 + 1), dropped: both() });
      await store.save([write(A, R1 + 1, { set: both(R1 + 2), sections: next })]);
      expect(await sectionsOf(store, A)).toEqual(plainSections({ sinceRevision: R1 + 1, entries: both(R1 + 1) }));
      for (const one of both()) expect(await valueAt(store, A, one)).toBe(undefined);
      const none = history({ sinceRevision: R1 + 3, dropped: [...both(R1 + 1), { name: "large", revision: R1 + 3 }] });
      await store.save([write(A, R1 + 2, { sections: none })]);
      expect(await sectionsOf(store, A)).toEqual(plainSections({ sinceRevision: R1 + 3 }));
    },
  },
  {
    name: "ended entries are dropped like the others",
    async check({ store, expect }) {
      await store.save([create(A, both())]);
      await store.save([write(A, R1, { removed: ["small"], sections: history({ ended: [ended("small", R1 + 1)] }) })]);
      await store.save([write(A, R1 + 1, { sections: history({ dropped: [{ name: "small", revision: R1 + 1 }] }) })]);
      expect(await sectionsOf(store, A)).toEqual(plainSections({ sinceRevision: R1 }));
    },
  },
  {
    name: "without a sinceRevision all of it goes, and a write that says nothing of it leaves it as it is",
    async check({ store, expect }) {
      await store.save([create(A, both())]);
      const sections = history({ kept: both(), ended: [ended("other", R1 + 1)] });
      await store.save([write(A, R1, { set: both(R1 + 1), sections })]);
      await store.save([write(A, R1 + 1, { set: [variable("other", { revision: R1 + 2 })] })]);
      expect((await sectionsOf(store, A))?.entries.length).toBe(3);
      await store.save([write(A, R1 + 2, { sections: { history: { sinceRevision: undefined, kept: [], ended: [], dropped: [] } } })]);
      expect(await sectionsOf(store, A)).toEqual(plainSections({}));
      expect((await store.load(A))?.history).toBe(undefined);
      for (const one of both()) expect(await valueAt(store, A, one)).toBe(undefined);
      for (const one of both(R1 + 1)) expect(await valueAt(store, A, one)).toBe(hex(one.bytes));
    },
  },
  {
    name: "[P1] a write on another base conflicts and changes nothing of it",
    async check({ store, expect }) {
      await store.save([create(A, both()), write(A, R1, { set: both(R1 + 1), sections: history({ kept: both() }) })]);
      const sections = history({ sinceRevision: R1 + 9, kept: both(R1 + 1), ended: [ended("x", R1 + 2)], dropped: both() });
      for (const base of [R1, R1 + 2]) {
        expect(await store.save([write(A, base, { removed: ["small"], sections })])).toEqual(["conflict"]);
      }
      expect(await sectionsOf(store, A)).toEqual(plainSections({ sinceRevision: R1, entries: both() }));
    },
  },
  {
    name: "[P8] a session is due when an entry of its history is, until that is dropped",
    async check({ store, expect }) {
      const secret = variable("small", { expiresAtMs: NOW_MS + 40 });
      await store.save([create(A, [secret]), create(key("b"))]);
      await store.save([write(A, R1, { set: both(R1 + 1), sections: history({ kept: [secret] }) })]);
      expect(await store.due(NOW_MS + 39, 9)).toEqual([]);
      expect((await store.due(NOW_MS + 40, 9)).map((item) => [item.key.id, item.dueAtMs])).toEqual([["a", NOW_MS + 40]]);
      await store.save([expire(A, R1 + 1, [], history({ sinceRevision: R1 + 1, dropped: [secret] }))]);
      expect(await store.due(NOW_MS + 40, 9)).toEqual([]);
      expect(await sectionsOf(store, A)).toEqual(plainSections({ sinceRevision: R1 + 1 }));
    },
  },
  {
    name: "it goes with its session, deleted or expired, and a new one of the same id has none",
    async check({ store, expect }) {
      await store.save([create(A, both()), write(A, R1, { set: both(R1 + 1), sections: history({ kept: both() }) })]);
      for (const ending of [remove(A, R1 + 1), expire(A, R1)]) {
        expect(await store.save([ending, create(A, [variable("new")])])).toEqual(["saved", "saved"]);
        expect(await sectionsOf(store, A)).toEqual(plainSections({}));
        for (const one of both()) expect(await valueAt(store, A, one)).toBe(undefined);
      }
    },
  },
  {
    name: "how many entries a session keeps comes back as it was written",
    async check({ store, expect }) {
      await store.save([create(A, [], { historyEntries: 64 })]);
      expect((await store.load(A))?.record.historyEntries).toBe(64);
      await store.save([write(A, R1, { record: { historyEntries: 0 } })]);
      expect((await store.load(A))?.record.historyEntries).toBe(0);
      await store.save([write(A, R1 + 1)]);
      expect((await store.load(A))?.record.historyEntries).toBe(undefined);
      expect((await store.listSessions({ tenant: "", prefix: "", labels: {}, after: "", limit: 9, nowMs: NOW_MS })).items.length).toBe(1);
    },
  },
  {
    name: "64 entries of a variable are in the order of their revisions",
    async check({ store, expect }) {
      const at = (n: number) => variable("v", { bytes: bytesOf(n % 3 === 0 ? 5000 : 10, n), revision: R1 + n });
      await store.save([create(A, [at(0)])]);
      for (let n = 1; n <= 64; n++) await store.save([write(A, R1 + n - 1, { set: [at(n)], sections: history({ kept: [at(n - 1)] }) })]);
      const entries = Array.from({ length: 64 }, (_, n) => at(n));
      expect(await sectionsOf(store, A)).toEqual(plainSections({ sinceRevision: R1, entries }));
    },
  },
];
