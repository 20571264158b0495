/** What the store went through, and whether what a watcher is told is that: every commit once, whole and in order, or a resync [P15]. */
import type { SessionDelta } from "../../src/persistence.ts";
import type { Change } from "../../src/session-told.ts";
import { changesOf } from "../../src/session-watches.ts";
import { revisionOf } from "../simulation/history.ts";
import { afterDelta, decoded, type Model, type ModelVariable, text } from "../simulation/model.ts";

/** A law was broken; the text says which. */
export class Violation extends Error {}

/** Whether a watch is about a variable. */
export type Matches = (name: string) => boolean;

/** A change as it is compared: what happened, to whom, and what is there now. */
interface Mark {
  readonly kind: string;
  readonly name: string | undefined;
  readonly variable: ModelVariable | undefined;
}

interface Commit {
  readonly revision: number;
  readonly marks: readonly Mark[];
  readonly after: Model;
}

/** What became of one session. */
export class Truth {
  readonly #commits: Commit[] = [{ revision: 0, marks: [], after: undefined }];
  #state: Model;

  /** `source` is what a fork copies. */
  saved(delta: SessionDelta, source: Model): void {
    this.#state = afterDelta(this.#state, delta, source);
    const revision = revisionOf(delta);
    if (revision === undefined) return;
    const marks = changesOf(delta).map((change) => ({
      kind: change.kind,
      name: "name" in change ? change.name : change.kind === "set" ? change.variable.name : undefined,
      variable: change.kind === "set" ? decoded(change.variable) : undefined,
    }));
    this.#commits.push({ revision, marks, after: this.#state });
  }

  get commits(): readonly Commit[] {
    return this.#commits;
  }

  get state(): Model {
    return this.#state;
  }

  /** Where a revision leads: the last commit that is not after it. */
  indexOf(revision: number): number {
    return this.#commits.findLastIndex((commit) => commit.revision <= revision);
  }

  /** The next commit after `index` that concerns a watch, with what does; undefined when there is none. */
  next(
    index: number,
    matches: Matches,
  ): { readonly index: number; readonly revision: number; readonly marks: readonly Mark[] } | undefined {
    for (let i = index + 1; i < this.#commits.length; i++) {
      const { revision, marks } = this.#commits[i] as Commit;
      const concerned = marks.filter(({ name }) => name === undefined || matches(name));
      if (concerned.length > 0) return { index: i, revision, marks: concerned };
    }
    return undefined;
  }

  /** Whether a variable may be missing from a snapshot at `index`: it is due, or something has become of it since. */
  mayMiss(index: number, variable: ModelVariable, nowMs: number): boolean {
    const session = this.#commits[index]?.after;
    if (isDue(variable, nowMs) || (session !== undefined && isDue(session, nowMs))) return true;
    const since = this.#commits.slice(index + 1).flatMap(({ marks }) => marks);
    return since.some(({ kind, name }) => name === variable.name || kind === "session_deleted" || kind === "session_expired");
  }
}

const isDue = ({ expiresAtMs }: { readonly expiresAtMs: number | undefined }, nowMs: number): boolean =>
  expiresAtMs !== undefined && expiresAtMs <= nowMs;

export interface RefereeParts {
  readonly truth: Truth;
  readonly matches: Matches;
  readonly nowMs: () => number;
  /** The revision that the watch was told to go on after. */
  readonly since: number | undefined;
}

/** Judges what one watcher is told. */
export class Referee {
  readonly #parts: RefereeParts;
  /** What the watcher knows. */
  #state = new Map<string, ModelVariable>();
  /** The commit that it is at; undefined until it has caught up. */
  #index: number | undefined;
  /** What it was told of a commit that is not complete. */
  #open: Change[] = [];
  commits = 0;
  resyncs = 0;
  snapshots = 0;

