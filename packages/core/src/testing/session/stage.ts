/** What the cases of the session suite are made of: places where sessions live, and a stage with a fresh one. */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Clock } from "../../clock.ts";
import type { BridgeError, ErrorDetails } from "../../errors.ts";
import type { Session, SessionDirectory } from "../../session.ts";
import { type ManualClock, manualClock } from "../manual-clock.ts";
import type { SuiteRunner } from "../persistence/stage.ts";

/** A fresh, empty place with the default limits. */
export interface SessionFixture {
  /** A way in: the manager, or one more client of the server. */
  directory(): SessionDirectory;
  /** Closes every way in, and the place. */
  cleanUp(): Promise<void>;
}

/** What a place is made with. */
export interface SessionPlace {
  /** Where its time comes from; the machine's when left out. */
  readonly clock: Clock | undefined;
  /** How its ways in read integers. */
  readonly integers: "auto" | "bigint";
}

/** Makes a place. */
export type SessionFixtureFactory = (place: SessionPlace) => SessionFixture | Promise<SessionFixture>;

/** Where one case plays. */
export interface Stage {
  readonly expect: SuiteRunner["expect"];
  readonly fixture: SessionFixture;
  readonly directory: SessionDirectory;
  /** The session "s". */
  readonly session: Session;
  /** The place's time, when the law asked for it. */
  readonly clock: ManualClock;
  /** Sees that the promise fails with an error of this name and reason, certainly not applied; gives it. */
  refused(attempt: Promise<unknown> | (() => unknown), name: string, reason: string, details?: ErrorDetails): Promise<BridgeError>;
}

/** One promise of `Session` and how to see that it is kept. */
export interface SessionLaw {
  readonly name: string;
  /** Whether the case moves the place's time by hand. */
  readonly manualTime?: boolean;
  /** "auto" unless said. */
  readonly integers?: "bigint";
  check(stage: Stage): Promise<void>;
}

/** Plays one case in a fresh place and clears it away, however the case ends. */
export async function playSession(law: SessionLaw, factory: SessionFixtureFactory, expect: SuiteRunner["expect"]): Promise<void> {
  const clock = manualClock();
  const fixture = await factory({ clock: law.manualTime ? clock : undefined, integers: law.integers ?? "auto" });
  try {
    const directory = fixture.directory();
    const session = directory.session("s");
    await law.check({ expect, fixture, directory, session, clock, refused: refusal(expect) });
  } finally {
    await fixture.cleanUp();
  }
}

const refusal =
  (expect: SuiteRunner["expect"]): Stage["refused"] =>
  async (attempt, name, reason, details = {}) => {
    const error = (await failure(attempt)) as BridgeError;
    expect({ name: error?.name, reason: error?.reason, outcome: error?.outcome }).toEqual({ name, reason, outcome: "not_applied" });
    for (const [key, value] of Object.entries(details))
      expect({ [key]: error.details[key as keyof ErrorDetails] }).toEqual({ [key]: value });
    return error;
  };

/** What an attempt fails with; undefined when it does not. */
async function failure(attempt: Promise<unknown> | (() => unknown)): Promise<unknown> {
  try {
    await (typeof attempt === "function" ? attempt() : attempt);
    return undefined;
  } catch (error) {
    return error;
  }
}

/** A schema of `{ n: number }`, answering later, as some validators do. */
export const numbered: StandardSchemaV1<unknown, { readonly n: number }> = {
  "~standard": {
    version: 1,
    vendor: "session-suite",
    validate: async (value) => {
      const n = (value as { n?: unknown } | null)?.n;
      return typeof n === "number" ? { value: { n } } : { issues: [{ message: "must be a number", path: ["tools", 3, { key: "n" }] }] };
    },
  },
};
