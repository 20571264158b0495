/** What the sibling packages may use beside the public names. Nothing here is promised to anybody else. */
export { type Cancel, type Clock, type Random, steadyNow } from "./clock.ts";
export { type Closable, closable } from "./closable.ts";
export { MAX_SCHEMA_BYTES } from "./constraints/schema-limits.ts";
export { MAX_DECLARATIONS_BYTES } from "./declarations.ts";
export { CODES, fromWireError, toWireError, type WireError } from "./error-table.ts";
export * from "./errors.ts";
export {
  type AttributeDescription,
  type AttributeField,
  EVENT_ATTRIBUTES,
  EVENT_CATALOGUE,
  EVENT_MEASUREMENTS,
  type EventDescription,
  type EventField,
  type EventKind,
  type EventOf,
  type MeasurementDescription,
  type MeasurementField,
} from "./event-catalogue.ts";
export { sizeOf } from "./kept-variable.ts";
export * from "./limits.ts";
export type { EngineNotice, Notify } from "./notices.ts";
export type * from "./observer.ts";
export { nullObserver } from "./observer.ts";
export type { Declaration, SessionPersistence, StoredVariable } from "./persistence.ts";
export { resumedWatch, type Told } from "./resumed-watch.ts";
export { sessionDirectory } from "./session-directory.ts";
export { type EngineMemory, type EngineOptions, type SessionEngine, sessionEngine } from "./session-engine.ts";
export { DEFAULT_TIMEOUT_MS, integersOption, timeoutOption } from "./session-manager.ts";
export {
  checkOptions,
  isPlainObject,
  milliseconds,
  OPTIONS,
  type OptionCheck,
  type OptionChecks,
  refuse,
  wholeFrom,
} from "./session-options.ts";
export { type SessionContext, type SessionCreation, sessionOver } from "./session-over-port.ts";
export type * from "./session-port.ts";
export { type ValueCodec, valueCodec } from "./session-values.ts";
export { type Subscriber, type Subscription, subscribed } from "./subscription.ts";
export { systemClock, systemRandom } from "./system.ts";
export { compareText } from "./text-order.ts";
export { backoffMs, cancelled, wait } from "./waiting.ts";
export type * from "./watch-port.ts";
export { DEFAULT_WRITE_BEHIND, type WriteBehindOptions } from "./write-behind.ts";
