/** The persistence contract as something that runs. */
import { deltaLaws } from "./delta-laws.ts";
import { exactnessLaws } from "./exactness-laws.ts";
import { extendedLaws, survivalLaws } from "./extended-laws.ts";
import { listingLaws } from "./listing-laws.ts";
import { requestLaws, requestSurvivalLaws } from "./request-laws.ts";
import { type Law, type PersistenceSubject, play, type SuiteRunner } from "./stage.ts";

/**
 * Declares one test for each promise of `SessionPersistence`, each on a fresh storage: `persistenceSuite({ describe, it, expect }, subject)`.
 * A store that passes may stand behind a manager.
 */
export function persistenceSuite(runner: SuiteRunner, subject: PersistenceSubject): void {
  const declare = (group: string, laws: readonly Law[]): unknown =>
    runner.describe(group, () => {
      for (const law of laws) runner.it(law.name, () => play(law, subject, (actual) => runner.expect(actual)));
    });
  declare("deltas", deltaLaws);
  declare("exactness", exactnessLaws);
  declare("listings and deadlines", listingLaws);
  declare("at size and under concurrency", extendedLaws);
  if (subject.survives !== "nothing") declare("across a restart", survivalLaws);
  if (subject.sections?.includes("requests")) {
    declare("requests", requestLaws);
    if (subject.survives !== "nothing") declare("requests across a restart", requestSurvivalLaws);
  }
}
