/** UpdateVariables in core's words: packed sets first, then the operations in their order. */
import { BridgeError, InvalidArgumentError, type Operation, type OperationChange, type VariableTtl } from "@session-bridge/core/internal";
import { unpackMap } from "@session-bridge/core/values";
import type { Ttl } from "@session-bridge/protocol/session_bridge/v1/common";
import type * as wire from "@session-bridge/protocol/session_bridge/v1/variables";
import { ifRevision, invalidArgument, variableTtl } from "./messages.ts";

/** msgpack 1: what an increment adds when it does not say. */
const ONE = Uint8Array.of(1);

/** An operation, or why it cannot be one. */
export type Translated = Operation | BridgeError;

/** The sets of `values`, as views into the request. Throws InvalidArgumentError for bytes that are no map of names to values, or a name given twice. */
export function packedSets(values: Uint8Array): Operation[] {
  if (values.length === 0) return [];
  return unpackMap(values).map(({ name, bytes, type }) => ({ kind: "set", name, value: { bytes, encoding: "" }, type }));
}

/**
 * The operations of a request. In an atomic update a bad one throws InvalidArgumentError; in an independent one its error takes its place.
 */
export function operationsOf(request: wire.UpdateVariablesRequest): Translated[] {
  return request.operations.map((operation) => {
    if (!request.independent) return operationOf(operation);
    try {
      return operationOf(operation);
    } catch (error) {
      if (error instanceof BridgeError) return error;
      throw error;
    }
  });
}

/** Throws InvalidArgumentError naming a name that an atomic update would set twice: packed, and as an operation. */
export function refuseSetTwice(packed: readonly Operation[], operations: readonly Translated[]): void {
  if (packed.length === 0 || operations.length === 0) return;
  const names = new Set(packed.map(({ name }) => name));
  for (const operation of operations) {
    if (operation instanceof BridgeError || operation.kind !== "set" || !names.has(operation.name)) continue;
    throw invalidArgument("the same name is set in values and in operations", operation.name);
  }
}

function operationOf(operation: wire.Operation): Operation {
  const { name, wantPrevious } = operation;
  const change = changeOf(operation);
  if (name !== "" && (change.kind === "clear" || change.kind === "pop_last")) {
    throw invalidArgument(`${change.kind} takes no name`, name);
  }
  return { ...change, name, ifRevision: ifRevision(operation.ifRevision, name), wantPrevious };
}

function changeOf({ name, change }: wire.Operation): OperationChange {
  switch (change?.$case) {
    case undefined:
      return { kind: "check" };
    case "set": {
      const { value, encoding, ttl, ifMissing } = change.value;
      return { kind: "set", value: { bytes: value, encoding }, ttl: variableTtl(ttl, name), ifMissing };
    }
    case "delete":
      return { kind: "delete" };
    case "increment":
      return { kind: "increment", by: change.value.by.length === 0 ? ONE : change.value.by };
    case "append":
      return { kind: "append", value: change.value.value, keepLast: keepLast(change.value.keepLast, name) };
    case "merge": {
      const { values, path, remove } = change.value;
      return { kind: "merge", values: values.length === 0 ? undefined : values, path, remove };
    }
    case "clear":
      return { kind: "clear", prefix: change.value.prefix };
    case "popLast":
      return { kind: "pop_last" };
    case "expire":
      return { kind: "expire", ttl: newTtl(change.value.ttl, name) };
    case "restore":
      return { kind: "restore", revision: Number(change.value.revision) };
    case "rollback":
      return { kind: "rollback", label: change.value.label };
    case "checkpoint":
      return { kind: "checkpoint", label: change.value.label };
    case "deleteCheckpoint":
      return { kind: "delete_checkpoint", label: change.value.label };
    case "declare":
      return { kind: "declare", schema: change.value.schema.length === 0 ? undefined : change.value.schema };
  }
}

function newTtl(ttl: Ttl | undefined, name: string): Exclude<VariableTtl, "keep"> {
  const given = variableTtl(ttl, name);
  if (given !== undefined && given !== "keep") return given;
  throw new InvalidArgumentError("INVALID_TTL", "a new deadline needs ttl_ms or never", { details: { name } });
}

function keepLast(value: bigint | undefined, name: string): number | undefined {
  if (value === undefined) return undefined;
  if (value < 1n) throw invalidArgument("keep_last must be at least 1", name);
  return Number(value);
}
