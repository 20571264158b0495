/** Between the port's types and the generated messages. */
import type {
  CheckpointInfo,
  Declaration,
  HistoryItem,
  NewSession,
  Operation,
  OperationResult,
  SessionDefaults,
  SessionFork,
  SessionInfo,
  SessionTtl,
  StoredVariable,
  Update,
  VariableInfo,
  VariableTtl,
} from "@session-bridge/core/internal";
import { BridgeError, compareText, DataLossError, fromWireError } from "@session-bridge/core/internal";
import { type PackedEntry, packMap, unpackMap } from "@session-bridge/core/values";
import type * as common from "@session-bridge/protocol/session_bridge/v1/common";
import type * as sessions from "@session-bridge/protocol/session_bridge/v1/sessions";
import type * as variables from "@session-bridge/protocol/session_bridge/v1/variables";
import { HistoryEntry_Kind } from "@session-bridge/protocol/session_bridge/v1/variables";

const NO_BYTES = new Uint8Array(0);

const maybeNumber = (value: bigint | undefined): number | undefined => (value === undefined ? undefined : Number(value));
/** A number as it travels; undefined stays unsaid. */
export const maybeBigInt = (value: number | undefined): bigint | undefined => (value === undefined ? undefined : BigInt(value));

/** The same bytes as what they are declared to be: on a Buffer, which gRPC gives, slice() makes no copy. */
const plainBytes = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);

/** A ttl as it travels; undefined stays unsaid. */
export function ttlMessage(ttl: VariableTtl | SessionTtl | undefined): common.Ttl | undefined {
  if (ttl === undefined) return undefined;
  if (ttl === "never") return { kind: { $case: "never", value: true } };
  if (ttl === "keep") return { kind: { $case: "keep", value: true } };
  return { kind: { $case: "ttlMs", value: BigInt(ttl) } };
}

/** Labels as they travel. */
export const labelsMessage = (labels: Readonly<Record<string, string>> | undefined): Map<string, string> =>
  new Map(Object.entries(labels ?? {}));

function defaultsMessage(defaults: SessionDefaults | undefined): common.SessionDefaults | undefined {
  return defaults && { ttl: ttlMessage(defaults.ttl), labels: labelsMessage(defaults.labels) };
}

/** A mutation's request before it has an identity. */
type Unnamed<Request> = Omit<Request, "requestId" | "resentAfterMs">;

/** The request of CreateSession. */
export const createRequest = (session: NewSession): Unnamed<sessions.CreateSessionRequest> => ({
  sessionId: session.id ?? "",
  ttl: ttlMessage(session.ttl),
  labels: labelsMessage(session.labels),
  maxLifeMs: maybeBigInt(session.maxLifeMs),
  historyEntries: session.historyEntries,
});

/** The request of ForkSession. */
export const forkRequest = (sessionId: string, fork: SessionFork): Unnamed<sessions.ForkSessionRequest> => ({
  sessionId,
  newSessionId: fork.id ?? "",
  ttl: ttlMessage(fork.ttl),
  labels: fork.labels && { labels: labelsMessage(fork.labels) },
  atRevision: maybeBigInt(fork.atRevision),
});

/** A checkpoint's information. */
export const checkpointInfo = (message: sessions.CheckpointInfo): CheckpointInfo => ({
  label: message.label,
  revision: Number(message.revision),
  createdAtMs: Number(message.createdAtMs),
  variableCount: Number(message.variableCount),
  sizeBytes: Number(message.sizeBytes),
});

/** An earlier state of a variable. */
export function historyItem(name: string, message: variables.HistoryEntry): HistoryItem {
  const found = storedVariable(message.variable);
  if (found !== undefined) return { kind: "set", variable: found };
  const kind = message.kind === HistoryEntry_Kind.KIND_EXPIRE ? "expire" : "delete";
  return { kind, name, revision: Number(message.revision), atMs: Number(message.atMs) };
}

/** What a name is declared as. */
export const declaration = (message: variables.Declaration): Declaration => ({
  name: message.name,
  schema: plainBytes(message.schema),
  revision: Number(message.revision),
});

