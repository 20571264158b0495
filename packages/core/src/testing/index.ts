/** For tests of stores, and of programs that use them: time and chance in a test's hands, and the contracts as suites. */
export {
  type Fault,
  type FaultPlan,
  type FaultyPersistence,
  faultAt,
  faultyPersistence,
  type PersistenceCall,
  type PersistenceMethod,
} from "./faulty-persistence.ts";
export { type ManualClock, manualClock } from "./manual-clock.ts";
export { type BrokenPersistence, brokenPersistences } from "./persistence/broken-persistences.ts";
export { persistenceSuite } from "./persistence/persistence-suite.ts";
export type { Expectation, PersistenceFixture, PersistenceSubject, SuiteRunner } from "./persistence/stage.ts";
export { type RecordingObserver, recordingObserver } from "./recording-observer.ts";
export { seededRandom } from "./seeded-random.ts";
export type { SessionFixture, SessionFixtureFactory, SessionPlace } from "./session/stage.ts";
export { sessionSuite } from "./session-suite.ts";
