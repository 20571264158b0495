/**
 * The errors of session-bridge: one base class, a stable `reason`, and details a program can read without parsing text.
 * The table they come from is in docs/guarantees.md; the server's status table and both clients are checked against it.
 */

/** Whether the change that an error answers was certainly not applied, or nobody can tell [P18]. */
export type Outcome = "not_applied" | "unknown";

/** What an error says beside its text. Every key is also a key of ErrorInfo.metadata, in snake case. */
export interface ErrorDetails {
  /** The variable's name. */
  readonly name?: string;
  /** Where inside the value: `config.tools[3]`. */
  readonly path?: string;
  /** The law that was broken, such as `duplicate_key`. */
  readonly rule?: string;
  /** The limit's name in docs/limits.md. */
  readonly limit?: string;
  readonly limitValue?: number;
  readonly actual?: number;
  /** The named variable's (or session's) revision now; 0 when it does not exist. */
  readonly currentRevision?: number;
  /** Names the log line that holds the cause of an internal error. */
  readonly incidentId?: string;
}

/** Options of every error of this file. */
export interface ErrorOptions {
  readonly outcome?: Outcome;
  readonly details?: ErrorDetails;
  /** Logged, never sent. */
  readonly cause?: unknown;
}

/** The base of every error that session-bridge throws on purpose. */
export class BridgeError extends Error {
  /** A stable word for programs, the `reason` of google.rpc.ErrorInfo. */
  readonly reason: string;
  /** `not_applied` unless said otherwise. */
  readonly outcome: Outcome;
  readonly details: ErrorDetails;

  constructor(reason: string, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.reason = reason;
    this.outcome = options.outcome ?? "not_applied";
    this.details = options.details ?? {};
  }
}

/** Something about the request itself is wrong: INVALID_SESSION_ID, INVALID_NAME, INVALID_TTL, INVALID_VALUE, INVALID_ARGUMENT … */
export class InvalidArgumentError extends BridgeError {}

/** A value cannot be encoded: UNSUPPORTED_TYPE, VALUE_TOO_DEEP; `details.path` says where inside it. */
export class SerializationError extends BridgeError {}

/** A declared variable refuses the value: CONSTRAINT_VIOLATED. */
export class ConstraintError extends BridgeError {
  constructor(message: string, options: ErrorOptions = {}) {
    super("CONSTRAINT_VIOLATED", message, options);
  }
}

/** The operation does not fit the stored value's type: TYPE_MISMATCH. */
export class TypeMismatchError extends BridgeError {
  constructor(message: string, options: ErrorOptions = {}) {
    super("TYPE_MISMATCH", message, options);
  }
}

/** An increment left the range −2⁶³ … 2⁶⁴−1: INTEGER_OVERFLOW. */
export class IntegerOverflowError extends BridgeError {
  constructor(message: string, options: ErrorOptions = {}) {
    super("INTEGER_OVERFLOW", message, options);
  }
}

/** There is no such session: SESSION_NOT_FOUND. */
export class SessionNotFoundError extends BridgeError {
  constructor(message: string, options: ErrorOptions = {}) {
    super("SESSION_NOT_FOUND", message, options);
  }
}

/** The session has no such checkpoint: CHECKPOINT_NOT_FOUND. */
export class CheckpointNotFoundError extends BridgeError {
  constructor(message: string, options: ErrorOptions = {}) {
    super("CHECKPOINT_NOT_FOUND", message, options);
  }
}

/** There is such a session already: SESSION_EXISTS. */
export class SessionExistsError extends BridgeError {
  constructor(message: string, options: ErrorOptions = {}) {
    super("SESSION_EXISTS", message, options);
  }
}

/** The snapshot that a page token belongs to is gone: PAGE_EXPIRED. Clients start over by themselves. */
export class PageExpiredError extends BridgeError {
  constructor(message: string, options: ErrorOptions = {}) {
    super("PAGE_EXPIRED", message, options);
  }
}

/** A precondition failed: REVISION_MISMATCH; `details.name` and `details.currentRevision` say where. */
export class RevisionMismatchError extends BridgeError {
  constructor(message: string, options: ErrorOptions = {}) {
    super("REVISION_MISMATCH", message, options);
  }
}

/** A limit of docs/limits.md: VALUE_TOO_LARGE, TOO_MANY_VARIABLES, SESSION_TOO_LARGE, TOO_MANY_SESSIONS, MESSAGE_TOO_LARGE, OVERLOADED … */
export class LimitExceededError extends BridgeError {}

/** What was asked for is no longer kept: COMPACTED. */
export class CompactedError extends BridgeError {
  constructor(message: string, options: ErrorOptions = {}) {
    super("COMPACTED", message, options);
  }
}

/** The store or the server cannot be used right now: STORE_UNAVAILABLE, SHUTTING_DOWN, UNREACHABLE. */
export class ServerUnavailableError extends BridgeError {}

/** The store failed, or may have: STORE_UNAVAILABLE. */
export class StoreUnavailableError extends ServerUnavailableError {
  constructor(message: string, options: ErrorOptions = {}) {
    super("STORE_UNAVAILABLE", message, options);
  }
}

/** Nobody can tell whether the change was applied: OUTCOME_UNKNOWN. */
export class OutcomeUnknownError extends BridgeError {
  constructor(message: string, options: ErrorOptions = {}) {
    super("OUTCOME_UNKNOWN", message, { outcome: "unknown", ...options });
  }
}

/** The caller did not say who it is: UNAUTHENTICATED. */
export class UnauthenticatedError extends BridgeError {}

/** The caller may not do this: PERMISSION_DENIED. */
export class PermissionDeniedError extends BridgeError {}

/** The server does not know this call: UNSUPPORTED. */
export class UnsupportedError extends BridgeError {}

/** The bridge or manager was closed: BRIDGE_CLOSED. */
export class BridgeClosedError extends BridgeError {
  constructor(message: string, options: ErrorOptions = {}) {
    super("BRIDGE_CLOSED", message, options);
  }
}

/** The deadline passed first: DEADLINE_EXCEEDED. */
export class DeadlineExceededError extends BridgeError {
  constructor(message: string, options: ErrorOptions = {}) {
    super("DEADLINE_EXCEEDED", message, options);
  }
}

/** The caller's signal was aborted: CANCELLED. */
export class CancelledError extends BridgeError {
  constructor(message: string, options: ErrorOptions = {}) {
    super("CANCELLED", message, options);
  }
}

/** Something that should not happen did: INTERNAL; `details.incidentId` names the log line with the cause. */
export class InternalServerError extends BridgeError {
  constructor(message: string, options: ErrorOptions = {}) {
    super("INTERNAL", message, options);
  }
}

/** Stored bytes do not decode or verify: DATA_LOSS. */
export class DataLossError extends BridgeError {
  constructor(message: string, options: ErrorOptions = {}) {
    super("DATA_LOSS", message, options);
  }
}
