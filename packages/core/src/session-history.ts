/** The earlier states of a session's variables: an immutable value, of which each commit makes another. */
import { kept, sizeOf } from "./kept-variable.ts";
import type { EndedVariable, HistoryChange, LoadedVariable, StoredHistory, StoredVariable, VariableRef } from "./persistence.ts";
import { SortedByName } from "./sorted-by-name.ts";
import { utf8Size } from "./values/utf8.ts";
import { isDue, type VariableStore } from "./variable-store.ts";

/** An earlier state of a variable: a value, or that it ended. */
export type HistoryEntry = StoredVariable | EndedVariable;

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

/** Whether an entry is a value. */
export const isValue = (entry: HistoryEntry): entry is StoredVariable => "type" in entry;

/** The entries of all variables together: a session may have more names in its past than it has variables. */
const MOST_ENTRIES = 64_000;

/** An entry under a name that sorts it: by its variable, then by its revision; or by its revision alone. */
interface Placed {
  readonly name: string;
  readonly entry: HistoryEntry;
}

// Neither ids nor names have control characters, and no revision has more digits.
const digits = (revision: number): string => String(revision).padStart(16, "0");
const byName = (entry: VariableRef): string => `${entry.name}\0${digits(entry.revision)}`;
const byAge = (entry: VariableRef): string => `${digits(entry.revision)}\0${entry.name}`;

/** Immutable. Recording costs the same however much is kept. */
export class SessionHistory {
  readonly #byName: SortedByName<Placed>;
  readonly #byAge: SortedByName<Placed>;
  /** Every state of the session at this revision or later can be told. */
  readonly sinceRevision: number;
  /** Names and encoded values of the entries. */
  readonly sizeBytes: number;
  /** No entry is due before this. */
  readonly nextDueMs: number;

  private constructor(
    entries: { readonly byName: SortedByName<Placed>; readonly byAge: SortedByName<Placed> },
    sums: Pick<SessionHistory, "sinceRevision" | "sizeBytes" | "nextDueMs">,
  ) {
    this.#byName = entries.byName;
    this.#byAge = entries.byAge;
    this.sinceRevision = sums.sinceRevision;
    this.sizeBytes = sums.sizeBytes;
    this.nextDueMs = sums.nextDueMs;
  }

  /** A history that begins at a revision. */
  static since(sinceRevision: number): SessionHistory {
    const empty = SortedByName.empty<Placed>();
    return new SessionHistory({ byName: empty, byAge: empty }, { sinceRevision, sizeBytes: 0, nextDueMs: Number.POSITIVE_INFINITY });
  }

  /** A history as a store gives it. */
  static of({ sinceRevision, entries: stored }: StoredHistory): SessionHistory {
    const entries = stored.map((entry): HistoryEntry => ("kind" in entry ? entry : kept(entry as LoadedVariable)));
    return new SessionHistory(
      {
        byName: SortedByName.of(entries.map((entry) => ({ name: byName(entry), entry }))),
        byAge: SortedByName.of(entries.map((entry) => ({ name: byAge(entry), entry }))),
      },
      { sinceRevision, sizeBytes: entries.reduce((sum, entry) => sum + footprint(entry), 0), nextDueMs: earliest(entries) },
    );
  }

  /** How many entries there are. */
  get size(): number {
    return this.#byName.size;
  }

