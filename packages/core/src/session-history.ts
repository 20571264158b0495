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
/** One of so many is few. */
const FEW = 64;

/** An entry under a name that sorts it: by its variable, then by its revision; or by its revision alone. */
interface Placed {
  readonly name: string;
  readonly entry: HistoryEntry;
}

// Neither ids nor names have control characters, and no revision has more digits.
const digits = (revision: number): string => String(revision).padStart(16, "0");
const byName = (entry: VariableRef): string => `${entry.name}\0${digits(entry.revision)}`;
const byAge = (entry: VariableRef): string => `${digits(entry.revision)}\0${entry.name}`;

/** The entries in both orders. */
interface Orders {
  readonly byName: SortedByName<Placed>;
  readonly byAge: SortedByName<Placed>;
}

/** Immutable. Recording costs the same however much is kept. */
export class SessionHistory {
  readonly #byName: SortedByName<Placed>;
  readonly #byAge: SortedByName<Placed>;
  /** Every state of the session at this revision or later can be told. */
  readonly sinceRevision: number;
  /** Names and encoded values of the entries. */
  readonly sizeBytes: number;
  /** No entry is due before this; looked up anew when that time has come, since the entry that was may be gone. */
  #quietUntilMs: number;

  private constructor(
    entries: Orders,
    sums: { readonly sinceRevision: number; readonly sizeBytes: number; readonly quietUntilMs: number },
  ) {
    this.#byName = entries.byName;
    this.#byAge = entries.byAge;
    this.sinceRevision = sums.sinceRevision;
    this.sizeBytes = sums.sizeBytes;
    this.#quietUntilMs = sums.quietUntilMs;
  }

  /** A history that begins at a revision. */
  static since(sinceRevision: number): SessionHistory {
    const empty = SortedByName.empty<Placed>();
    return new SessionHistory({ byName: empty, byAge: empty }, { sinceRevision, sizeBytes: 0, quietUntilMs: Number.POSITIVE_INFINITY });
  }

