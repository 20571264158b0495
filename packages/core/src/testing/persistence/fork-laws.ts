/** How a store copies a session by itself [P7]: the section `fork`. */
import { bytesOf, contents, create, extend, idsOf, key, NOW_MS, plainSession, R1, record, remove, variable, write } from "./samples.ts";
import { both, checkpoint, fork, history, plainSections, sectionsOf, valueAt } from "./section-samples.ts";
import type { Law } from "./stage.ts";

const A = key("a");
const B = key("b");
const COPY = R1 + 100;

/** For every store with the section. */
export const forkLaws: readonly Law[] = [
  {
    name: "[P7] a fork has every variable of its source, byte for byte, under its own revision, and the record that was given",
    async check({ store, expect }) {
      const sizes = [0, 1, 4096, 4097, 9000, 100_000];
      const set = sizes.map((size) => variable(`size ${size}`, { bytes: bytesOf(size, size + 1), createdAtMs: NOW_MS - size }));
      const custom = variable("custom", { encoding: "app.v1", type: "custom", expiresAtMs: NOW_MS + 30, updatedAtMs: NOW_MS + 2 });
      await store.save([create(A, [...set, custom], { labels: { from: "a" } })]);
      expect(await store.save([fork(A, R1, B, { labels: { to: "b" }, sizeBytes: 99 })])).toEqual(["saved"]);
      const copied = [...set, custom].map((one) => ({ ...one, revision: COPY }));
      expect(await contents(store, B)).toEqual(plainSession(record(COPY, { labels: { to: "b" }, sizeBytes: 99 }), copied));
      expect(await contents(store, A)).toEqual(plainSession(record(R1, { labels: { from: "a" } }), [...set, custom]));
      expect((await store.due(NOW_MS + 30, 9)).map((item) => item.key.id).sort()).toEqual(["a", "b"]);
    },
  },
  {
    name: "[P7] it has its source's declarations, and not its history, checkpoints and requests",
    needs: ["history", "checkpoints", "declarations", "requests"],
    async check({ store, expect }) {
      const declared = { name: "small", schema: bytesOf(30), revision: R1 + 1 };
      const sections = { ...history({ kept: both() }), ...checkpoint({ one: R1 + 1 }), declarations: { removed: [], set: [declared] } };
      const request = { requestId: "one", digest: new Uint8Array(32), answer: undefined, atMs: NOW_MS };
      await store.save([create(A, both()), { ...write(A, R1, { set: both(R1 + 1), sections }), request }]);
      await store.save([{ ...fork(A, R1 + 1, B), request: { ...request, requestId: "two" } }]);
      expect(await sectionsOf(store, B)).toEqual(plainSections({ declarations: [declared] }));
      for (const one of both()) expect(await valueAt(store, B, one)).toBe(undefined);
      expect((await sectionsOf(store, A))?.checkpoints.length).toBe(1);
      const found = async (id: string) => (await store.findRequest?.(B, id, NOW_MS))?.request?.requestId;
      expect([await found("one"), await found("two")]).toEqual([undefined, "two"]);
    },
  },
  {
    name: "[P1] it conflicts, and changes nothing, unless the source has exactly that revision and its id is free",
    async check({ store, expect }) {
      await store.save([create(A, both()), create(key("taken"), [variable("v")])]);
      const refused = [fork(A, R1 - 1, B), fork(A, R1 + 1, B), fork(key("missing"), R1, B), fork(A, R1, key("taken")), fork(A, R1, A)];
      for (const delta of refused) expect(await store.save([delta])).toEqual(["conflict"]);
      expect(await idsOf(store)).toEqual(["a", "taken"]);
      expect(await contents(store, key("taken"))).toEqual(plainSession(record(R1), [variable("v")]));
      expect(await contents(store, A)).toEqual(plainSession(record(R1), both()));
    },
  },
  {
    name: "[P7] it conflicts when a change of its source did before it in the same save, whatever revision the source has by chance",
    async check({ store, expect }) {
      await store.save([create(A, both()), write(A, R1, { set: both(R1 + 1) })]);
      const mine = write(A, R1, { set: [variable("v", { revision: R1 + 1 })] });
      expect(await store.save([mine, fork(A, R1 + 1, B)])).toEqual(["conflict", "conflict"]);
      expect(await idsOf(store)).toEqual(["a"]);
      expect(await store.save([fork(A, R1 + 1, B)])).toEqual(["saved"]);
    },
  },
  {
    name: "[P7] both go their own ways: neither sees what the other writes, and each outlives the other",
    async check({ store, expect }) {
      await store.save([create(A, both()), fork(A, R1, B)]);
      const copied = both().map((one) => ({ ...one, revision: COPY }));
      await store.save([write(A, R1, { set: both(R1 + 1) }), write(B, COPY, { removed: ["small"] })]);
      expect(await contents(store, A)).toEqual(plainSession(record(R1 + 1), both(R1 + 1)));
      expect(await contents(store, B)).toEqual(plainSession(record(COPY + 1), copied.slice(1)));
      await store.save([remove(A, R1 + 1), fork(B, COPY + 1, key("c")), remove(B, COPY + 1), extend(key("c"), NOW_MS + 9e9)]);
      const last = copied.slice(1).map((one) => ({ ...one, revision: COPY + 101 }));
      expect(await idsOf(store)).toEqual(["c"]);
      expect(await contents(store, key("c"))).toEqual(plainSession(record(COPY + 101, { expiresAtMs: NOW_MS + 9e9 }), last));
    },
  },
  {
    name: "in one save, it copies what was written before it and not what comes after it",
    async check({ store, expect }) {
      const early = write(A, R1, { set: both(R1 + 1) });
      const late = write(A, R1 + 1, { set: both(R1 + 2) });
      const outcomes = await store.save([create(A, both()), early, fork(A, R1 + 1, B), late, fork(A, R1 + 1, key("c"))]);
      expect(outcomes).toEqual(["saved", "saved", "saved", "saved", "conflict"]);
      const copied = both(R1 + 1).map((one) => ({ ...one, revision: R1 + 101 }));
      expect(await contents(store, B)).toEqual(plainSession(record(R1 + 101), copied));
      expect(await contents(store, A)).toEqual(plainSession(record(R1 + 2), both(R1 + 2)));
    },
  },
];
