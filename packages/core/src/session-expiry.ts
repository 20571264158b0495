/** What the clock takes away from a session. */
import type { SessionKey } from "./persistence.ts";
import { type HistoryLimits, historyEntriesOf, recorded } from "./session-sections.ts";
import { countedRecord, type Head, nextRevision, type StepCommit } from "./session-state.ts";
import { isDue } from "./variable-store.ts";

/** The commit of everything that is due at `nowMs`: the session itself, or some of what it has; undefined when nothing is. */
export function expiryOf(key: SessionKey, head: Head | undefined, nowMs: number, limits: HistoryLimits): StepCommit | undefined {
  if (head === undefined) return undefined;
  const baseRevision = head.record.revision;
  const expiry = { kind: "expire", key, nowMs, baseRevision, revision: nextRevision(baseRevision, nowMs) } as const;
  if (isDue(head.record, nowMs)) return { head: undefined, delta: { ...expiry, record: undefined, removed: [] } };
  if (head.store.nextDueMs > nowMs && head.history?.hasDue(nowMs) !== true) return undefined;
  const { store, removed } = head.store.removeDue(nowMs);
  const change = { before: head, after: { ...head, store }, baseRevision, revision: expiry.revision, nowMs, set: [], removed } as const;
  const { contents, sections } = recorded({ ...change, ending: "expire" }, historyEntriesOf(head.record, limits), limits);
  const record = countedRecord(head.record, contents, expiry.revision);
  return { head: { ...contents, record }, delta: { ...expiry, record, removed, sections } };
}
