/** What each kind of delta does, alone and in a batch. */
import type { SessionDelta } from "../../persistence.ts";
import { contents, create, expire, extend, key, NOW_MS, plainSession, R1, record, remove, variable, write } from "./samples.ts";
import type { Law } from "./stage.ts";

const A = key("a");
const B = key("b");
const HOUR_MS = 3_600_000;

const createLaws: readonly Law[] = [
  {
    name: "a session that was never created is not there",
    async check({ store, expect }) {
      expect(await store.load(A)).toBe(undefined);
    },
  },
  {
    name: "[P17] a created session is loaded as it was given",
    async check({ store, expect }) {
      const parts = { ttlMs: undefined, endsAtMs: NOW_MS + 9, expiresAtMs: NOW_MS + 8, labels: { team: "x", env: "" }, sizeBytes: 77 };
      const set = [variable("one"), variable("two", { expiresAtMs: NOW_MS + 5, encoding: "app.v2", type: "custom" })];
      expect(await store.save([create(A, set, parts)])).toEqual(["saved"]);
      expect(await contents(store, A)).toEqual(plainSession(record(R1, parts), set));
    },
  },
  {
    name: "[P1] creating a session that exists conflicts and changes nothing",
    async check({ store, expect }) {
      await store.save([create(A, [variable("old")])]);
      expect(await store.save([create(A, [variable("new")], { revision: R1 + 5, labels: { new: "1" } })])).toEqual(["conflict"]);
      expect(await contents(store, A)).toEqual(plainSession(record(R1), [variable("old")]));
    },
  },
];

const writeLaws: readonly Law[] = [
  {
    name: "[P3] a write adds, replaces and removes what it names, replaces the record, and leaves the rest byte for byte",
    async check({ store, expect }) {
      const kept = variable("kept", { bytes: Uint8Array.of(0, 255), expiresAtMs: NOW_MS + 1 });
      await store.save([create(A, [kept, variable("changed", { expiresAtMs: NOW_MS + 2 }), variable("gone")])]);
      const set = [variable("changed", { bytes: Uint8Array.of(9), revision: R1 + 1 }), variable("added", { revision: R1 + 1 })];
      const parts = { ttlMs: 5, expiresAtMs: NOW_MS + 5, labels: { now: "this" }, variableCount: 3 };
      expect(await store.save([write(A, R1, { set, removed: ["gone", "never there"], record: parts })])).toEqual(["saved"]);
      expect(await contents(store, A)).toEqual(plainSession(record(R1 + 1, parts), [kept, ...set]));
    },
  },
  {
    name: "[P1] a write on another base conflicts and changes nothing",
    async check({ store, expect }) {
      await store.save([create(A, [variable("x"), variable("y")])]);
      const writing = { set: [variable("x", { bytes: Uint8Array.of(6) }), variable("z")], removed: ["y"], record: { labels: { a: "b" } } };
      for (const base of [R1 - 1, R1 + 1, 0]) expect(await store.save([write(A, base, writing)])).toEqual(["conflict"]);
      expect(await contents(store, A)).toEqual(plainSession(record(R1), [variable("x"), variable("y")]));
    },
  },
  {
    name: "[P4] what follows a conflict of its session in one save conflicts too, though its base is there by chance; extensions do not",
    async check({ store, expect }) {
      await store.save([create(A, [variable("x")]), create(B)]);
      await store.save([write(A, R1, { set: [variable("rival")] })]);
      const mine = write(A, R1, { set: [variable("mine")] });
      const stacked = write(A, R1 + 1, { set: [variable("stacked")] });
      const outcomes = await store.save([mine, stacked, extend(A, NOW_MS + HOUR_MS * 2), write(B, R1, { set: [variable("y")] })]);
      expect(outcomes).toEqual(["conflict", "conflict", "saved", "saved"]);
      expect((await store.load(A))?.variables.map(({ name }) => name).sort()).toEqual(["rival", "x"]);
    },
  },
  {
    name: "a write to a session that is not there conflicts and creates nothing",
    async check({ store, expect }) {
      expect(await store.save([write(A, 0, { set: [variable("x")] }), write(B, R1, { set: [variable("x")] })])).toEqual([
        "conflict",
        "conflict",
      ]);
      expect([await store.load(A), await store.load(B)]).toEqual([undefined, undefined]);
    },
  },
];

