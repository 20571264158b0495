/** Sections across a restart. */
import { contents, create, key, R1, write } from "./samples.ts";
import { both, checkpoint, ended, fork, history, sectionsOf } from "./section-samples.ts";
import type { Law } from "./stage.ts";

const A = key("a");
const B = key("b");

/** For stores that survive anything and keep all of them. */
export const sectionSurvivalLaws: readonly Law[] = [
  {
    name: "opened again, it has histories, checkpoints, declarations and forks as they were, and they go on from there",
    needs: ["history", "checkpoints", "declarations", "fork"],
    async check({ store, reopen, expect }) {
      const declarations = { removed: [], set: [{ name: "small", schema: Uint8Array.of(0x80), revision: R1 + 1 }] };
      const sections = { ...history({ kept: both(), ended: [ended("x", R1 + 1)] }), ...checkpoint({ one: R1 + 1 }), declarations };
      await store.save([create(A, both()), write(A, R1, { set: both(R1 + 1), sections }), fork(A, R1 + 1, B)]);
      const seen = async (from: typeof store) => [await sectionsOf(from, A), await contents(from, A), await contents(from, B)];
      const before = await seen(store);
      const again = (await reopen()).store;
      expect(await seen(again)).toEqual(before);
      const more = { ...history({ sinceRevision: R1 + 1, kept: both(R1 + 1), dropped: both() }), ...checkpoint({}, ["one"]) };
      expect(await again.save([write(A, R1 + 1, { set: both(R1 + 2), sections: more })])).toEqual(["saved"]);
      const after = await seen(again);
      const last = (await reopen()).store;
      expect(await seen(last)).toEqual(after);
      expect((await sectionsOf(last, A))?.entries.length).toBe(3);
      expect(after[2]).toEqual(before[2]);
    },
  },
];
