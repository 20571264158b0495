/** What an observer is told of commits, and of what they did to sessions. */
import type { Clock } from "./clock.ts";
import type { Commit } from "./committer.ts";
import { sizeOf } from "./kept-variable.ts";
import { type CommitEvent, type ObserverEvent, since, type Tell } from "./observer.ts";
import type { SaveOutcome, SessionDelta, SessionRecord } from "./persistence.ts";
import type { Head } from "./session-state.ts";

/** Begins to watch a save; what it gives is called when the store has answered. */
export function watchedSave(tell: Tell, batch: readonly Commit[], clock: Clock, queuedAtMs: number) {
  const startedAtMs = clock.monotonic();
  return (outcome: CommitEvent["outcome"], outcomes: readonly SaveOutcome[], cause?: unknown): void => {
    let operations = 0;
    let sizeBytes = 0;
    for (const { delta } of batch) {
      if ("removed" in delta) operations += delta.removed.length;
      if (!("set" in delta)) continue;
      operations += delta.set.length;
      for (const variable of delta.set) sizeBytes += sizeOf(variable);
    }
    const traces = new Set(batch.map(({ trace }) => trace));
    traces.delete(undefined);
    tell({
      kind: "commit",
      outcome,
      deltas: batch.length,
      conflicts: outcomes.filter((each) => each === "conflict").length,
      operations,
      sizeBytes,
      waitMs: batch.length === 0 ? 0 : startedAtMs - queuedAtMs,
      traces: [...traces],
      cause,
      ...since(clock, startedAtMs),
    });
  };
}

/** What a delta did, now that it is committed; `before` is the head that it changed. Of operations, their calls tell. */
export function deltaEvents(delta: SessionDelta, before: Head | undefined, atMs: number): readonly ObserverEvent[] {
  const { key, kind } = delta;
  switch (kind) {
    case "create":
    case "fork":
      return [{ kind: "session.created", key: { ...key }, revision: delta.record.revision, ...sizesOf(delta.record) }];
    case "delete":
      return [{ kind: "session.deleted", key: { ...key }, revision: delta.revision, ...sizesOf(before?.record) }];
    case "expire": {
      const { record, revision, removed } = delta;
      if (record === undefined) return [{ kind: "session.expired", key: { ...key }, revision, ...sizesOf(before?.record) }];
      return removed.map((name) => ({
        kind: "variable.expired",
        operation: "expire",
        key: { ...key },
        name,
        found: true,
        applied: true,
        type: "",
        sizeBytes: 0,
        reason: "",
        trace: undefined,
        startedAtMs: atMs,
        durationMs: 0,
        ...sizesOf(record),
      }));
    }
    case "write":
    case "extend":
      return NOTHING;
  }
}

const NOTHING: readonly ObserverEvent[] = [];

/** The sizes of a session, 0 for none. */
export const sizesOf = (record: Pick<SessionRecord, "variableCount" | "sizeBytes"> | undefined) => ({
  sessionVariables: record?.variableCount ?? 0,
  sessionBytes: record?.sizeBytes ?? 0,
});
