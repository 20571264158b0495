/** How a store remembers the requests that its changes answer: the section `requests`. */
import { type AnsweringDelta, REQUEST_MEMORY_BYTES, REQUEST_MEMORY_MS, type RememberedRequest } from "../../persistence.ts";
import { contents, create, expire, key, NOW_MS, plainSession, R1, record, remove, variable, write } from "./samples.ts";
import type { Law } from "./stage.ts";

const A = key("a");
const B = key("b");

const request = (requestId: string, more: Partial<RememberedRequest> = {}): RememberedRequest => ({
  requestId,
  digest: Uint8Array.of(1, 2, 3),
  answer: Uint8Array.of(0xc3),
  atMs: NOW_MS,
  ...more,
});

const answering = (delta: AnsweringDelta, answered: RememberedRequest): AnsweringDelta => ({ ...delta, request: answered });

/** For every store with the section. */
export const requestLaws: readonly Law[] = [
  {
    name: "[P6] a request is found by session and id, exactly as it was saved with its change",
    async check({ store, expect }) {
      await store.save([answering(create(A, [variable("x")]), request("one"))]);
      await store.save([answering(write(A, R1, {}), request("two", { answer: undefined, digest: new Uint8Array(32) }))]);
      expect((await store.findRequest?.(A, "one", NOW_MS))?.request).toEqual(request("one"));
      expect((await store.findRequest?.(A, "two", NOW_MS))?.request).toEqual(
        request("two", { answer: undefined, digest: new Uint8Array(32) }),
      );
      expect((await store.findRequest?.(A, "three", NOW_MS))?.request).toBe(undefined);
      expect((await store.findRequest?.(B, "one", NOW_MS))?.request).toBe(undefined);
      expect((await store.findRequest?.({ ...A, tenant: "other" }, "one", NOW_MS))?.request).toBe(undefined);
    },
  },
  {
    name: "[P6] a delta whose request is remembered conflicts and changes nothing, also within one save",
    async check({ store, expect }) {
      const once = answering(create(A, [variable("x")]), request("one"));
      const again = answering(write(A, R1, { set: [variable("y")] }), request("one", { answer: Uint8Array.of(0xc2) }));
      expect(await store.save([once, again])).toEqual(["saved", "conflict"]);
      expect(await store.save([again])).toEqual(["conflict"]);
      expect(await contents(store, A)).toEqual(plainSession(record(R1), [variable("x")]));
      expect((await store.findRequest?.(A, "one", NOW_MS))?.request).toEqual(request("one"));
    },
  },
  {
    name: "[P6] a delta that conflicts for another reason leaves its request unknown",
    async check({ store, expect }) {
      expect(await store.save([answering(write(A, R1, {}), request("one"))])).toEqual(["conflict"]);
      expect((await store.findRequest?.(A, "one", NOW_MS))?.request).toBe(undefined);
    },
  },
  {
    name: "[P6] requests are remembered across the deletion and the expiry of their session",
    async check({ store, expect }) {
      await store.save([answering(create(A), request("one")), answering(remove(A, R1), request("two"))]);
      await store.save([answering(create(B), request("one")), expire(B, R1)]);
      for (const [session, id] of [
        [A, "one"],
        [A, "two"],
        [B, "one"],
      ] as const) {
        expect((await store.findRequest?.(session, id, NOW_MS))?.request).toEqual(request(id));
      }
      expect(await store.save([answering(create(A, [], { revision: R1 + 9 }), request("one"))])).toEqual(["conflict"]);
    },
  },
  {
    name: "[P6] a request is forgotten after its time, and then says so",
    async check({ store, expect }) {
      await store.save([answering(create(A), request("one"))]);
      const last = NOW_MS + REQUEST_MEMORY_MS - 1;
      expect((await store.findRequest?.(A, "one", last))?.request).toEqual(request("one"));
      const found = await store.findRequest?.(A, "one", last + 1);
      expect(found?.request).toBe(undefined);
      expect((found?.rememberedSinceMs ?? 0) > NOW_MS).toBe(true);
      const late = { ...answering(write(A, R1, {}), request("one", { atMs: last + 1 })), nowMs: last + 1 };
      expect(await store.save([late])).toEqual(["saved"]);
    },
  },
  {
    name: "[P6] beyond a session's room its oldest requests are forgotten, and it says since when it remembers all",
    async check({ store, expect }) {
      const answer = new Uint8Array(REQUEST_MEMORY_BYTES / 4);
      await store.save([create(A), create(B)]);
      for (let i = 0; i < 5; i++) {
        const answered = request(`r${i}`, { answer, atMs: NOW_MS + i });
        await store.save([answering(write(A, R1 + i, {}), answered)]);
      }
      const found = await Promise.all([0, 1, 2, 3, 4].map(async (i) => store.findRequest?.(A, `r${i}`, NOW_MS + 10)));
      expect(found.map((known) => known?.request !== undefined)).toEqual([false, false, true, true, true]);
      expect(found[0]?.rememberedSinceMs).toBe(NOW_MS + 2);
      expect(((await store.findRequest?.(B, "r0", NOW_MS + 10))?.rememberedSinceMs ?? Number.NaN) <= NOW_MS).toBe(true);
    },
  },
];

/** For a store with the section that survives a restart. */
export const requestSurvivalLaws: readonly Law[] = [
  {
    name: "[P6] requests are found after a restart, those of deleted sessions too",
    async check({ store, expect, reopen }) {
      await store.save([answering(create(A), request("one")), answering(remove(A, R1), request("two"))]);
      const again = await reopen();
      expect((await again.store.findRequest?.(A, "one", NOW_MS))?.request).toEqual(request("one"));
      expect((await again.store.findRequest?.(A, "two", NOW_MS))?.request).toEqual(request("two"));
    },
  },
];
