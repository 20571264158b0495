/** Sessions of named, typed, durable variables. Every public name is listed here, and a test compares the list. */
export type { Cancel, Clock, Random } from "./clock.ts";
export {
  BridgeClosedError,
  BridgeError,
  CancelledError,
  CheckpointNotFoundError,
  CompactedError,
  ConstraintError,
  DataLossError,
  DeadlineExceededError,
  type ErrorDetails,
  type ErrorOptions,
  IntegerOverflowError,
  InternalServerError,
  InvalidArgumentError,
  LimitExceededError,
  type Outcome,
  OutcomeUnknownError,
  PageExpiredError,
  PermissionDeniedError,
  RevisionMismatchError,
  SerializationError,
  ServerUnavailableError,
  SessionExistsError,
  SessionNotFoundError,
  StoreUnavailableError,
  TypeMismatchError,
  UnauthenticatedError,
  UnsupportedError,
} from "./errors.ts";
export { DEFAULT_LIMITS, type Limits } from "./limits.ts";
export { memoryPersistence } from "./memory-persistence.ts";
export {
  type BatchEvent,
  type CommitEvent,
  type CrowdedEvent,
  type LoadEvent,
  nullObserver,
  type ObserverEvent,
  type SessionCallEvent,
  type SessionEvent,
  type SessionLoadedEvent,
  type SessionObserver,
  type SweepEvent,
  type VariableEvent,
  type VariableOperation,
} from "./observer.ts";
export type {
  AnsweringDelta,
  CheckpointRecord,
  Declaration,
  EndedVariable,
  FoundRequest,
  HistoryChange,
  LoadedVariable,
  Page,
  PersistenceCapabilities,
  RememberedRequest,
  SaveOutcome,
  SectionChanges,
  SessionDelta,
  SessionKey,
  SessionPersistence,
  SessionQuery,
  SessionRecord,
  SessionSummary,
  StoredCheckpoint,
  StoredHistory,
  StoredSession,
  StoredVariable,
  VariableRef,
} from "./persistence.ts";
export { REQUEST_MEMORY_BYTES, REQUEST_MEMORY_MS } from "./persistence.ts";
export type {
  AppendOptions,
  ConditionOptions,
  CreateSessionOptions,
  EditOptions,
  Entry,
  ListSessionsOptions,
  MergeOptions,
  Names,
  PopOptions,
  Session,
  SessionDirectory,
  SessionOptions,
  SetOptions,
  TouchOptions,
  UpdateVariableOptions,
  Values,
  WriteOptions,
} from "./session.ts";
export { SessionManager, type SessionManagerOptions } from "./session-manager.ts";
export type { DeclaredSchema, ForkOptions, HistoryEntry, HistoryOptions, JsonSchema } from "./session-past.ts";
export type { CallOptions, CheckpointInfo, SessionInfo, SessionTtl, Signal, VariableInfo, VariableTtl } from "./session-port.ts";
export type { Change, ChangeStream, SnapshotStream, SnapshotsOptions, WaitForOptions, WatchOptions } from "./session-told.ts";
export type { Transaction, TransactionOptions, TransactOptions } from "./session-transaction.ts";
export { type Integers, UndecodedValue } from "./session-values.ts";
export {
  Decimal,
  Duration,
  Float,
  float,
  NdArray,
  type NdArrayType,
  type NdArrayView,
  PlainDate,
  PlainTime,
  Uuid,
} from "./values/index.ts";
export { VariableStore } from "./variable-store.ts";
export type { WriteBehindOptions } from "./write-behind.ts";
