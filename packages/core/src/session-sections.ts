/** What a commit does to what a session has beside its variables: the history that it makes, its checkpoints, its declarations. */

import { recordStep } from "./history-edit.ts";
import type { Limits } from "./limits.ts";
import type { EndedVariable, HistoryChange, SectionChanges, SessionRecord } from "./persistence.ts";
import { type Contents, declarationOf } from "./session-contents.ts";
import { SessionHistory } from "./session-history.ts";

/** A change of a session's contents by one commit. */
export interface ContentsChange {
  readonly before: Contents;
  readonly after: Contents;
  /** The revision before; undefined for a new session. */
  readonly baseRevision: number | undefined;
  readonly revision: number;
  readonly nowMs: number;
  /** The names of the variables that were written, and of those that ended, and how. */
  readonly set: readonly string[];
  readonly removed: readonly string[];
  readonly ending: EndedVariable["kind"];
}

/** What bounds the history of a session. */
export interface HistoryLimits extends Pick<Limits, "historyEntries" | "sessionBytes"> {}

/** How many entries a session keeps of each variable. */
export const historyEntriesOf = (record: Pick<SessionRecord, "historyEntries"> | undefined, limits: HistoryLimits): number =>
  record?.historyEntries ?? limits.historyEntries;

/** The contents after a change with the history that it makes, and what a store has to change beside variables; undefined for nothing. */
export function recorded(
  change: ContentsChange,
  entries: number,
  limits: HistoryLimits,
): { readonly contents: Contents; readonly sections: SectionChanges | undefined } {
  const { history, changed } = recordedHistory(change, entries, limits);
  const { before, after } = change;
  const contents = history === after.history ? after : { ...after, history };
  if (changed === undefined && before.checkpoints === after.checkpoints && before.declarations === after.declarations) {
    return { contents, sections: undefined };
  }
  const checkpoints = difference(before.checkpoints, after.checkpoints);
  const declarations = difference(before.declarations, after.declarations);
  const sections: SectionChanges = {
    history: changed,
    checkpoints: checkpoints && {
      removed: checkpoints.removed,
      set: checkpoints.set.map(({ label, revision, createdAtMs }) => ({ label, revision, createdAtMs })),
    },
    declarations: declarations && {
      removed: declarations.removed,
      set: declarations.set.map(declarationOf),
    },
  };
  return { contents, sections };
}

function recordedHistory(
  { before, after, baseRevision, nowMs, revision, set, removed, ending }: ContentsChange,
  entries: number,
  limits: HistoryLimits,
): { readonly history: SessionHistory | undefined; readonly changed: HistoryChange | undefined } {
  if (entries === 0) return { history: undefined, changed: before.history && NO_HISTORY };
  // A new session has no past yet; its history begins where its next commit leaves it.
  if (baseRevision === undefined) return { history: undefined, changed: undefined };
  const history = before.history ?? SessionHistory.since(baseRevision);
  const bounds = { entries, sizeBytes: Math.max(limits.sessionBytes - after.store.sizeBytes, 0) };
  const commit = recordStep(history, { nowMs, revision, before: before.store, after: after.store, set, removed, ending }, bounds);
  return { history: commit.history, changed: commit.history === before.history ? undefined : commit.change };
}

const NO_HISTORY: HistoryChange = { sinceRevision: undefined, kept: [], ended: [], dropped: [] };

function difference<T>(before: ReadonlyMap<string, T> | undefined, after: ReadonlyMap<string, T> | undefined) {
  if (before === after) return undefined;
  const removed = [...(before?.keys() ?? [])].filter((key) => !after?.has(key));
  const set = [...(after ?? [])].flatMap(([key, value]) => (before?.get(key) === value ? [] : [value]));
  return { removed, set };
}
