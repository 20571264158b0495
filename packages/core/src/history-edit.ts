/** What a commit makes of a session's history. */
import type { EndedVariable, HistoryChange, VariableRef } from "./persistence.ts";
import { dueMs, entryBytes, type HistoryEntry, isValue, type SessionHistory } from "./session-history.ts";
import { isDue, type VariableStore } from "./variable-store.ts";

/** What bounds a history. */
export interface HistoryBounds {
  /** Entries of each variable, at least 1. */
  readonly entries: number;
  /** Names and encoded values of all entries. */
  readonly sizeBytes: number;
}

/** A commit, as a history sees it. */
export interface HistoryStep {
  readonly nowMs: number;
  /** The revision that ended variables ended at. */
  readonly revision: number;
  readonly before: VariableStore;
  readonly after: VariableStore;
  /** The names that were written, and those that ended. */
  readonly set: readonly string[];
  readonly removed: readonly string[];
  readonly ending: EndedVariable["kind"];
}

/** The entries of all variables together: a session may have more names in its past than it has variables. */
const MOST_ENTRIES = 64_000;

/** A history after a commit, and what the commit changes in the store. */
export interface HistoryCommit {
  readonly history: SessionHistory;
  readonly change: HistoryChange;
}

/** The history after a commit, and what that changes in the store. It costs the same however much is kept. */
export function recordStep(history: SessionHistory, step: HistoryStep, bounds: HistoryBounds): HistoryCommit {
  const edit = new HistoryEdit(history, step.after);
  for (const names of [step.set, step.removed]) {
    for (const name of names) {
      const variable = step.before.variable(name);
      if (variable !== undefined) edit.add(variable);
    }
  }
  for (const name of step.removed) edit.add({ kind: step.ending, name, revision: step.revision, atMs: step.nowMs });
  edit.dropDue(step.nowMs);
  for (const names of [step.set, step.removed]) for (const name of names) edit.keepLast(name, bounds.entries);
  edit.dropBeyond(bounds.sizeBytes);
  return edit.done();
}

/** One commit's changes of a history. */
class HistoryEdit {
  #history: SessionHistory;
  readonly #present: VariableStore;
  /** The pasts that are not as in `#history`. */
  readonly #pasts = new Map<string, readonly HistoryEntry[]>();
  readonly #added = new Set<HistoryEntry>();
  readonly #gone: VariableRef[] = [];
  #size: number;
  #sizeBytes: number;
  #sinceRevision: number;
  #quietUntilMs: number;

  constructor(history: SessionHistory, present: VariableStore) {
    this.#history = history;
    this.#present = present;
    this.#size = history.size;
    this.#sizeBytes = history.sizeBytes;
    this.#sinceRevision = history.sinceRevision;
    this.#quietUntilMs = history.quietUntilMs;
  }

  #entries(name: string): readonly HistoryEntry[] {
    return this.#pasts.get(name) ?? this.#history.entries(name);
  }

  /** The history as it is by now. */
  #settled(): SessionHistory {
    this.#history = this.#history.with(this.#pasts, {
      size: this.#size,
      sizeBytes: this.#sizeBytes,
      sinceRevision: this.#sinceRevision,
      quietUntilMs: this.#quietUntilMs,
    });
    this.#pasts.clear();
    return this.#history;
  }

  /** Adds what is newer than all that is kept of its variable. */
  add(entry: HistoryEntry): void {
    this.#pasts.set(entry.name, this.#entries(entry.name).concat(entry));
    this.#added.add(entry);
    this.#size += 1;
    this.#sizeBytes += entryBytes(entry);
    this.#quietUntilMs = Math.min(this.#quietUntilMs, dueMs(entry));
  }

  /** The oldest entries of a variable go, but for so many. */
  keepLast(name: string, count: number): void {
    this.#dropOldest(name, this.#entries(name).length - count);
  }

  /** The oldest entries of all variables go while these are too many, or have too many bytes. */
  dropBeyond(maxBytes: number): void {
    let [size, sizeBytes] = [this.#size, this.#sizeBytes];
    if (size <= MOST_ENTRIES && sizeBytes <= maxBytes) return;
    const counts = new Map<string, number>();
    for (const entry of this.#settled().oldestFirst()) {
      counts.set(entry.name, (counts.get(entry.name) ?? 0) + 1);
      size -= 1;
      sizeBytes -= entryBytes(entry);
      if (size <= MOST_ENTRIES && sizeBytes <= maxBytes) break;
    }
    for (const [name, count] of counts) this.#dropOldest(name, count);
  }

  /** Until what came after them, nobody can tell any more what these were; that there was none can always be told. */
  #dropOldest(name: string, count: number): void {
    if (count <= 0) return;
    const entries = this.#entries(name);
    const last = entries[count - 1] as HistoryEntry;
    const next = entries[count] ?? this.#present.variable(name);
    this.#leave(name, entries.slice(count), entries.slice(0, count));
    this.#forgetBefore(isValue(last) && next !== undefined ? next.revision : last.revision);
  }

  #leave(name: string, rest: readonly HistoryEntry[], gone: readonly HistoryEntry[]): void {
    this.#pasts.set(name, rest);
    this.#size -= gone.length;
    for (const entry of gone) {
      this.#sizeBytes -= entryBytes(entry);
      if (!this.#added.delete(entry)) this.#gone.push({ name, revision: entry.revision });
    }
  }

  /**
   * What is over goes: that it is not there any more can be told without it, unless an earlier value would then seem to have stayed for as long
   * as it was there.
   */
  dropDue(nowMs: number): void {
    if (this.#quietUntilMs > nowMs) return;
    const settled = this.#settled();
    if (settled.hasDue(nowMs)) {
      for (const [name, entries] of Map.groupBy(settled.all(), (entry) => entry.name)) this.#dropDueOf(name, entries, nowMs);
    }
    this.#quietUntilMs = settled.quietUntilMs;
  }

  #dropDueOf(name: string, entries: readonly HistoryEntry[], nowMs: number): void {
    const gone: HistoryEntry[] = [];
    let shown: HistoryEntry | undefined;
    for (const [i, entry] of entries.entries()) {
      if (!(isValue(entry) && isDue(entry, nowMs))) {
        shown = entry;
        continue;
      }
      gone.push(entry);
      const next = entries[i + 1] ?? this.#present.variable(name);
      if (shown !== undefined && isValue(shown)) this.#forgetBefore(next?.revision ?? entry.revision);
    }
    if (gone.length > 0)
      this.#leave(
        name,
        entries.filter((entry) => !gone.includes(entry)),
        gone,
      );
  }

  #forgetBefore(revision: number): void {
    this.#sinceRevision = Math.max(this.#sinceRevision, revision);
  }

  done(): HistoryCommit {
    const added = [...this.#added];
    const change: HistoryChange = {
      sinceRevision: this.#sinceRevision,
      kept: added.filter(isValue).map(({ name, revision }) => ({ name, revision })),
      ended: added.filter((entry): entry is EndedVariable => !isValue(entry)),
      dropped: this.#gone,
    };
    return { history: this.#settled(), change };
  }
}
