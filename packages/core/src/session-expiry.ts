/** What the clock takes away from a session. */
import type { SessionKey } from "./persistence.ts";
import { countedRecord, type Head, nextRevision, type StepCommit } from "./session-state.ts";
import { isDue } from "./variable-store.ts";

/** The commit of everything that is due at `nowMs`: the session itself, or some of its variables; undefined when nothing is. */
export function expiryOf(key: SessionKey, head: Head | undefined, nowMs: number): StepCommit | undefined {
  if (head === undefined) return undefined;
  const baseRevision = head.record.revision;
  const expiry = { kind: "expire", key, nowMs, baseRevision, revision: nextRevision(baseRevision, nowMs) } as const;
  if (isDue(head.record, nowMs)) return { head: undefined, delta: { ...expiry, record: undefined, removed: [] } };
  if (head.store.nextDueMs > nowMs) return undefined;
  const { store, removed } = head.store.removeDue(nowMs);
  const record = countedRecord(head.record, store, expiry.revision);
  return { head: { record, store }, delta: { ...expiry, record, removed } };
}
