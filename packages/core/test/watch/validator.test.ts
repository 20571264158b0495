import { describe, expect, it } from "vitest";
import { NO_PAST } from "../simulation/profile.ts";
import { validate } from "./validator.ts";

const SEEDS = 500;

/** Seeds that once found a bug. */
const FOUND: readonly (readonly [number, string])[] = [
  [482, "the log of a session ended that was watched again"],
  [862, "a session whose later deadline was being saved was left out of a snapshot"],
  [1508, "the place of a session that did not exist was after what was being committed of it"],
  [7251, "what was being read from the store expired meanwhile, and was taken for lost"],
];

/** One seed of one's own, as a failure prints it. */
const chosen = process.env.VALIDATOR_SEED;

describe("watchers among writers, failures, crashes and compaction", () => {
  if (chosen !== undefined) {
    it(`seed ${chosen}`, async () => {
      expect((await validate(Number(chosen))).failure).toBeUndefined();
    });
  }

  it("[P5] [P15] each watcher is told every commit once, whole and in order, or an explicit resync", { timeout: 120_000 }, async () => {
    const done = { commits: 0, told: 0, watches: 0, snapshots: 0, resyncs: 0, crashes: 0 };
    for (let seed = 1; seed <= SEEDS; seed++) {
      const report = await validate(seed);
      if (report.failure !== undefined) throw new Error(report.failure);
      for (const key of Object.keys(done) as (keyof typeof done)[]) done[key] += report[key];
    }
    // A world in which nothing happens proves nothing.
    expect(done.commits).toBeGreaterThan(SEEDS * 10);
    expect(done.resyncs).toBeGreaterThan(SEEDS / 2);
    expect(done.crashes).toBeGreaterThan(SEEDS / 2);
  });

  it.each(FOUND)("seed %i, where %s", async (seed) => {
    expect((await validate(seed, NO_PAST)).failure).toBeUndefined();
  });

  it("a seed replays exactly", async () => {
    expect(await validate(17)).toEqual(await validate(17));
  });
});
