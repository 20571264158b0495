/** Stores that break the contract on purpose: a suite that accepts one of them is no suite. */
import { memoryPersistence } from "../../memory-persistence.ts";
import type { SaveOutcome, SessionDelta, SessionPersistence } from "../../persistence.ts";
import type { PersistenceFixture, PersistenceSubject } from "./stage.ts";

/** A store that breaks one promise, and looks like a good one otherwise. */
export interface BrokenPersistence extends PersistenceSubject {
  readonly name: string;
  /** Which of the suite's cases must be among those that refuse it. */
  readonly refusedBy: RegExp;
}

/** A good store under everything that is broken: as if its maps were a disk, it outlives the objects that are made on it. */
const onMemory = (breakIt: (good: SessionPersistence) => Partial<SessionPersistence>) => (): PersistenceFixture => {
  const disk = memoryPersistence();
  const capabilities = { ...disk.capabilities, survives: "process" as const };
  return { create: () => ({ ...disk, capabilities, ...breakIt(disk) }), cleanUp: async () => {} };
};

/** The delta as it would be on the base that the store has. */
async function rebased(good: SessionPersistence, delta: SessionDelta): Promise<SessionDelta> {
  if (!("baseRevision" in delta)) return delta;
  return { ...delta, baseRevision: (await good.load(delta.key))?.record.revision ?? delta.baseRevision };
}

/** The last writer wins, whatever it was based on. */
const ignoresBaseRevisions: BrokenPersistence = {
  name: "ignores base revisions",
  refusedBy: /a write on another base conflicts/,
  survives: "process",
  fixture: onMemory((good) => ({
    async save(deltas) {
      const outcomes: SaveOutcome[] = [];
      for (const delta of deltas) outcomes.push(...(await good.save([await rebased(good, delta)])));
      return outcomes;
    },
  })),
};

/** A delta that conflicts has removed names already by the time it is refused. */
const appliesHalfOfADelta: BrokenPersistence = {
  name: "applies half of a delta that conflicts",
  refusedBy: /conflicts? and changes? nothing/,
  survives: "process",
  fixture: onMemory((good) => ({
    async save(deltas) {
      const outcomes = await good.save(deltas);
      for (const [i, delta] of deltas.entries()) {
        const before = outcomes[i] === "conflict" && delta.kind === "write" ? await good.load(delta.key) : undefined;
        if (before === undefined || delta.kind !== "write") continue;
        const base = before.record.revision;
        await good.save([{ ...delta, baseRevision: base, record: before.record, set: [] }]);
      }
      return outcomes;
    },
  })),
};

/** Opened again, it no longer knows that there ever was a session. */
const forgetsDeletions: BrokenPersistence = {
  name: "forgets the last deleted revision",
  refusedBy: /remembers the last now and the last deleted revision/,
  survives: "process",
  fixture: onMemory((good) => ({
    open: async () => ({ ...(await good.open()), lastDeletedRevision: 0 }),
  })),
};

/** One for each way in which a store is most easily wrong. */
export const brokenPersistences: readonly BrokenPersistence[] = [ignoresBaseRevisions, appliesHalfOfADelta, forgetsDeletions];
