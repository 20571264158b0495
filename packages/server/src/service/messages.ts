/** Between messages and core's types, field by field. What is not said in a message is undefined in core. */
import {
  type BridgeError,
  type CheckpointInfo,
  type HistoryItem,
  InvalidArgumentError,
  type SessionDefaults,
  type SessionInfo,
  type SessionTtl,
  type StoredVariable,
  sizeOf,
  toWireError,
  type VariableInfo,
  type VariableTtl,
} from "@session-bridge/core/internal";
import type * as common from "@session-bridge/protocol/session_bridge/v1/common";
import type * as wire from "@session-bridge/protocol/session_bridge/v1/sessions";
import { type HistoryEntry, HistoryEntry_Kind, type OperationError } from "@session-bridge/protocol/session_bridge/v1/variables";

/** The error for a request that contradicts itself or leaves the range of a field. */
export function invalidArgument(message: string, name?: string): InvalidArgumentError {
  return new InvalidArgumentError("INVALID_ARGUMENT", message, name === undefined ? {} : { details: { name } });
}

/** A variable's ttl. Throws InvalidArgumentError INVALID_TTL for a Ttl that says nothing, `false`, or no positive time. */
export function variableTtl(ttl: common.Ttl | undefined, name?: string): VariableTtl | undefined {
  if (ttl === undefined) return undefined;
  const { kind } = ttl;
  if (kind === undefined) throw invalidTtl("a ttl needs one of ttl_ms, never and keep", name);
  if (kind.$case === "ttlMs") return positiveMs(kind.value, "ttl_ms", name);
  if (!kind.value) throw invalidTtl(`${kind.$case} may not be false; leave it out`, name);
  return kind.$case;
}

/** A session's ttl: as a variable's, without `keep`. */
export function sessionTtl(ttl: common.Ttl | undefined): SessionTtl | undefined {
  const given = variableTtl(ttl);
  if (given === "keep") throw invalidTtl("keep is for variables; a session's ttl is ttl_ms or never");
  return given;
}

/** A duration in milliseconds. Throws InvalidArgumentError INVALID_TTL unless it is greater than 0. */
export function positiveMs(value: bigint, field: string, name?: string): number {
  if (value <= 0n) throw invalidTtl(`${field} must be greater than 0`, name);
  return Number(value);
}

function invalidTtl(message: string, name?: string): InvalidArgumentError {
  return new InvalidArgumentError("INVALID_TTL", message, name === undefined ? {} : { details: { name } });
}

/** A precondition. Throws InvalidArgumentError for a negative one. */
export function ifRevision(value: bigint | undefined, name: string): number | undefined {
  if (value === undefined) return undefined;
  if (value < 0n) throw invalidArgument("if_revision is a revision, or 0 for a variable that must not exist", name);
  return Number(value);
}

/** Labels as core has them; `__proto__` is an ordinary key. */
export function labelsOf(labels: ReadonlyMap<string, string>): Readonly<Record<string, string>> {
  return Object.fromEntries(labels);
}

/** What a session is given if the request creates it. */
export function sessionDefaults(defaults: common.SessionDefaults | undefined): SessionDefaults | undefined {
  return defaults && { ttl: sessionTtl(defaults.ttl), labels: labelsOf(defaults.labels) };
}

/** A session as a message. */
export function sessionMessage(session: SessionInfo): common.SessionInfo {
  return {
    sessionId: session.id,
    labels: new Map(Object.entries(session.labels)),
    revision: BigInt(session.revision),
    variableCount: BigInt(session.variableCount),
    sizeBytes: BigInt(session.sizeBytes),
    createdAtMs: BigInt(session.createdAtMs),
    accessedAtMs: BigInt(session.accessedAtMs),
    expiresAtMs: optionalBigInt(session.expiresAtMs),
    ttlMs: optionalBigInt(session.ttlMs),
    endsAtMs: optionalBigInt(session.endsAtMs),
    historyEntries: session.historyEntries,
  };
}

/** A checkpoint as a message. */
export function checkpointMessage(checkpoint: CheckpointInfo): wire.CheckpointInfo {
  return {
    label: checkpoint.label,
    revision: BigInt(checkpoint.revision),
    createdAtMs: BigInt(checkpoint.createdAtMs),
    variableCount: BigInt(checkpoint.variableCount),
    sizeBytes: BigInt(checkpoint.sizeBytes),
  };
}

/** An earlier state of a variable, as a message. */
export function historyMessage(item: HistoryItem): HistoryEntry {
  if (item.kind === "set") {
    const { revision, updatedAtMs } = item.variable;
    return {
      kind: HistoryEntry_Kind.KIND_SET,
      revision: BigInt(revision),
      atMs: BigInt(updatedAtMs),
      variable: variableMessage(item.variable),
    };
  }
  const kind = item.kind === "delete" ? HistoryEntry_Kind.KIND_DELETE : HistoryEntry_Kind.KIND_EXPIRE;
  return { kind, revision: BigInt(item.revision), atMs: BigInt(item.atMs), variable: undefined };
}

/** What is known of a variable, as a message. */
export function infoMessage(info: VariableInfo): common.VariableInfo {
  return {
    name: info.name,
    type: info.type,
    sizeBytes: BigInt(info.sizeBytes),
    revision: BigInt(info.revision),
    createdAtMs: BigInt(info.createdAtMs),
    updatedAtMs: BigInt(info.updatedAtMs),
    expiresAtMs: optionalBigInt(info.expiresAtMs),
    encoding: info.encoding,
  };
}

/** What is known of a variable that is at hand with its value. */
export function infoOf(variable: StoredVariable): common.VariableInfo {
  // Field by field: it may be any object with these.
  const { name, type, revision, createdAtMs, updatedAtMs, expiresAtMs, encoding } = variable;
  return infoMessage({ name, type, sizeBytes: sizeOf(variable), revision, createdAtMs, updatedAtMs, expiresAtMs, encoding });
}

/** A variable with its value, as a message. */
export function variableMessage(variable: StoredVariable): common.Variable {
  return { info: infoOf(variable), value: variable.bytes };
}

/** Why one operation of an independent update failed, as a message; the same words as the status that it would have had alone. */
export function operationError(error: BridgeError): OperationError {
  const { code, reason, message, metadata } = toWireError(error);
  return { code, reason, message, metadata: new Map(Object.entries(metadata)) };
}

function optionalBigInt(value: number | undefined): bigint | undefined {
  return value === undefined ? undefined : BigInt(value);
}