const removalLaws: readonly Law[] = [
  {
    name: "a deleted session is gone with everything it had: created anew, it has only what it is given",
    async check({ store, expect }) {
      const large = variable("large", { bytes: new Uint8Array(5000) });
      await store.save([create(A, [variable("x"), large], { labels: { a: "b" } })]);
      expect(await store.save([remove(A, R1)])).toEqual(["saved"]);
      expect(await store.load(A)).toBe(undefined);
      expect((await store.loadValues(A, [large])).size).toBe(0);
      await store.save([create(A, [variable("y")])]);
      expect(await contents(store, A)).toEqual(plainSession(record(R1), [variable("y")]));
    },
  },
  {
    name: "[P8] variables that expire are gone, and the record is the new one",
    async check({ store, expect }) {
      await store.save([create(A, [variable("x", { expiresAtMs: NOW_MS }), variable("y")])]);
      expect(await store.save([expire(A, R1, ["x"])])).toEqual(["saved"]);
      expect(await contents(store, A)).toEqual(plainSession(record(R1 + 1, { variableCount: 0, sizeBytes: 0 }), [variable("y")]));
    },
  },
  {
    name: "[P8] a session that expires is gone with everything it had, and extending does not revive it",
    async check({ store, expect }) {
      await store.save([create(A, [variable("x")])]);
      expect(await store.save([expire(A, R1)])).toEqual(["saved"]);
      expect(await store.save([extend(A, NOW_MS + HOUR_MS)])).toEqual(["saved"]);
      expect(await store.load(A)).toBe(undefined);
    },
  },
  {
    name: "[P1] deleting and expiring on another base, or what is not there, conflict and change nothing",
    async check({ store, expect }) {
      await store.save([create(A, [variable("x")])]);
      const onAnother = [remove(A, R1 + 1), expire(A, R1 - 1), expire(A, R1 + 1, ["x"])];
      const onMissing = [remove(B, R1), expire(B, R1), expire(B, R1, ["x"]), remove(B, 0)];
      expect(await store.save([...onAnother, ...onMissing])).toEqual(Array(7).fill("conflict"));
      expect(await contents(store, A)).toEqual(plainSession(record(R1), [variable("x")]));
      expect(await store.load(B)).toBe(undefined);
    },
  },
];

const extendLaws: readonly Law[] = [
  {
    name: "[P9] extending moves the deadline and the last access later, whatever the revision, and nothing else",
    async check({ store, expect }) {
      await store.save([create(A, [variable("x")])]);
      expect(await store.save([extend(A, NOW_MS + 2 * HOUR_MS, NOW_MS + 7)])).toEqual(["saved"]);
      const extended = record(R1, { expiresAtMs: NOW_MS + 2 * HOUR_MS, accessedAtMs: NOW_MS + 7 });
      expect(await contents(store, A)).toEqual(plainSession(extended, [variable("x")]));
    },
  },
  {
    name: "[P9] extending never moves a deadline earlier, and never ends a session that has none",
    async check({ store, expect }) {
      await store.save([create(A), create(B, [], { expiresAtMs: undefined })]);
      expect(await store.save([extend(A, NOW_MS + 1), extend(B, NOW_MS + 1)])).toEqual(["saved", "saved"]);
      expect([(await store.load(A))?.record.expiresAtMs, (await store.load(B))?.record.expiresAtMs]).toEqual([NOW_MS + HOUR_MS, undefined]);
    },
  },
  {
    name: "a write after an extension may move the deadline earlier",
    async check({ store, expect }) {
      await store.save([create(A), extend(A, NOW_MS + 2 * HOUR_MS)]);
      await store.save([write(A, R1, { record: { expiresAtMs: NOW_MS + 1 } })]);
      expect((await store.load(A))?.record.expiresAtMs).toBe(NOW_MS + 1);
    },
  },
  {
    name: "extending a session that is not there is no conflict and creates nothing",
    async check({ store, expect }) {
      expect(await store.save([extend(A, NOW_MS + HOUR_MS)])).toEqual(["saved"]);
      expect(await store.load(A)).toBe(undefined);
    },
  },
];

const batchLaws: readonly Law[] = [
  {
    name: "saving nothing answers nothing",
    async check({ store, expect }) {
      expect(await store.save([])).toEqual([]);
    },
  },
  {
    name: "a delta that conflicts leaves the others of its batch as they are, and the outcomes are in their order",
    async check({ store, expect }) {
      await store.save([create(A), create(B)]);
      const batch = [
        write(A, R1, { set: [variable("x")] }),
        write(B, R1 + 9, { set: [variable("y"), variable("large", { bytes: new Uint8Array(5000) })] }),
        create(key("c"), [variable("z")]),
        create(B, [variable("y")]),
        extend(B, NOW_MS + 2 * HOUR_MS),
      ];
      expect(await store.save(batch)).toEqual(["saved", "conflict", "saved", "conflict", "saved"]);
      expect(await contents(store, A)).toEqual(plainSession(record(R1 + 1), [variable("x")]));
      expect(await contents(store, B)).toEqual(plainSession(record(R1, { expiresAtMs: NOW_MS + 2 * HOUR_MS }), []));
      expect(await contents(store, key("c"))).toEqual(plainSession(record(R1), [variable("z")]));
    },
  },
  {
    name: "[P4] the deltas of one session apply in the order given, each on what the one before left",
    async check({ store, expect }) {
      const batch: readonly SessionDelta[] = [
        create(A, [variable("x")]),
        write(A, R1, { set: [variable("y", { revision: R1 + 1 })], removed: ["x"] }),
        write(A, R1 + 1, { set: [variable("x", { revision: R1 + 2 })] }),
        expire(A, R1 + 2, ["y"]),
        remove(A, R1 + 3),
        create(A, [variable("z")], { revision: R1 + 5 }),
      ];
      expect(await store.save(batch)).toEqual(["saved", "saved", "saved", "saved", "saved", "saved"]);
      expect(await contents(store, A)).toEqual(plainSession(record(R1 + 5), [variable("z")]));
    },
  },
];

/** Every law about deltas. */
export const deltaLaws: readonly Law[] = [...createLaws, ...writeLaws, ...removalLaws, ...extendLaws, ...batchLaws];
