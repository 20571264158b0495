/** What an observer is told of the operations of an update, and of commits. */
import { sizeOf } from "./kept-variable.ts";
import type { ObserverEvent } from "./observer.ts";
import type { SessionDelta, SessionKey } from "./persistence.ts";
import type { Operation, OperationResult } from "./session-port.ts";
import type { VariableStore } from "./variable-store.ts";

/** The event of an operation that changed something, undefined for one that did not. */
export function operationEvent(
  key: SessionKey,
  operation: Operation,
  result: OperationResult,
  store: VariableStore,
): ObserverEvent | undefined {
  if (!result.applied) return undefined;
  const name = operation.kind === "pop_last" ? (result.previous?.name ?? "") : operation.name;
  const variable = store.variable(name);
  return {
    kind: eventKind(operation.kind),
    key,
    name,
    found: variable !== undefined,
    type: variable?.type ?? "",
    sizeBytes: variable ? sizeOf(variable) : 0,
  };
}

function eventKind(kind: Operation["kind"]): "variable.set" | "variable.delete" | "variable.update" {
  if (kind === "set") return "variable.set";
  return kind === "increment" || kind === "append" || kind === "merge" ? "variable.update" : "variable.delete";
}

/** What a delta tells an observer once it is committed; the operations tell of themselves. */
export function commitEvents(delta: SessionDelta): ObserverEvent[] {
  const { key, kind } = delta;
  if (kind === "create") return [{ kind: "session.created", key, revision: delta.record.revision }];
  if (kind === "delete") return [{ kind: "session.deleted", key, revision: delta.revision }];
  if (kind !== "expire") return [];
  if (delta.record === undefined) return [{ kind: "session.expired", key, revision: delta.revision }];
  return delta.removed.map((name) => ({ kind: "variable.expired", key, name, found: false, type: "", sizeBytes: 0 }));
}
