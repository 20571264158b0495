/** The sections of sessions at rest, where a store keeps them in memory. */
import { kept, loadedVariable } from "./kept-variable.ts";
import type { CheckpointRecord, Declaration, SectionChanges, StoredSession, StoredVariable } from "./persistence.ts";
import { type HistoryEntry, isValue } from "./session-history.ts";
import { SortedByName } from "./sorted-by-name.ts";

/** What a session has beside its record and its variables. */
export type StoredSections = Pick<StoredSession, "history" | "checkpoints" | "declarations">;

/** The variables of a session, before or after a delta; the bytes of some may be away. */
export interface VariablesAtRest {
  variable(name: string): StoredVariable | undefined;
  variables(): readonly StoredVariable[];
}

interface CheckpointAtRest extends CheckpointRecord {
  readonly variables: readonly StoredVariable[];
}

/** The sections of one session, changed in place by its deltas. */
export class SectionsAtRest {
  readonly #entries = new Map<string, Map<number, HistoryEntry>>();
  /** The deadlines of entries, the earliest first. */
  #deadlines = SortedByName.empty<Deadline>();
  #sinceRevision: number | undefined;
  readonly #checkpoints = new Map<string, CheckpointAtRest>();
  readonly #declarations = new Map<string, Declaration>();

  constructor({ history, checkpoints = [], declarations = [] }: StoredSections = {}) {
    this.#sinceRevision = history?.sinceRevision;
    for (const entry of history?.entries ?? []) this.#add("kind" in entry ? entry : kept(entry));
    for (const checkpoint of checkpoints) {
      this.#checkpoints.set(checkpoint.label, { ...checkpoint, variables: checkpoint.variables.map(kept) });
    }
    for (const declaration of declarations) this.#declarations.set(declaration.name, declaration);
  }

  /** What a delta does to them that leads from `before` to `after`. */
  apply({ history, checkpoints, declarations }: SectionChanges, before: VariablesAtRest, after: VariablesAtRest): void {
    if (history) {
      this.#sinceRevision = history.sinceRevision;
      if (history.sinceRevision === undefined) this.#forget();
      for (const { name, revision } of history.kept) {
        const variable = before.variable(name);
        if (variable?.revision === revision) this.#add(variable);
      }
      for (const ended of history.ended) this.#add(ended);
      for (const { name, revision } of history.dropped) this.#drop(name, revision);
    }
    for (const label of checkpoints?.removed ?? []) this.#checkpoints.delete(label);
    for (const checkpoint of checkpoints?.set ?? []) {
      this.#checkpoints.set(checkpoint.label, { ...checkpoint, variables: after.variables() });
    }
    for (const name of declarations?.removed ?? []) this.#declarations.delete(name);
    for (const declaration of declarations?.set ?? []) this.#declarations.set(declaration.name, declaration);
  }

  /** A value of a history entry or of a checkpoint. */
  value(name: string, revision: number): StoredVariable | undefined {
    const entry = this.#entries.get(name)?.get(revision);
    if (entry !== undefined && isValue(entry)) return entry;
    for (const { variables } of this.#checkpoints.values()) {
      const found = variables.find((variable) => variable.name === name && variable.revision === revision);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** The earliest deadline of an entry of the history, Infinity for none. */
  get dueAtMs(): number {
    return this.#deadlines.first()?.atMs ?? Number.POSITIVE_INFINITY;
  }

  /** Them as `load` gives them. */
  stored(): StoredSections {
    const entries = [...this.#entries.values()].flatMap((byRevision) => [...byRevision.values()]);
    const checkpoints = [...this.#checkpoints.values()];
    return {
      ...(this.#sinceRevision !== undefined && {
        history: {
          sinceRevision: this.#sinceRevision,
          entries: entries.sort(byRevision).map((entry) => (isValue(entry) ? loadedVariable(entry) : entry)),
        },
      }),
      ...(checkpoints.length > 0 && {
        checkpoints: checkpoints.sort(byRevision).map((named) => ({ ...named, variables: named.variables.map(loadedVariable) })),
      }),
      ...(this.#declarations.size > 0 && { declarations: this.declarations() }),
    };
  }

  declarations(): readonly Declaration[] {
    return [...this.#declarations.values()];
  }

  #add(entry: HistoryEntry): void {
    const entries = this.#entries.get(entry.name);
    if (entries === undefined) this.#entries.set(entry.name, new Map([[entry.revision, entry]]));
    else entries.set(entry.revision, entry);
    const deadline = deadlineOf(entry);
    if (deadline !== undefined) this.#deadlines = this.#deadlines.put(deadline);
  }

  #drop(name: string, revision: number): void {
    const entries = this.#entries.get(name);
    const entry = entries?.get(revision);
    if (entries === undefined || entry === undefined) return;
    entries.delete(revision);
    if (entries.size === 0) this.#entries.delete(name);
    const deadline = deadlineOf(entry);
    if (deadline !== undefined) this.#deadlines = this.#deadlines.delete(deadline.name);
  }

  #forget(): void {
    this.#entries.clear();
    this.#deadlines = SortedByName.empty();
  }
}

/** When an entry is due, under a name that sorts it by that. */
interface Deadline {
  readonly name: string;
  readonly atMs: number;
}

function deadlineOf(entry: HistoryEntry): Deadline | undefined {
  if (!isValue(entry) || entry.expiresAtMs === undefined) return undefined;
  const { name, revision, expiresAtMs: atMs } = entry;
  return { name: `${String(atMs).padStart(16, "0")}\0${name}\0${revision}`, atMs };
}

const byRevision = (a: { readonly revision: number }, b: { readonly revision: number }): number => a.revision - b.revision;
