/** The behaviour of `Session` as a suite: the same for a manager in this process and for a client of a server. */
import type { SuiteRunner } from "./persistence/stage.ts";
import { contendingLaws } from "./session/contending.ts";
import { declaringLaws } from "./session/declaring.ts";
import { editingLaws } from "./session/editing.ts";
import { forkingLaws } from "./session/forking.ts";
import { goingBackLaws } from "./session/going-back.ts";
import { lifeLaws } from "./session/lives.ts";
import { readingLaws } from "./session/reading.ts";
import { refusingLaws } from "./session/refusing.ts";
import { playSession, type SessionFixtureFactory, type SessionLaw } from "./session/stage.ts";
import { transactingLaws } from "./session/transacting.ts";
import { updatingLaws } from "./session/updating.ts";
import { watchingLaws } from "./session/watching.ts";
import { writingLaws } from "./session/writing.ts";

const GROUPS: Readonly<Record<string, readonly SessionLaw[]>> = {
  reading: readingLaws,
  writing: writingLaws,
  updating: updatingLaws,
  editing: editingLaws,
  transacting: transactingLaws,
  contending: contendingLaws,
  "lives of sessions": lifeLaws,
  watching: watchingLaws,
  "going back": goingBackLaws,
  declaring: declaringLaws,
  forking: forkingLaws,
  refusing: refusingLaws,
};

/** Declares a test for every law of `Session`, each in a fresh place that the factory makes. The longest may take a minute on a busy machine. */
export function sessionSuite(runner: SuiteRunner, factory: SessionFixtureFactory): void {
  for (const [group, laws] of Object.entries(GROUPS)) {
    runner.describe(group, () => {
      for (const law of laws) runner.it(law.name, () => playSession(law, factory, runner.expect));
    });
  }
}
