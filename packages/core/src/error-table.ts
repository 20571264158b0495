/**
 * The one table between error classes and google.rpc codes, used in both directions: by the server to answer, by the TypeScript client to
 * throw. Its Python twin is `_errors.py`; proto/vectors/errors.json holds both to the same answers.
 */
import type { ErrorDetails, ErrorOptions, Outcome } from "./errors.ts";
import * as errors from "./errors.ts";

/** An error as it travels: google.rpc.Status.code and message, ErrorInfo.reason and metadata. */
export interface WireError {
  readonly code: number;
  readonly message: string;
  /** Empty when the sender was not session-bridge (a proxy, or gRPC itself). */
  readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** google.rpc.Code by name. */
export const CODES = {
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

type Make = (reason: string, message: string, options: ErrorOptions) => errors.BridgeError;
type ErrorClass = abstract new (...args: never[]) => errors.BridgeError;

interface Row {
  readonly of: ErrorClass;
  readonly code: number;
  /** The reasons that make this class; none means any other reason with this code. */
  readonly reasons?: readonly string[];
  readonly make: Make;
}

const named =
  (of: new (message: string, options: ErrorOptions) => errors.BridgeError): Make =>
  (_reason, message, options) =>
    new of(message, options);
const reasoned =
  (of: new (reason: string, message: string, options: ErrorOptions) => errors.BridgeError): Make =>
  (reason, message, options) =>
    new of(reason, message, options);
const row = (of: new (message: string, options: ErrorOptions) => errors.BridgeError, code: number, reason: string): Row => ({
  of,
  code,
  reasons: [reason],
  make: named(of),
});

/** The reasons of SerializationError. */
export const SERIALIZATION_REASONS = ["UNSUPPORTED_TYPE", "VALUE_TOO_DEEP", "VALUE_TOO_COMPLEX", "INVALID_STRING"] as const;

const ROWS: readonly Row[] = [
  {
    of: errors.SerializationError,
    code: CODES.INVALID_ARGUMENT,
    reasons: SERIALIZATION_REASONS,
    make: reasoned(errors.SerializationError),
  },
  row(errors.ConstraintError, CODES.INVALID_ARGUMENT, "CONSTRAINT_VIOLATED"),
  { of: errors.InvalidArgumentError, code: CODES.INVALID_ARGUMENT, make: reasoned(errors.InvalidArgumentError) },
  row(errors.TypeMismatchError, CODES.FAILED_PRECONDITION, "TYPE_MISMATCH"),
  row(errors.IntegerOverflowError, CODES.FAILED_PRECONDITION, "INTEGER_OVERFLOW"),
  row(errors.SessionNotFoundError, CODES.NOT_FOUND, "SESSION_NOT_FOUND"),
  row(errors.CheckpointNotFoundError, CODES.NOT_FOUND, "CHECKPOINT_NOT_FOUND"),
  row(errors.SessionExistsError, CODES.ALREADY_EXISTS, "SESSION_EXISTS"),
  row(errors.PageExpiredError, CODES.ABORTED, "PAGE_EXPIRED"),
  row(errors.RevisionMismatchError, CODES.ABORTED, "REVISION_MISMATCH"),
  row(errors.OutcomeUnknownError, CODES.ABORTED, "OUTCOME_UNKNOWN"),
  { of: errors.LimitExceededError, code: CODES.RESOURCE_EXHAUSTED, make: reasoned(errors.LimitExceededError) },
  row(errors.CompactedError, CODES.OUT_OF_RANGE, "COMPACTED"),
  row(errors.StoreUnavailableError, CODES.UNAVAILABLE, "STORE_UNAVAILABLE"),
  { of: errors.ServerUnavailableError, code: CODES.UNAVAILABLE, make: reasoned(errors.ServerUnavailableError) },
  { of: errors.UnauthenticatedError, code: CODES.UNAUTHENTICATED, make: reasoned(errors.UnauthenticatedError) },
  { of: errors.PermissionDeniedError, code: CODES.PERMISSION_DENIED, make: reasoned(errors.PermissionDeniedError) },
  { of: errors.UnsupportedError, code: CODES.UNIMPLEMENTED, make: reasoned(errors.UnsupportedError) },
  row(errors.DeadlineExceededError, CODES.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED"),
  { of: errors.DeadlineExceededError, code: CODES.DEADLINE_EXCEEDED, make: named(errors.DeadlineExceededError) },
  { of: errors.CancelledError, code: CODES.CANCELLED, make: named(errors.CancelledError) },
  { of: errors.DataLossError, code: CODES.DATA_LOSS, make: named(errors.DataLossError) },
  // A closed manager answers like a server that goes down; the remote client throws its own BridgeClosedError without asking anybody.
  { of: errors.BridgeClosedError, code: CODES.UNAVAILABLE, reasons: ["BRIDGE_CLOSED"], make: reasoned(errors.ServerUnavailableError) },
  { of: errors.InternalServerError, code: CODES.INTERNAL, make: named(errors.InternalServerError) },
];

/** The reason that stands in for a status without ErrorInfo. */
const DEFAULT_REASONS: Readonly<Record<number, string>> = {
  [CODES.INVALID_ARGUMENT]: "INVALID_ARGUMENT",
  [CODES.RESOURCE_EXHAUSTED]: "OVERLOADED",
  [CODES.UNAVAILABLE]: "UNREACHABLE",
  [CODES.UNAUTHENTICATED]: "UNAUTHENTICATED",
  [CODES.PERMISSION_DENIED]: "PERMISSION_DENIED",
  [CODES.UNIMPLEMENTED]: "UNSUPPORTED",
};

const TEXT_DETAILS = { name: "name", path: "path", rule: "rule", limit: "limit", incidentId: "incident_id" } as const;
const NUMBER_DETAILS = { limitValue: "limit_value", actual: "actual", currentRevision: "current_revision" } as const;

/** An error as it travels. Causes stay behind. */
export function toWireError(error: errors.BridgeError): WireError {
  const found = ROWS.find((candidate) => error instanceof candidate.of);
  const metadata: Record<string, string> = { outcome: error.outcome };
  for (const [key, wire] of Object.entries({ ...TEXT_DETAILS, ...NUMBER_DETAILS })) {
    const value = error.details[key as keyof ErrorDetails];
    if (value !== undefined) metadata[wire] = String(value);
  }
  return { code: found?.code ?? CODES.INTERNAL, reason: error.reason, message: error.message, metadata };
}

/** The error that a status means: by its reason, and without one by its code. `outcomeUnlessSaid` is for statuses without ErrorInfo. */
export function fromWireError(wire: WireError, outcomeUnlessSaid: Outcome = "unknown"): errors.BridgeError {
  const said = wire.metadata.outcome;
  const details: Record<string, string | number> = {};
  for (const [key, name] of Object.entries(TEXT_DETAILS)) {
    const value = wire.metadata[name];
    if (value !== undefined) details[key] = value;
  }
  for (const [key, name] of Object.entries(NUMBER_DETAILS)) {
    const value = Number(wire.metadata[name] ?? Number.NaN);
    if (!Number.isNaN(value)) details[key] = value;
  }
  const options: ErrorOptions = { outcome: said === "unknown" || said === "not_applied" ? said : outcomeUnlessSaid, details };
  const found =
    ROWS.find((candidate) => candidate.code === wire.code && candidate.reasons?.includes(wire.reason)) ??
    ROWS.find((candidate) => candidate.code === wire.code && candidate.reasons === undefined);
  const reason = wire.reason || (DEFAULT_REASONS[wire.code] ?? "INTERNAL");
  return (found?.make ?? named(errors.InternalServerError))(reason, wire.message, options);
}
