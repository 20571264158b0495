/** The earlier states of a session's variables: an immutable value, of which each commit makes another. */
import { kept, sizeOf } from "./kept-variable.ts";
import type { EndedVariable, LoadedVariable, StoredHistory, StoredVariable, VariableRef } from "./persistence.ts";
import { SortedByName } from "./sorted-by-name.ts";
import { utf8Size } from "./values/utf8.ts";
import { isDue, type VariableStore } from "./variable-store.ts";

/** An earlier state of a variable: a value, or that it ended. */
export type HistoryEntry = StoredVariable | EndedVariable;

/** Whether an entry is a value. */
export const isValue = (entry: HistoryEntry): entry is StoredVariable => "type" in entry;

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

/** What is known of all entries together. */
export interface HistorySums {
  readonly size: number;
  readonly sizeBytes: number;
  readonly sinceRevision: number;
  readonly quietUntilMs: number;
}

/** Immutable; `history-edit.ts` makes the next one of each commit. */
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
    { size, sizeBytes, sinceRevision, quietUntilMs }: HistorySums,
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
        sizeBytes: entries.reduce((sum, entry) => sum + entryBytes(entry), 0),
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
  with(pasts: ReadonlyMap<string, readonly HistoryEntry[]>, sums: HistorySums): SessionHistory {
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

/** What an entry counts for: its name and its encoded value, in bytes. */
export const entryBytes = (entry: HistoryEntry): number => utf8Size(entry.name) + (isValue(entry) ? sizeOf(entry) : 0);

/** When an entry is due, Infinity for never. */
export const dueMs = (entry: HistoryEntry): number =>
  isValue(entry) ? (entry.expiresAtMs ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;

const earliest = (entries: readonly HistoryEntry[]): number =>
  entries.reduce((ms, entry) => Math.min(ms, dueMs(entry)), Number.POSITIVE_INFINITY);
