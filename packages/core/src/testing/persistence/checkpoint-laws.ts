/** How a store keeps named states: the section `checkpoints`. */
import { bytesOf, contents, create, hex, key, plainSession, R1, record, remove, variable, write } from "./samples.ts";
import { both, checkpoint, history, plainSections, sectionsOf, valueAt } from "./section-samples.ts";
import type { Law } from "./stage.ts";

const A = key("a");

/** For every store with the section. */
export const checkpointLaws: readonly Law[] = [
  {
    name: "a checkpoint has the variables that the session has after the delta, and keeps them whatever is written later",
    async check({ store, expect }) {
      const other = variable("other", { encoding: "app.v1", type: "custom", revision: R1 });
      await store.save([create(A, [...both(), other])]);
      const changed = variable("small", { bytes: bytesOf(7), revision: R1 + 1 });
      await store.save([write(A, R1, { set: [changed], removed: ["other"], sections: checkpoint({ first: R1 + 1 }) })]);
      const named = [changed, both()[1] as never];
      await store.save([write(A, R1 + 1, { set: both(R1 + 2) }), write(A, R1 + 2, { removed: ["large"] })]);
      const checkpoints = [{ label: "first", revision: R1 + 1, variables: named }];
      expect(await sectionsOf(store, A)).toEqual(plainSections({ checkpoints }));
      expect(await contents(store, A)).toEqual(plainSession(record(R1 + 3), [both(R1 + 2)[0] as never]));
    },
  },
  {
    name: "a session may be created with one, and with one of nothing",
    async check({ store, expect }) {
      await store.save([create(A, both(), {}, checkpoint({ first: R1 }))]);
      await store.save([create(key("b"), [], {}, checkpoint({ empty: R1 }))]);
      expect(await sectionsOf(store, A)).toEqual(plainSections({ checkpoints: [{ label: "first", revision: R1, variables: both() }] }));
      expect(await sectionsOf(store, key("b"))).toEqual(plainSections({ checkpoints: [{ label: "empty", revision: R1, variables: [] }] }));
    },
  },
  {
    name: "the same label names the new state in place of the old one; what only that had is gone",
    async check({ store, expect }) {
      await store.save([create(A, both(), {}, checkpoint({ one: R1, two: R1 }))]);
      await store.save([write(A, R1, { set: both(R1 + 1), sections: checkpoint({ one: R1 + 1 }) })]);
      const two = { label: "two", revision: R1, variables: both() };
      expect(await sectionsOf(store, A)).toEqual(
        plainSections({ checkpoints: [two, { label: "one", revision: R1 + 1, variables: both(R1 + 1) }] }),
      );
      for (const one of both()) expect(await valueAt(store, A, one)).toBe(hex(one.bytes));
      await store.save([write(A, R1 + 1, { sections: checkpoint({ two: R1 + 2 }) })]);
      for (const one of both()) expect(await valueAt(store, A, one)).toBe(undefined);
      expect((await sectionsOf(store, A))?.checkpoints.length).toBe(2);
    },
  },
  {
    name: "a removed one is gone with what only it had",
    async check({ store, expect }) {
      await store.save([create(A, both(), {}, checkpoint({ one: R1 }))]);
      await store.save([write(A, R1, { set: [both(R1 + 1)[1] as never] })]);
      await store.save([write(A, R1 + 1, { sections: checkpoint({}, ["one", "never there"]) })]);
      expect(await sectionsOf(store, A)).toEqual(plainSections({}));
      expect(await valueAt(store, A, { name: "large", revision: R1 })).toBe(undefined);
      expect(await valueAt(store, A, { name: "small", revision: R1 })).toBe(hex(both()[0]?.bytes));
    },
  },
  {
    name: "[P1] a write on another base conflicts and changes nothing of them",
    async check({ store, expect }) {
      await store.save([create(A, both(), {}, checkpoint({ one: R1 }))]);
      const writing = { set: both(R1 + 1), sections: checkpoint({ two: R1 + 1 }, ["one"]) };
      expect(await store.save([write(A, R1 - 1, writing)])).toEqual(["conflict"]);
      expect(await sectionsOf(store, A)).toEqual(plainSections({ checkpoints: [{ label: "one", revision: R1, variables: both() }] }));
    },
  },
  {
    name: "they go with their session",
    async check({ store, expect }) {
      await store.save([create(A, both(), {}, checkpoint({ one: R1 })), remove(A, R1), create(A)]);
      expect(await sectionsOf(store, A)).toEqual(plainSections({}));
      for (const one of both()) expect(await valueAt(store, A, one)).toBe(undefined);
    },
  },
  {
    name: "a value that the present, the history and a checkpoint have stays until the last of them lets it go",
    needs: ["history"],
    async check({ store, expect }) {
      const large = { name: "large", revision: R1 };
      for (const order of ["history first", "checkpoint first"] as const) {
        const of = key(order);
        await store.save([create(of, both(), {}, checkpoint({ one: R1 }))]);
        await store.save([write(of, R1, { set: both(R1 + 1), sections: history({ kept: both() }) })]);
        const [drop, forget] = [history({ sinceRevision: R1 + 1, dropped: both() }), checkpoint({}, ["one"])];
        const [first, second] = order === "history first" ? [drop, forget] : [forget, drop];
        await store.save([write(of, R1 + 1, { sections: first })]);
        expect(await valueAt(store, of, large)).toBe(hex(both()[1]?.bytes));
        await store.save([write(of, R1 + 2, { sections: second })]);
        expect(await valueAt(store, of, large)).toBe(undefined);
        expect(await contents(store, of)).toEqual(plainSession(record(R1 + 3), both(R1 + 1)));
      }
    },
  },
];
