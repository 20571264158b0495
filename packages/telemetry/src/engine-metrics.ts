/** The events of an engine, counted: some 150 ns each. */
import type { ObserverEvent, VariableEvent } from "@session-bridge/core/internal";
import type { Count, Meter } from "./meter.ts";
import { METRICS } from "./metric-catalogue.ts";
import { typeLabel } from "./type-label.ts";

/** Makes what counts events. `dbSystem` is the store's `db.system.name`; undefined, and there are no `db.client` metrics. */
export function engineMetrics(meter: Meter, dbSystem: string | undefined): (event: ObserverEvent) => void {
  const variableDuration = meter.histogram(METRICS.variableDuration);
  const variableSize = meter.histogram(METRICS.variableSize);
  const succeeded = new Map<string, Map<string, VariableCounts>>();
  const variableExpired = meter.counter(METRICS.variableExpired);
  const batchDuration = meter.histogram(METRICS.batchDuration);
  const batchOperations = meter.histogram(METRICS.batchOperations);
  const batchSize = meter.histogram(METRICS.batchSize);
  const sessionDuration = meter.histogram(METRICS.sessionDuration);
  const sessionSize = meter.histogram(METRICS.sessionSize).of();
  const lives = {
    "session.created": meter.counter(METRICS.sessionCreated),
    "session.loaded": meter.counter(METRICS.sessionLoaded),
    "session.touched": meter.counter(METRICS.sessionTouched),
    "session.expired": meter.counter(METRICS.sessionExpired),
    "session.deleted": meter.counter(METRICS.sessionDeleted),
    "session.evicted": meter.counter(METRICS.sessionEvicted),
    "sessions.crowded": meter.counter(METRICS.sessionsCrowded),
  };
  const commitDuration = meter.histogram(METRICS.commitDuration);
  const commits = {
    saved: commitDuration.of("saved"),
    failed: commitDuration.of("failed"),
    wait: meter.histogram(METRICS.commitWait).of(),
    deltas: meter.histogram(METRICS.commitDeltas).of(),
    operations: meter.histogram(METRICS.commitOperations).of(),
    size: meter.histogram(METRICS.commitSize).of(),
    conflicts: meter.counter(METRICS.commitConflicts).of(),
  };
  const loadDuration = meter.histogram(METRICS.loadDuration);
  const loadSize = meter.histogram(METRICS.loadSize);
  const sweepDuration = meter.histogram(METRICS.sweepDuration);
  const sweepDue = meter.counter(METRICS.sweepDue);
  const dbDuration = dbSystem === undefined ? undefined : meter.histogram(METRICS.dbDuration);

  function variable(event: VariableEvent): void {
    const { operation, reason, durationMs, sizeBytes } = event;
    const type = typeLabel(event.type);
    if (reason === "") {
      const counts = succeeded.get(operation)?.get(type) ?? countsOf(operation, type);
      counts[outcomeOf(event)](durationMs / 1000);
      if (type !== "") counts.size(sizeBytes);
    } else {
      variableDuration(durationMs / 1000, operation, type, "failed", reason);
      if (type !== "") variableSize(sizeBytes, operation, type);
    }
    if (event.applied) sessionSize(event.sessionBytes);
  }

  /** Both are of a few values each. */
  function countsOf(operation: string, type: string): VariableCounts {
    const duration = (outcome: Outcome) => variableDuration.of(operation, type, outcome, "");
    const [ok, missing, unchanged, failed] = [duration("ok"), duration("missing"), duration("unchanged"), duration("failed")];
    const counts = { ok, missing, unchanged, failed, size: variableSize.of(operation, type) };
    const types = succeeded.get(operation) ?? new Map<string, VariableCounts>();
    succeeded.set(operation, types.set(type, counts));
    return counts;
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
        commits[event.outcome](event.durationMs / 1000);
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
export type Outcome = "ok" | "missing" | "unchanged" | "failed";

/** What is counted of the operations of one kind on values of one type, by how they ended. */
type VariableCounts = Readonly<Record<Outcome | "size", Count>>;

/** How an operation on a variable ended. */
export function outcomeOf(event: VariableEvent): Outcome {
  if (event.reason !== "") return "failed";
  if (event.operation === "get" || event.operation === "check") return event.found ? "ok" : "missing";
  return event.applied ? "ok" : "unchanged";
}

const foundOutcome = ({ reason, found }: { readonly reason: string; readonly found: boolean }) =>
  reason !== "" ? "failed" : found ? "ok" : "missing";
