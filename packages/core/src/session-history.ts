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

/** The entries of one variable, oldest first; at least one. */
interface Past {
  readonly name: string;
  readonly entries: readonly HistoryEntry[];
}

/** Where a variable stands when they are sorted by their oldest entries. */
interface Place {
  /** What sorts it: the revision of its oldest entry, then its name. */
  readonly name: string;
  readonly of: string;
}

const placeOf = ({ name, entries }: Past): Place => ({ name: ageOf(entries[0] as HistoryEntry), of: name });

// Neither ids nor names have control characters, and no revision has more digits.
const ageOf = ({ name, revision }: VariableRef): string => `${String(revision).padStart(16, "0")}\0${name}`;

const NONE: readonly HistoryEntry[] = [];

interface Sums {
  readonly size: number;
  readonly sizeBytes: number;
  readonly sinceRevision: number;
  readonly quietUntilMs: number;
}

/** Immutable. Recording costs the same however much is kept. */
export class SessionHistory {
  readonly #byName: SortedByName<Past>;
  /** Made when it is first asked for, and kept from then on: most histories are never too large. */
  #byAge: SortedByName<Place> | undefined;
  /** How many entries there are. */
  readonly size: number;
  /** Every state of the session at this revision or later can be told. */
  readonly sinceRevision: number;
  /** Names and encoded values of the entries. */
  readonly sizeBytes: number;
  /** No entry is due before this; looked up anew when that time has come, since the entry that was may be gone. */
  #quietUntilMs: number;

  private constructor(
    byName: SortedByName<Past>,
    byAge: SortedByName<Place> | undefined,
    { size, sizeBytes, sinceRevision, quietUntilMs }: Sums,
  ) {
    this.#byName = byName;
    this.#byAge = byAge;
    this.size = size;
    this.sinceRevision = sinceRevision;
    this.sizeBytes = sizeBytes;
    this.#quietUntilMs = quietUntilMs;
  }

  /** A history that begins at a revision. */
  static since(sinceRevision: number): SessionHistory {
    const sums = { size: 0, sizeBytes: 0, sinceRevision, quietUntilMs: Number.POSITIVE_INFINITY };
    return new SessionHistory(SortedByName.empty(), undefined, sums);
  }

  /** A history as a store gives it. */
  static of({ sinceRevision, entries: stored }: StoredHistory): SessionHistory {
    const entries = stored.map((entry): HistoryEntry => ("kind" in entry ? entry : kept(entry as LoadedVariable)));
    return SessionHistory.since(sinceRevision).with(
      Map.groupBy(entries, ({ name }) => name),
      {
        size: entries.length,
        sizeBytes: entries.reduce((sum, entry) => sum + footprint(entry), 0),
        sinceRevision,
        quietUntilMs: earliest(entries),
      },
    );
  }

  /** The entries of a variable, oldest first. */
  entries(name: string): readonly HistoryEntry[] {
    return this.#byName.get(name)?.entries ?? NONE;
  }

  /** What the variable was at exactly this revision; undefined when that is not kept, or over. */
  find(name: string, revision: number, nowMs: number): HistoryEntry | undefined {
    const entry = this.entries(name).find((each) => each.revision === revision);
    return entry !== undefined && isValue(entry) && isDue(entry, nowMs) ? undefined : entry;
  }

  /** The variables that the session had at a revision that is not before `sinceRevision`, without what is due at `nowMs`. */
  variablesAt(revision: number, present: VariableStore, nowMs: number): readonly StoredVariable[] {
    const states = new Map<string, HistoryEntry>();
    for (const entry of this.all()) if (entry.revision <= revision) states.set(entry.name, entry);
    for (const variable of present.variables()) if (variable.revision <= revision) states.set(variable.name, variable);
    return [...states.values()].filter(isValue).filter((variable) => !isDue(variable, nowMs));
  }

  /** No entry is due before this. */
  get quietUntilMs(): number {
    return this.#quietUntilMs;
  }

