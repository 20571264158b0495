/** The persistence contract as something that runs. */

import { checkpointLaws } from "./checkpoint-laws.ts";
import { declarationLaws } from "./declaration-laws.ts";
import { deltaLaws } from "./delta-laws.ts";
import { exactnessLaws } from "./exactness-laws.ts";
import { extendedLaws, survivalLaws } from "./extended-laws.ts";
import { forkLaws } from "./fork-laws.ts";
import { historyLaws } from "./history-laws.ts";
import { listingLaws } from "./listing-laws.ts";
import { requestLaws, requestSurvivalLaws } from "./request-laws.ts";
import { sectionSurvivalLaws } from "./section-survival-laws.ts";
import { type Law, type PersistenceSubject, play, type SuiteRunner } from "./stage.ts";

/**
 * Declares one test for each promise of `SessionPersistence`, each on a fresh storage: `persistenceSuite({ describe, it, expect }, subject)`.
 * A store that passes may stand behind a manager.
 */
export function persistenceSuite(runner: SuiteRunner, subject: PersistenceSubject): void {
  const { sections = [], survives } = subject;
  const applies = ({ needs = [] }: Law): boolean => needs.every((section) => sections.includes(section));
  const declare = (group: string, laws: readonly Law[]): unknown =>
    runner.describe(group, () => {
      for (const law of laws.filter(applies)) runner.it(law.name, () => play(law, subject, (actual) => runner.expect(actual)));
    });
  declare("deltas", deltaLaws);
  declare("exactness", exactnessLaws);
  declare("listings and deadlines", listingLaws);
  declare("at size and under concurrency", extendedLaws);
  if (survives !== "nothing") declare("across a restart", [...survivalLaws, ...sectionSurvivalLaws]);
  if (sections.includes("requests")) {
    declare("requests", requestLaws);
    if (survives !== "nothing") declare("requests across a restart", requestSurvivalLaws);
  }
  if (sections.includes("history")) declare("history", historyLaws);
  if (sections.includes("checkpoints")) declare("checkpoints", checkpointLaws);
  if (sections.includes("declarations")) declare("declarations", declarationLaws);
  if (sections.includes("fork")) declare("forks", forkLaws);
}