  /** The entries of a variable, oldest first. */
  entries(name: string): readonly HistoryEntry[] {
    return [...this.#byName.from(`${name}\0`)].map(({ entry }) => entry);
  }

  /** What the variable was at exactly this revision; undefined when that is not kept, or over. */
  find(name: string, revision: number, nowMs: number): HistoryEntry | undefined {
    const entry = this.#byName.get(byName({ name, revision }))?.entry;
    return entry !== undefined && isValue(entry) && isDue(entry, nowMs) ? undefined : entry;
  }

  /** The variables that the session had at a revision that is not before `sinceRevision`, without what is due at `nowMs`. */
  variablesAt(revision: number, present: VariableStore, nowMs: number): readonly StoredVariable[] {
    const states = new Map<string, HistoryEntry>();
    for (const { entry } of this.#byName.from()) if (entry.revision <= revision) states.set(entry.name, entry);
    for (const variable of present.variables()) if (variable.revision <= revision) states.set(variable.name, variable);
    return [...states.values()].filter(isValue).filter((variable) => !isDue(variable, nowMs));
  }

  /** The history after a commit, and what that changes in the store. */
  record(step: HistoryStep, bounds: HistoryBounds): HistoryCommit {
    const edit = new HistoryEdit(this, step.after);
    for (const entry of this.#due(step.nowMs)) edit.drop(entry);
    for (const name of [...step.set, ...step.removed]) {
      const variable = step.before.variable(name);
      if (variable === undefined) continue;
      // What is over is not kept: what the session was until now cannot be told any more.
      if (isDue(variable, step.nowMs)) edit.forgetBefore(step.revision);
      else edit.add(variable);
    }
    for (const name of step.removed) edit.add({ kind: step.ending, name, revision: step.revision, atMs: step.nowMs });
    for (const name of [...step.set, ...step.removed]) {
      for (const entry of edit.history.entries(name).slice(0, -bounds.entries)) edit.drop(entry);
    }
    while (edit.history.sizeBytes > bounds.sizeBytes || edit.history.size > MOST_ENTRIES) edit.drop(edit.history.oldest as HistoryEntry);
    return edit.done();
  }

  #due(nowMs: number): readonly HistoryEntry[] {
    if (this.nextDueMs > nowMs) return [];
    return [...this.#byName.from()].flatMap(({ entry }) => (isValue(entry) && isDue(entry, nowMs) ? [entry] : []));
  }

  /** The entry of the earliest revision. */
  get oldest(): HistoryEntry | undefined {
    return this.#byAge.first()?.entry;
  }

  /** With one more entry. */
  with(entry: HistoryEntry): SessionHistory {
    return new SessionHistory(
      { byName: this.#byName.put({ name: byName(entry), entry }), byAge: this.#byAge.put({ name: byAge(entry), entry }) },
      {
        sinceRevision: this.sinceRevision,
        sizeBytes: this.sizeBytes + footprint(entry),
        nextDueMs: Math.min(this.nextDueMs, dueMs(entry)),
      },
    );
  }

  /** Without one of its entries. */
  without(entry: HistoryEntry): SessionHistory {
    const rest = { byName: this.#byName.delete(byName(entry)), byAge: this.#byAge.delete(byAge(entry)) };
    const wasNext = dueMs(entry) === this.nextDueMs && this.nextDueMs !== Number.POSITIVE_INFINITY;
    return new SessionHistory(rest, {
      sinceRevision: this.sinceRevision,
      sizeBytes: this.sizeBytes - footprint(entry),
      nextDueMs: wasNext ? earliest([...rest.byName.from()].map((placed) => placed.entry)) : this.nextDueMs,
    });
  }

  /** The same entries, of which less can be told. */
  from(sinceRevision: number): SessionHistory {
    if (sinceRevision <= this.sinceRevision) return this;
    const { sizeBytes, nextDueMs } = this;
    return new SessionHistory({ byName: this.#byName, byAge: this.#byAge }, { sinceRevision, sizeBytes, nextDueMs });
  }
}

/** A history after a commit, and what the commit changes in the store. */
export interface HistoryCommit {
  readonly history: SessionHistory;
  readonly change: HistoryChange;
}

/** One commit's changes of a history. */
class HistoryEdit {
  history: SessionHistory;
  readonly #present: VariableStore;
  readonly #added = new Set<HistoryEntry>();
  readonly #dropped: VariableRef[] = [];

  constructor(history: SessionHistory, present: VariableStore) {
    this.history = history;
    this.#present = present;
  }

  add(entry: HistoryEntry): void {
    this.history = this.history.with(entry);
    this.#added.add(entry);
  }

  /** Until what came after it, nobody can tell any more what the variable was; that there was none can always be told. */
  drop(entry: HistoryEntry): void {
    const next = this.history.entries(entry.name).find(({ revision }) => revision > entry.revision) ?? this.#present.variable(entry.name);
    this.history = this.history.without(entry);
    if (isValue(entry) || next === undefined) this.forgetBefore(next?.revision ?? entry.revision);
    if (!this.#added.delete(entry)) this.#dropped.push({ name: entry.name, revision: entry.revision });
  }

  forgetBefore(revision: number): void {
    this.history = this.history.from(revision);
  }

  done(): HistoryCommit {
    const added = [...this.#added];
    const change: HistoryChange = {
      sinceRevision: this.history.sinceRevision,
      kept: added.filter(isValue).map(({ name, revision }) => ({ name, revision })),
      ended: added.filter((entry): entry is EndedVariable => !isValue(entry)),
      dropped: this.#dropped,
    };
    return { history: this.history, change };
  }
}

const footprint = (entry: HistoryEntry): number => utf8Size(entry.name) + (isValue(entry) ? sizeOf(entry) : 0);

const dueMs = (entry: HistoryEntry): number =>
  isValue(entry) ? (entry.expiresAtMs ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;

const earliest = (entries: readonly HistoryEntry[]): number =>
  entries.reduce((ms, entry) => Math.min(ms, dueMs(entry)), Number.POSITIVE_INFINITY);