  /** Whether an entry is due. */
  hasDue(nowMs: number): boolean {
    if (this.#quietUntilMs > nowMs) return false;
    this.#quietUntilMs = earliest([...this.all()]);
    return this.#quietUntilMs <= nowMs;
  }

  /** The history after a commit, and what that changes in the store. */
  record(step: HistoryStep, bounds: HistoryBounds): HistoryCommit {
    const edit = new HistoryEdit(this, step.after);
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

  /** All entries, those of a variable one after another, oldest first. */
  *all(): Generator<HistoryEntry, void, undefined> {
    for (const { entries } of this.#byName.from()) yield* entries;
  }

  /** All entries, oldest first: those that are not asked for cost nothing. */
  *oldestFirst(): Generator<HistoryEntry, void, undefined> {
    /** What is left of the pasts that were begun, the one with the oldest entry last. */
    const begun: { readonly revision: number; readonly entries: readonly HistoryEntry[]; readonly at: number }[] = [];
    const begin = (entries: readonly HistoryEntry[], at: number): void => {
      const revision = entries[at]?.revision;
      if (revision === undefined) return;
      let [low, high] = [0, begun.length];
      while (low < high) {
        const middle = (low + high) >>> 1;
        if ((begun[middle]?.revision ?? 0) > revision) low = middle + 1;
        else high = middle;
      }
      begun.splice(low, 0, { revision, entries, at });
    };
    function* olderThan(revision: number): Generator<HistoryEntry, void, undefined> {
      for (let past = begun.at(-1); past !== undefined && past.revision < revision; past = begun.at(-1)) {
        begun.pop();
        yield past.entries[past.at] as HistoryEntry;
        begin(past.entries, past.at + 1);
      }
    }
    this.#byAge ??= SortedByName.of(Array.from(this.#byName.from(), placeOf));
    for (const { of } of this.#byAge.from()) {
      const entries = this.entries(of);
      yield* olderThan((entries[0] as HistoryEntry).revision);
      begin(entries, 0);
    }
    yield* olderThan(Number.POSITIVE_INFINITY);
  }

  /** With these as the entries of these variables. */
  with(pasts: ReadonlyMap<string, readonly HistoryEntry[]>, sums: Sums): SessionHistory {
    const written: Past[] = [];
    let byName = this.#byName;
    for (const [name, entries] of pasts) {
      if (entries.length === 0) byName = byName.delete(name);
      else written.push({ name, entries });
    }
    return new SessionHistory(byName.putAll(written), this.#byAge && this.#agesWith(this.#byAge, pasts), sums);
  }

  #agesWith(byAge: SortedByName<Place>, pasts: ReadonlyMap<string, readonly HistoryEntry[]>): SortedByName<Place> {
    const places: Place[] = [];
    let rest = byAge;
    for (const [name, entries] of pasts) {
      const [before] = this.entries(name);
      const [oldest] = entries;
      if (oldest?.revision === before?.revision) continue;
      if (before !== undefined) rest = rest.delete(ageOf(before));
      if (oldest !== undefined) places.push(placeOf({ name, entries }));
    }
    return rest.putAll(places);
  }
}

/** A history after a commit, and what the commit changes in the store. */
export interface HistoryCommit {
  readonly history: SessionHistory;
  readonly change: HistoryChange;
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
    this.#sizeBytes += footprint(entry);
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
      sizeBytes -= footprint(entry);
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
      this.#sizeBytes -= footprint(entry);
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

const footprint = (entry: HistoryEntry): number => utf8Size(entry.name) + (isValue(entry) ? sizeOf(entry) : 0);

const dueMs = (entry: HistoryEntry): number =>
  isValue(entry) ? (entry.expiresAtMs ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;

const earliest = (entries: readonly HistoryEntry[]): number =>
  entries.reduce((ms, entry) => Math.min(ms, dueMs(entry)), Number.POSITIVE_INFINITY);