  constructor(parts: RefereeParts) {
    this.#parts = parts;
    const { truth, since, matches } = parts;
    if (since === undefined) return;
    const index = truth.commits.findIndex(({ revision }) => revision === since);
    // After a revision that never was, there is nothing but a resync.
    this.#index = index < 0 ? undefined : index;
    const variables = truth.commits[index]?.after?.variables.values() ?? [];
    this.#state = new Map([...variables].filter(({ name }) => matches(name)).map((variable) => [variable.name, variable]));
  }

  /** Whether everything that concerns the watcher has been told. */
  get complete(): boolean {
    return this.#index !== undefined && this.#parts.truth.next(this.#index, this.#parts.matches) === undefined;
  }

  /** Throws unless the watcher knows exactly what is there. */
  checkComplete(): void {
    if (!this.complete) this.#broken("a watcher was not told everything", this.#index);
    const { truth, matches } = this.#parts;
    const there = [...(truth.state?.variables.values() ?? [])].filter(({ name }) => matches(name));
    const known = [...this.#state.values()];
    if (text(new Map(known.map((each) => [each.name, each]))) !== text(new Map(there.map((each) => [each.name, each]))))
      this.#broken("a watcher knows something else than what is there", { known, there });
  }

  told(change: Change): void {
    if (change.kind === "resync") this.#resync();
    else if (change.kind === "caught_up") this.#caughtUp(change.revision);
    else {
      this.#open.push(change);
      if (change.last) this.#commit(change.revision);
    }
  }

  #resync(): void {
    if (this.#open.length > 0 && this.#index !== undefined) this.#broken("half a commit was told before a resync", this.#open);
    this.resyncs += 1;
    this.#open = [];
    this.#index = undefined;
    this.#state.clear();
  }

  #caughtUp(revision: number): void {
    const { truth, matches, nowMs } = this.#parts;
    if (this.#index !== undefined) {
      if (this.#open.length > 0) this.#broken("half a commit was told", this.#open);
      return;
    }
    this.snapshots += 1;
    this.#index = truth.indexOf(revision);
    for (const change of this.#open) {
      const { name, variable } = markOf(change);
      if (name === undefined || variable === undefined || this.#state.has(name)) this.#broken("a snapshot has more than variables", change);
      this.#state.set(name, variable);
    }
    this.#open = [];
    const there = new Map([...(truth.commits[this.#index]?.after?.variables ?? [])].filter(([name]) => matches(name)));
    for (const [name, variable] of this.#state) {
      if (text(there.get(name)) !== text(variable))
        this.#broken("a snapshot has what was not there", { revision, variable, there: there.get(name) });
    }
    for (const [name, variable] of there) {
      if (!this.#state.has(name) && !truth.mayMiss(this.#index, variable, nowMs()))
        this.#broken("a snapshot lacks a variable", { revision, variable });
    }
  }

  #commit(revision: number): void {
    const { truth, matches } = this.#parts;
    if (this.#index === undefined) this.#broken("a commit was told within a snapshot", this.#open);
    const expected = truth.next(this.#index, matches);
    const marks = this.#open.map(markOf);
    this.#open = [];
    if (expected === undefined) this.#broken("[P5] a commit was told that is not in the store", { revision, marks });
    if (expected.revision !== revision || text(expected.marks) !== text(marks))
      this.#broken("a commit was left out, told twice, or told otherwise", { told: { revision, marks }, expected });
    this.#index = expected.index;
    this.commits += 1;
    for (const { kind, name, variable } of marks) {
      if (name === undefined) this.#state.clear();
      else if (variable !== undefined) this.#state.set(name, variable);
      else if (kind !== "set") this.#state.delete(name);
    }
  }

  #broken(law: string, about: unknown): never {
    throw new Violation(`[P15] ${law}: ${text(about)}`);
  }
}

function markOf(change: Change): Mark {
  if (change.kind !== "set") return { kind: change.kind, name: "name" in change ? change.name : undefined, variable: undefined };
  const { name, value, revision, createdAtMs, updatedAtMs, expiresAtMs } = change.entry;
  return { kind: "set", name, variable: { name, value, revision, createdAtMs, updatedAtMs, expiresAtMs } };
}
