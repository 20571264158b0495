/** What the cases of the persistence suite are made of: a runner, a store to judge, and a stage with a fresh one. */
import type { PersistenceCapabilities, SessionPersistence } from "../../persistence.ts";
import { type ManualClock, manualClock } from "../manual-clock.ts";

/** The part of a matcher that the suites use; vitest's and jest's have it. */
export interface Expectation {
  toBe(expected: unknown): void;
  toEqual(expected: unknown): void;
}

/** The functions of the host's test runner; vitest's and jest's fit as they are. */
export interface SuiteRunner {
  describe(name: string, body: () => void): unknown;
  it(name: string, body: () => Promise<void>): unknown;
  expect(actual: unknown): Expectation;
}

/** A fresh, empty storage for one case. */
export interface PersistenceFixture {
  /** A store on this storage, not opened yet. The suite closes what one call gave before it makes the next. */
  create(): SessionPersistence;
  /** Called once, after every store of it is closed. */
  cleanUp(): Promise<void>;
}

/** A store for the suite to judge. */
export interface PersistenceSubject {
  /** What it says of itself; with "nothing", the laws about a store that is opened again do not apply. */
  readonly survives: PersistenceCapabilities["survives"];
  /** The optional sections that it keeps; the laws about others do not apply. */
  readonly sections?: PersistenceCapabilities["sections"];
  fixture(clock: ManualClock): PersistenceFixture | Promise<PersistenceFixture>;
}

/** What `open` answers. */
export type Opened = Awaited<ReturnType<SessionPersistence["open"]>>;

/** Where one case plays. */
export interface Stage {
  readonly expect: SuiteRunner["expect"];
  readonly subject: PersistenceSubject;
  /** Opened, empty. */
  readonly store: SessionPersistence;
  /** What the first `open` answered. */
  readonly opened: Opened;
  /** Closes the store and opens another one on the same storage. */
  reopen(): Promise<{ readonly store: SessionPersistence; readonly opened: Opened }>;
}

/** One promise of the contract and how to see that a store keeps it. */
export interface Law {
  readonly name: string;
  /** The sections that it is about; it applies to stores that keep all of them. */
  readonly needs?: readonly string[];
  check(stage: Stage): Promise<void>;
}

/** Plays one case on a fresh storage and clears it away, however the case ends. */
export async function play(law: Law, subject: PersistenceSubject, expect: SuiteRunner["expect"]): Promise<void> {
  const fixture = await subject.fixture(manualClock());
  let store = fixture.create();
  try {
    const opened = await store.open();
    await law.check({
      expect,
      subject,
      store,
      opened,
      async reopen() {
        await store.close();
        store = fixture.create();
        return { store, opened: await store.open() };
      },
    });
  } finally {
    await store.close();
    await fixture.cleanUp();
  }
}