/** A session's information; labels are an object without a prototype. */
export function sessionInfo(message: common.SessionInfo | undefined): SessionInfo {
  const labels: Record<string, string> = Object.create(null);
  for (const [key, value] of message?.labels ?? []) labels[key] = value;
  return {
    id: message?.sessionId ?? "",
    labels,
    revision: Number(message?.revision ?? 0),
    variableCount: Number(message?.variableCount ?? 0),
    sizeBytes: Number(message?.sizeBytes ?? 0),
    createdAtMs: Number(message?.createdAtMs ?? 0),
    accessedAtMs: Number(message?.accessedAtMs ?? 0),
    expiresAtMs: maybeNumber(message?.expiresAtMs),
    ttlMs: maybeNumber(message?.ttlMs),
    endsAtMs: maybeNumber(message?.endsAtMs),
    historyEntries: message?.historyEntries,
  };
}

/** A variable's information. */
export const variableInfo = (message: common.VariableInfo): VariableInfo => ({
  name: message.name,
  type: message.type,
  encoding: message.encoding,
  sizeBytes: Number(message.sizeBytes),
  revision: Number(message.revision),
  createdAtMs: Number(message.createdAtMs),
  updatedAtMs: Number(message.updatedAtMs),
  expiresAtMs: maybeNumber(message.expiresAtMs),
});

/** A variable of which only the value was asked for, or the value with its information. */
export function variable(name: string, value: Uint8Array, encoding: string, info: common.VariableInfo | undefined): StoredVariable {
  const bytes = plainBytes(value);
  if (info === undefined) {
    return { name, bytes, encoding, type: "", revision: 0, createdAtMs: 0, updatedAtMs: 0, expiresAtMs: undefined };
  }
  const { sizeBytes: _, ...rest } = variableInfo(info);
  return { ...rest, bytes };
}

/** A variable with its value; undefined when there is none. */
export const storedVariable = (message: common.Variable | undefined): StoredVariable | undefined =>
  message?.info && variable(message.info.name, message.value, message.info.encoding, message.info);

/** The names and values of a packed map that a server sent. What does not decode is its fault, not the caller's. */
function unpacked(values: Uint8Array): readonly PackedEntry[] {
  try {
    return values.length === 0 ? [] : unpackMap(plainBytes(values));
  } catch (cause) {
    throw new DataLossError("the server's answer does not decode", { details: cause instanceof BridgeError ? cause.details : {}, cause });
  }
}

/** The variables of one page of GetVariables, in byte order of their names. */
export function pageVariables(page: variables.GetVariablesResponse): StoredVariable[] {
  const infos = new Map(page.infos.map((info) => [info.name, info]));
  const found = unpacked(page.values).map(({ name, bytes }) => variable(name, bytes, "", infos.get(name)));
  if (page.custom.length === 0) return found;
  for (const custom of page.custom) {
    if (custom.info) found.push(variable(custom.info.name, custom.value, custom.info.encoding, infos.get(custom.info.name)));
  }
  return found.sort((a, b) => compareText(a.name, b.name));
}

type Change = NonNullable<variables.Operation["change"]>;

function changeMessage(operation: Operation): Change | undefined {
  switch (operation.kind) {
    case "set": {
      const { value, ttl, ifMissing = false } = operation;
      return { $case: "set", value: { value: value.bytes, encoding: value.encoding, ttl: ttlMessage(ttl), ifMissing } };
    }
    case "delete":
      return { $case: "delete", value: {} };
    case "increment":
      return { $case: "increment", value: { by: operation.by } };
    case "append":
      return { $case: "append", value: { value: operation.value, keepLast: maybeBigInt(operation.keepLast) } };
    case "merge":
      return {
        $case: "merge",
        value: { values: operation.values ?? NO_BYTES, path: [...operation.path], remove: [...operation.remove] },
      };
    case "clear":
      return { $case: "clear", value: { prefix: operation.prefix } };
    case "pop_last":
      return { $case: "popLast", value: {} };
    case "expire":
      return { $case: "expire", value: { ttl: ttlMessage(operation.ttl) } };
    case "restore":
      return { $case: "restore", value: { revision: BigInt(operation.revision) } };
    case "rollback":
      return { $case: "rollback", value: { label: operation.label } };
    case "checkpoint":
      return { $case: "checkpoint", value: { label: operation.label } };
    case "delete_checkpoint":
      return { $case: "deleteCheckpoint", value: { label: operation.label } };
    case "declare":
      return { $case: "declare", value: { schema: operation.schema ?? NO_BYTES } };
    case "check":
      return undefined;
  }
}