  /** A history as a store gives it. */
  static of({ sinceRevision, entries: stored }: StoredHistory): SessionHistory {
    const entries = stored.map((entry): HistoryEntry => ("kind" in entry ? entry : kept(entry as LoadedVariable)));
    return new SessionHistory(
      {
        byName: SortedByName.of(entries.map((entry) => ({ name: byName(entry), entry }))),
        byAge: SortedByName.of(entries.map((entry) => ({ name: byAge(entry), entry }))),
      },
      { sinceRevision, sizeBytes: entries.reduce((sum, entry) => sum + footprint(entry), 0), quietUntilMs: earliest(entries) },
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

  /** The oldest entry of a variable. */
  oldest(name: string): HistoryEntry | undefined {
    const [first] = this.#byName.from(`${name}\0`);
    return first?.entry;
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

  /** Whether an entry is due. */
  hasDue(nowMs: number): boolean {
    if (this.#quietUntilMs > nowMs) return false;
    this.#quietUntilMs = earliest([...this.#byName.from()].map(({ entry }) => entry));
    return this.#quietUntilMs <= nowMs;
  }

  /** The history after a commit, and what that changes in the store. */
  record(step: HistoryStep, bounds: HistoryBounds): HistoryCommit {
    const edit = new HistoryEdit(this, step.after);
    const names = [...step.set, ...step.removed];
    for (const name of names) {
      const variable = step.before.variable(name);
      if (variable !== undefined) edit.add(variable);
    }
    for (const name of step.removed) edit.add({ kind: step.ending, name, revision: step.revision, atMs: step.nowMs });
    edit.dropDue(step.nowMs);
    edit.drop(names.flatMap((name) => edit.history.entries(name).slice(0, -bounds.entries)));
    edit.drop(edit.history.#beyond(bounds.sizeBytes));
    return edit.done();
  }

  /** The oldest entries, as many as are too many. */
  #beyond(maxBytes: number): readonly HistoryEntry[] {
    const gone: HistoryEntry[] = [];
    let { size, sizeBytes } = this;
    if (size <= MOST_ENTRIES && sizeBytes <= maxBytes) return gone;
    for (const { entry } of this.#byAge.from()) {
      gone.push(entry);
      size -= 1;
      sizeBytes -= footprint(entry);
      if (size <= MOST_ENTRIES && sizeBytes <= maxBytes) break;
    }
    return gone;
  }

  /** All entries, those of a variable one after another, oldest first. */
  *all(): Generator<HistoryEntry, void, undefined> {
    for (const { entry } of this.#byName.from()) yield entry;
  }

  /** With one more entry. */
  with(entry: HistoryEntry): SessionHistory {
    return new SessionHistory(
      { byName: this.#byName.put({ name: byName(entry), entry }), byAge: this.#byAge.put({ name: byAge(entry), entry }) },
      {
        sinceRevision: this.sinceRevision,
        sizeBytes: this.sizeBytes + footprint(entry),
        quietUntilMs: Math.min(this.#quietUntilMs, dueMs(entry)),
      },
    );
  }

  /** Without some of its entries: one after the other when they are few, else by a look at all. */
  without(gone: ReadonlySet<HistoryEntry>): SessionHistory {
    const sizeBytes = [...gone].reduce((bytes, entry) => bytes - footprint(entry), this.sizeBytes);
    if (gone.size * FEW < this.size) {
      const rest = { byName: this.#byName, byAge: this.#byAge };
      for (const entry of gone) {
        rest.byName = rest.byName.delete(byName(entry));
        rest.byAge = rest.byAge.delete(byAge(entry));
      }
      return this.#changed(rest, sizeBytes);
    }
    const stays = ({ entry }: Placed): boolean => !gone.has(entry);
    return this.#changed({ byName: this.#byName.filter(stays), byAge: this.#byAge.filter(stays) }, sizeBytes);
  }

  /** The same entries, of which less can be told. */
  from(sinceRevision: number): SessionHistory {
    if (sinceRevision <= this.sinceRevision) return this;
    return this.#changed({ byName: this.#byName, byAge: this.#byAge }, this.sizeBytes, sinceRevision);
  }

  #changed(entries: Orders, sizeBytes: number, sinceRevision = this.sinceRevision): SessionHistory {
    return new SessionHistory(entries, { sinceRevision, sizeBytes, quietUntilMs: this.#quietUntilMs });
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
  readonly #gone: VariableRef[] = [];

  constructor(history: SessionHistory, present: VariableStore) {
    this.history = history;
    this.#present = present;
  }

  add(entry: HistoryEntry): void {
    this.history = this.history.with(entry);
    this.#added.add(entry);
  }

  /**
   * The oldest entries of some variables go. Until what came after them, nobody can tell any more what these were; that there was none can
   * always be told.
   */
  drop(oldest: readonly HistoryEntry[]): void {
    if (oldest.length === 0) return;
    this.#leave(new Set(oldest));
    for (const [name, entries] of Map.groupBy(oldest, (entry) => entry.name)) {
      const last = entries.at(-1) as HistoryEntry;
      const next = this.history.oldest(name) ?? this.#present.variable(name);
      this.#forgetBefore(isValue(last) && next !== undefined ? next.revision : last.revision);
    }
  }

  #leave(gone: ReadonlySet<HistoryEntry>): void {
    this.history = this.history.without(gone);
    for (const entry of gone) {
      if (!this.#added.delete(entry)) this.#gone.push({ name: entry.name, revision: entry.revision });
    }
  }

  /**
   * What is over goes: that it is not there any more can be told without it, unless an earlier value would then seem to have stayed for as long
   * as it was there.
   */
  dropDue(nowMs: number): void {
    if (!this.history.hasDue(nowMs)) return;
    const gone = new Set<HistoryEntry>();
    for (const entries of Map.groupBy(this.history.all(), ({ name }) => name).values()) {
      let shown: HistoryEntry | undefined;
      for (const [i, entry] of entries.entries()) {
        if (!(isValue(entry) && isDue(entry, nowMs))) {
          shown = entry;
          continue;
        }
        gone.add(entry);
        const next = entries[i + 1] ?? this.#present.variable(entry.name);
        if (shown !== undefined && isValue(shown)) this.#forgetBefore(next?.revision ?? entry.revision);
      }
    }
    this.#leave(gone);
  }

  #forgetBefore(revision: number): void {
    this.history = this.history.from(revision);
  }

  done(): HistoryCommit {
    const added = [...this.#added];
    const change: HistoryChange = {
      sinceRevision: this.history.sinceRevision,
      kept: added.filter(isValue).map(({ name, revision }) => ({ name, revision })),
      ended: added.filter((entry): entry is EndedVariable => !isValue(entry)),
      dropped: this.#gone,
    };
    return { history: this.history, change };
  }
}

const footprint = (entry: HistoryEntry): number => utf8Size(entry.name) + (isValue(entry) ? sizeOf(entry) : 0);

const dueMs = (entry: HistoryEntry): number =>
  isValue(entry) ? (entry.expiresAtMs ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;

const earliest = (entries: readonly HistoryEntry[]): number =>
  entries.reduce((ms, entry) => Math.min(ms, dueMs(entry)), Number.POSITIVE_INFINITY);
