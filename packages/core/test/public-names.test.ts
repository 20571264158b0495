import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

/** Every name that an index exports, with `type` before those that are gone at run time. */
function exportedNames(index: URL): string[] {
  const statements = readFileSync(index, "utf8").matchAll(/^export (type )?\{([^}]*)\} from/gm);
  return [...statements].flatMap(([, types, list]) => {
    const names = (list ?? "").split(",").map((name) => name.trim());
    return names.filter((name) => name !== "").map((name) => (types && !name.startsWith("type ") ? `type ${name}` : name));
  });
}

const PUBLIC = [
  "BridgeClosedError",
  "BridgeError",
  "CancelledError",
  "CompactedError",
  "ConstraintError",
  "DEFAULT_LIMITS",
  "DataLossError",
  "DeadlineExceededError",
  "Decimal",
  "Duration",
  "Float",
  "IntegerOverflowError",
  "InternalServerError",
  "InvalidArgumentError",
  "LimitExceededError",
  "NdArray",
  "OutcomeUnknownError",
  "PageExpiredError",
  "PermissionDeniedError",
  "PlainDate",
  "PlainTime",
  "RevisionMismatchError",
  "SerializationError",
  "ServerUnavailableError",
  "SessionExistsError",
  "SessionManager",
  "SessionNotFoundError",
  "StoreUnavailableError",
  "TypeMismatchError",
  "UnauthenticatedError",
  "UndecodedValue",
  "UnsupportedError",
  "Uuid",
  "VariableStore",
  "float",
  "memoryPersistence",
  "nullObserver",
  "type AppendOptions",
  "type CallOptions",
  "type Cancel",
  "type Clock",
  "type CommitEvent",
  "type ConditionOptions",
  "type CreateSessionOptions",
  "type Entry",
  "type ErrorDetails",
  "type ErrorOptions",
  "type Integers",
  "type Limits",
  "type ListSessionsOptions",
  "type LoadedVariable",
  "type MergeOptions",
  "type Names",
  "type NdArrayType",
  "type NdArrayView",
  "type ObserverEvent",
  "type Outcome",
  "type Page",
  "type PersistenceCapabilities",
  "type PopOptions",
  "type Random",
  "type SaveOutcome",
  "type Session",
  "type SessionDelta",
  "type SessionDirectory",
  "type SessionEvent",
  "type SessionInfo",
  "type SessionKey",
  "type SessionManagerOptions",
  "type SessionObserver",
  "type SessionOptions",
  "type SessionPersistence",
  "type SessionQuery",
  "type SessionRecord",
  "type SessionSummary",
  "type SessionTtl",
  "type SetOptions",
  "type Signal",
  "type StoredSession",
  "type StoredVariable",
  "type TouchOptions",
  "type UpdateVariableOptions",
  "type Values",
  "type VariableEvent",
  "type VariableInfo",
  "type VariableTtl",
  "type WriteOptions",
];

it("the package exports these names and no others", async () => {
  const index = new URL("../src/index.ts", import.meta.url);
  expect(exportedNames(index).sort()).toEqual(PUBLIC);
  const present = Object.keys(await import("../src/index.ts"));
  expect(present.sort()).toEqual(PUBLIC.filter((name) => !name.startsWith("type ")));
});
