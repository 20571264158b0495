/** The events of an engine, counted: some 150 ns each. */
import type { ObserverEvent, VariableEvent } from "@session-bridge/core/internal";
import type { Meter } from "./meter.ts";
import { METRICS } from "./metric-catalogue.ts";
import { typeLabel } from "./type-label.ts";

/** Makes what counts events. `dbSystem` is the store's `db.system.name`; undefined, and there are no `db.client` metrics. */
export function engineMetrics(meter: Meter, dbSystem: string | undefined): (event: ObserverEvent) => void {
  const variableDuration = meter.histogram(METRICS.variableDuration);
  const variableSize = meter.histogram(METRICS.variableSize);
  const variableExpired = meter.counter(METRICS.variableExpired);
  const batchDuration = meter.histogram(METRICS.batchDuration);
  const batchOperations = meter.histogram(METRICS.batchOperations);
  const batchSize = meter.histogram(METRICS.batchSize);
  const sessionDuration = meter.histogram(METRICS.sessionDuration);
  const sessionSize = meter.histogram(METRICS.sessionSize);
  const lives = {
    "session.created": meter.counter(METRICS.sessionCreated),
    "session.loaded": meter.counter(METRICS.sessionLoaded),
    "session.touched": meter.counter(METRICS.sessionTouched),
    "session.expired": meter.counter(METRICS.sessionExpired),
    "session.deleted": meter.counter(METRICS.sessionDeleted),
    "session.evicted": meter.counter(METRICS.sessionEvicted),
    "sessions.crowded": meter.counter(METRICS.sessionsCrowded),
  };
  const commits = {
    duration: meter.histogram(METRICS.commitDuration),
    wait: meter.histogram(METRICS.commitWait),
    deltas: meter.histogram(METRICS.commitDeltas),
    operations: meter.histogram(METRICS.commitOperations),
    size: meter.histogram(METRICS.commitSize),
    conflicts: meter.counter(METRICS.commitConflicts),
  };
  const loadDuration = meter.histogram(METRICS.loadDuration);
  const loadSize = meter.histogram(METRICS.loadSize);
  const sweepDuration = meter.histogram(METRICS.sweepDuration);
  const sweepDue = meter.counter(METRICS.sweepDue);
  const dbDuration = dbSystem === undefined ? undefined : meter.histogram(METRICS.dbDuration);

  function variable(event: VariableEvent): void {
    const { operation, reason } = event;
    const type = typeLabel(event.type);
    variableDuration(event.durationMs / 1000, operation, type, outcomeOf(event), reason);
    if (type !== "") variableSize(event.sizeBytes, operation, type);
    if (event.applied) sessionSize(event.sessionBytes);
  }

  function store(operation: "save" | "load", durationMs: number, errorType: string): void {
    dbDuration?.(durationMs / 1000, dbSystem ?? "", operation, errorType);
  }

  return (event) => {
    switch (event.kind) {
      case "variable.get":
      case "variable.set":
      case "variable.delete":
      case "variable.update":
      case "variable.check":
        return variable(event);
      case "variable.expired":
        return variableExpired(1);
      case "variable.batch":
        batchDuration(event.durationMs / 1000, event.operation, event.reason === "" ? "ok" : "failed", event.reason);
        batchOperations(event.operations, event.operation);
        return batchSize(event.sizeBytes, event.operation);
      case "session.call":
        return sessionDuration(event.durationMs / 1000, event.operation, foundOutcome(event), event.reason);
      case "commit":
        commits.duration(event.durationMs / 1000, event.outcome);
        commits.wait(event.waitMs / 1000);
        commits.deltas(event.deltas);
        commits.operations(event.operations);
        commits.size(event.sizeBytes);
        commits.conflicts(event.conflicts);
        return store("save", event.durationMs, event.outcome === "failed" ? "_OTHER" : "");
      case "load":
        loadDuration(event.durationMs / 1000, event.what, event.outcome, event.reason);
        loadSize(event.sizeBytes, event.what);
        return store("load", event.durationMs, event.outcome === "failed" ? event.reason || "_OTHER" : "");
      case "sweep":
        sweepDuration(event.durationMs / 1000, event.outcome);
        return sweepDue(event.due);
      default:
        return lives[event.kind](1);
    }
  };
}

/** How an operation on a variable ended, in one word. */
export function outcomeOf(event: VariableEvent): "ok" | "missing" | "unchanged" | "failed" {
  if (event.reason !== "") return "failed";
  if (event.operation === "get" || event.operation === "check") return event.found ? "ok" : "missing";
  return event.applied ? "ok" : "unchanged";
}

const foundOutcome = ({ reason, found }: { readonly reason: string; readonly found: boolean }) =>
  reason !== "" ? "failed" : found ? "ok" : "missing";
