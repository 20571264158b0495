import { describe, expect, it } from "vitest";
import { memoryPersistence } from "../src/memory-persistence.ts";
import { brokenPersistences, type PersistenceSubject, persistenceSuite } from "../src/testing/index.ts";

const memory: PersistenceSubject = {
  survives: "nothing",
  sections: ["requests", "history", "checkpoints", "declarations", "fork"],
  fixture: () => {
    const store = memoryPersistence();
    return { create: () => store, cleanUp: async () => {} };
  },
};

describe("memoryPersistence", () => persistenceSuite({ describe, it, expect }, memory));

/** Runs the suite by hand and gives the names of the cases that failed. */
async function refusals(subject: PersistenceSubject): Promise<{ readonly cases: number; readonly failed: readonly string[] }> {
  const cases: { readonly name: string; readonly body: () => Promise<void> }[] = [];
  persistenceSuite({ describe: (_, body) => body(), it: (name, body) => cases.push({ name, body }), expect }, subject);
  const failed: string[] = [];
  for (const { name, body } of cases) await body().catch(() => failed.push(name));
  return { cases: cases.length, failed };
}

describe("persistenceSuite", () => {
  for (const broken of brokenPersistences) {
    it(`refuses a store that ${broken.name}`, async () => {
      const { cases, failed } = await refusals(broken);
      expect(failed.filter((name) => broken.refusedBy.test(name))).not.toEqual([]);
      expect(failed.length).toBeLessThan(cases / 2);
    });
  }

  it("accepts a good store that outlives its objects, so that the broken ones fail for what is broken in them", async () => {
    const { failed } = await refusals({
      survives: "process",
      sections: ["requests", "history", "checkpoints", "declarations", "fork"],
      fixture: () => {
        const disk = memoryPersistence();
        const capabilities = { ...disk.capabilities, survives: "process" as const };
        return { create: () => copying({ ...disk, capabilities }), cleanUp: async () => {} };
      },
    });
    expect(failed).toEqual([]);
  });
});

/** A store in memory shares bytes; one that outlives the process cannot. */
function copying(store: ReturnType<typeof memoryPersistence>): ReturnType<typeof memoryPersistence> {
  return {
    ...store,
    save: (deltas) =>
      store.save(
        deltas.map((delta) => ("set" in delta ? { ...delta, set: delta.set.map((one) => ({ ...one, bytes: one.bytes.slice() })) } : delta)),
      ),
    async load(key) {
      const session = await store.load(key);
      return session && { ...session, variables: session.variables.map((one) => ({ ...one, bytes: one.bytes?.slice() })) };
    },
    async loadValues(key, refs) {
      return new Map([...(await store.loadValues(key, refs))].map(([name, bytes]) => [name, bytes?.slice()]));
    },
  };
}