const operationMessage = (operation: Operation): variables.Operation => ({
  name: operation.name,
  ifRevision: maybeBigInt(operation.ifRevision),
  wantPrevious: operation.wantPrevious ?? false,
  change: changeMessage(operation),
});

/** Whether an operation says nothing beside its name and msgpack value, so that it can travel packed. */
const isPlainSet = (operation: Operation): operation is Operation & { readonly kind: "set" } =>
  operation.kind === "set" &&
  operation.value.encoding === "" &&
  operation.ttl === undefined &&
  operation.ifRevision === undefined &&
  !operation.ifMissing &&
  !operation.wantPrevious;

/**
 * How many of an atomic update's operations travel packed: the plain sets it begins with. What travels packed has no result of its own, so
 * nothing that follows may change it again.
 */
export function packedCount({ operations, independent }: Update): number {
  if (independent) return 0;
  const found = operations.findIndex((operation) => !isPlainSet(operation));
  const count = found === -1 ? operations.length : found;
  const names = new Set(operations.slice(0, count).map(({ name }) => name));
  const touches = ({ kind, name }: Operation): boolean =>
    kind === "clear" || kind === "pop_last" || kind === "rollback" || (kind !== "check" && names.has(name));
  return names.size < count || operations.slice(count).some(touches) ? 0 : count;
}

/** The request of UpdateVariables, its first `packed` operations as one map. */
export function updateRequest(sessionId: string, update: Update, packed: number): Unnamed<variables.UpdateVariablesRequest> {
  const sets = update.operations.slice(0, packed).filter(isPlainSet);
  return {
    sessionId,
    values: packed === 0 ? NO_BYTES : packMap(sets.map(({ name, value }) => ({ name, bytes: value.bytes }))),
    operations: update.operations.slice(packed).map(operationMessage),
    independent: update.independent ?? false,
    mustExist: update.mustExist ?? false,
    defaults: defaultsMessage(update.defaults),
  };
}

/** What became of one operation that did something. */
export const outcome = (applied: boolean, revision: bigint, previous?: common.Variable): OperationResult => ({
  applied,
  revision: Number(revision),
  previous: storedVariable(previous),
  number: undefined,
  count: 0,
  error: undefined,
});

/** What became of one operation of a batch. */
export const operationResult = (message: variables.OperationResult): OperationResult => ({
  applied: message.applied,
  revision: Number(message.revision),
  previous: storedVariable(message.previous),
  number: message.number.length === 0 ? undefined : plainBytes(message.number),
  count: Number(message.count),
  error: message.error && fromWireError({ ...message.error, metadata: Object.fromEntries(message.error.metadata) }, "not_applied"),
});

/** The request of SetVariable for an update of one `set`. */
export function setRequest(
  sessionId: string,
  update: Update,
  operation: Operation & { readonly kind: "set" },
): Unnamed<variables.SetVariableRequest> {
  return {
    sessionId,
    name: operation.name,
    value: operation.value.bytes,
    encoding: operation.value.encoding,
    ttl: ttlMessage(operation.ttl),
    ifRevision: maybeBigInt(operation.ifRevision),
    ifMissing: operation.ifMissing ?? false,
    wantPrevious: operation.wantPrevious ?? false,
    mustExist: update.mustExist ?? false,
    defaults: defaultsMessage(update.defaults),
  };
}

/** The request of DeleteVariable for an update of one `delete`. */
export function deleteRequest(sessionId: string, update: Update, operation: Operation): Unnamed<variables.DeleteVariableRequest> {
  return {
    sessionId,
    name: operation.name,
    ifRevision: maybeBigInt(operation.ifRevision),
    wantPrevious: operation.wantPrevious ?? false,
    mustExist: update.mustExist ?? false,
  };
}
