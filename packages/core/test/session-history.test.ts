import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type HistoryBounds, recordStep } from "../src/history-edit.ts";
import type { HistoryChange, StoredVariable } from "../src/persistence.ts";
import { type HistoryEntry, isValue, SessionHistory } from "../src/session-history.ts";
import { SectionsAtRest } from "../src/stored-sections.ts";
import { isDue, VariableStore } from "../src/variable-store.ts";

const NAMES = ["a", "ab", "b"] as const;
const ROOMY: HistoryBounds = { entries: 64, sizeBytes: Number.POSITIVE_INFINITY };

/** One commit: names that are written, with so many bytes and a time to live, and names that are deleted. */
interface Commit {
  readonly passMs: number;
  readonly set: readonly { readonly name: string; readonly size: number; readonly ttlMs: number | undefined }[];
  readonly removed: readonly string[];
}

const commit: fc.Arbitrary<Commit> = fc.record({
  passMs: fc.integer({ min: 0, max: 5 }),
  set: fc.uniqueArray(
    fc.record({
      name: fc.constantFrom(...NAMES),
      size: fc.integer({ min: 1, max: 9 }),
      ttlMs: fc.option(fc.integer({ min: 1, max: 12 }), { nil: undefined, freq: 2 }),
    }),
    { selector: ({ name }) => name, maxLength: 3 },
  ),
  removed: fc.uniqueArray(fc.constantFrom(...NAMES), { maxLength: 1 }),
});
const commits = fc.array(commit, { maxLength: 25 });

/** What a session went through in the plainest words: its variables at every revision, and all that ever was of each name. */
class World {
  nowMs = 0;
  revision = 1;
  store = VariableStore.of([]);
  history = SessionHistory.since(1);
  readonly states = new Map<number, readonly StoredVariable[]>([[1, []]]);
  readonly past: HistoryEntry[] = [];
  readonly changes: HistoryChange[] = [];
  readonly atRest = new SectionsAtRest({ history: { sinceRevision: 1, entries: [] } });

  /** What is due goes first, as in the engine, and then the commit. */
  run({ passMs, set, removed }: Commit, bounds: HistoryBounds): void {
    this.nowMs += passMs;
    const due = this.store.removeDue(this.nowMs);
    if (due.removed.length > 0 || this.history.hasDue(this.nowMs)) this.#commit(due.store, [], due.removed, "expire", bounds);
    const written = set.map(({ name, size, ttlMs }): StoredVariable => {
      const times = { createdAtMs: 0, updatedAtMs: this.nowMs, expiresAtMs: ttlMs && this.nowMs + ttlMs };
      return { name, bytes: new Uint8Array(size).fill(this.revision), encoding: "", type: "bytes", revision: this.revision + 1, ...times };
    });
    const gone = removed.filter((name) => this.store.has(name) && !set.some((each) => each.name === name));
    const rest = gone.reduce((store, name) => store.delete(name), this.store);
    const names = written.map(({ name }) => name);
    this.#commit(
      written.reduce((store, variable) => store.put(variable), rest),
      names,
      gone,
      "delete",
      bounds,
    );
  }

  #commit(
    after: VariableStore,
    set: readonly string[],
    removed: readonly string[],
    ending: "delete" | "expire",
    bounds: HistoryBounds,
  ): void {
    this.revision += 1;
    const { nowMs, revision, store: before } = this;
    const { history, change } = recordStep(this.history, { nowMs, revision, before, after, set, removed, ending }, bounds);
    this.atRest.apply({ history: change }, before, after);
    for (const name of [...set, ...removed]) {
      const variable = before.variable(name);
      if (variable !== undefined) this.past.push(variable);
    }
    this.past.push(...removed.map((name) => ({ kind: ending, name, revision, atMs: nowMs })));
    this.changes.push(change);
    this.history = history;
    this.store = after;
    this.states.set(revision, after.variables());
  }

  /** What is left of a name's past when nothing is trimmed. */
  pastOf(name: string): readonly HistoryEntry[] {
    return this.past.filter((entry) => entry.name === name && !(isValue(entry) && isDue(entry, this.nowMs)));
  }
}

const plain = (entry: HistoryEntry) => (isValue(entry) ? { name: entry.name, revision: entry.revision, bytes: [...entry.bytes] } : entry);
const inOrder = (variables: readonly StoredVariable[]) => variables.map(plain).sort((a, b) => (a.name < b.name ? -1 : 1));

/** Runs any commits, and looks at the world after each. */
const holds = (bounds: fc.Arbitrary<HistoryBounds>, look: (world: World, bounds: HistoryBounds, commit: Commit) => void): void =>
  fc.assert(
    fc.property(bounds, commits, (bound, steps) => {
      const world = new World();
      for (const step of steps) {
        world.run(step, bound);
        look(world, bound, step);
      }
    }),
    { numRuns: 300 },
  );

const anyBounds = fc.record({
  entries: fc.integer({ min: 1, max: 5 }),
  sizeBytes: fc.oneof(fc.integer({ min: 0, max: 60 }), fc.constant(Number.POSITIVE_INFINITY)),
});

describe("a session's history", () => {
  it("tells every state from its first revision on, without what has expired since", () => {
    holds(anyBounds, ({ history, states, store, nowMs }) => {
      for (const [revision, state] of states) {
        if (revision < history.sinceRevision) continue;
        const alive = state.filter((variable) => !isDue(variable, nowMs));
        expect(inOrder(history.variablesAt(revision, store, nowMs))).toEqual(inOrder(alive));
      }
    });
  });

  it("has of each name the latest of its past, nothing that has expired, and never more than its bounds allow", () => {
    holds(anyBounds, (world, { entries, sizeBytes }, { set, removed }) => {
      const { history, nowMs } = world;
      for (const name of NAMES) {
        const kept = history.entries(name);
        expect(kept.map(plain)).toEqual(
          world
            .pastOf(name)
            .slice(world.pastOf(name).length - kept.length)
            .map(plain),
        );
        if (set.some((each) => each.name === name) || removed.includes(name)) expect(kept.length).toBeLessThanOrEqual(entries);
        for (const entry of kept) expect(history.find(name, entry.revision, nowMs)).toBe(entry);
      }
      const bytes = [...history.all()].reduce((sum, entry) => sum + entry.name.length + (isValue(entry) ? entry.bytes.length : 0), 0);
      expect(history.sizeBytes).toBe(bytes);
      expect(bytes).toBeLessThanOrEqual(sizeBytes);
      expect(history.size).toBe([...history.all()].length);
      expect(history.hasDue(nowMs)).toBe(false);
    });
  });

  it("knows its oldest entries, which go first when there is no room, whether or not it was asked before", () => {
    const asked = fc.array(fc.boolean(), { minLength: 25, maxLength: 25 });
    fc.assert(
      fc.property(anyBounds, commits, asked, (bounds, steps, looks) => {
        const world = new World();
        for (const [i, step] of steps.entries()) {
          world.run(step, bounds);
          if (!looks[i] && i < steps.length - 1) continue;
          const revisions = [...world.history.oldestFirst()].map(({ revision }) => revision);
          expect(revisions).toEqual([...world.history.all()].map(({ revision }) => revision).sort((a, b) => a - b));
        }
      }),
      { numRuns: 300 },
    );
  });

  it("loses nothing but what expires while its bounds are not reached", () => {
    holds(fc.constant(ROOMY), (world) => {
      for (const name of NAMES) expect(world.history.entries(name).map(plain)).toEqual(world.pastOf(name).map(plain));
      if (world.past.every((entry) => !isValue(entry) || entry.expiresAtMs === undefined)) expect(world.history.sinceRevision).toBe(1);
    });
  });

  it("goes on after expiries as if what is over had never been, where nothing else was there before it", () => {
    const world = new World();
    const short = (name: string): Commit => ({ passMs: 10, set: [{ name, size: 1, ttlMs: 5 }], removed: [] });
    for (let i = 0; i < 5; i++) world.run(short("a"), ROOMY);
    expect(world.history.sinceRevision).toBe(1);
    world.run({ passMs: 10, set: [{ name: "a", size: 1, ttlMs: undefined }], removed: [] }, ROOMY);
    world.run(short("a"), ROOMY);
    const before = world.revision;
    // The value that stayed would seem to have been there while the short one was.
    world.run({ passMs: 10, set: [], removed: [] }, ROOMY);
    expect(world.history.sinceRevision).toBe(before + 1);
  });

  it("is after each commit what the commit's change makes of what is stored", () => {
    holds(anyBounds, ({ history, atRest, store, states, nowMs }) => {
      const stored = atRest.stored().history;
      expect(stored?.sinceRevision).toBe(history.sinceRevision);
      const loaded = SessionHistory.of(stored ?? { sinceRevision: 0, entries: [] });
      expect([...loaded.all()].map(plain)).toEqual([...history.all()].map(plain));
      expect(loaded.sizeBytes).toBe(history.sizeBytes);
      const last = Math.max(...states.keys());
      expect(inOrder(loaded.variablesAt(last, store, nowMs))).toEqual(inOrder(history.variablesAt(last, store, nowMs)));
    });
  });

  it("[P23] has 64,000 entries expire at once, and be trimmed at once, in the time of a few looks at each", () => {
    const set = Array.from({ length: 1_000 }, (_, i) => `n${i}`);
    const grown = (expiresAtMs: number | undefined) => {
      const times = { createdAtMs: 0, updatedAtMs: 0, expiresAtMs };
      const at = (revision: number) =>
        set.map((name): StoredVariable => ({ name, bytes: new Uint8Array(1), encoding: "", type: "nil", revision, ...times }));
      const entries = Array.from({ length: 64 }, (_, i) => at(i + 2).map((variable) => ({ ...variable, sizeBytes: 1 }))).flat();
      return {
        history: SessionHistory.of({ sinceRevision: 1, entries }),
        step: { before: VariableStore.of(at(66)), revision: 67, set: [], removed: [] } as const,
      };
    };
    const timed = (record: () => SessionHistory): number => {
      const begunMs = performance.now();
      expect(record().size).toBe(0);
      return performance.now() - begunMs;
    };
    const short = grown(9);
    expect(short.history.size).toBe(64_000);
    const gone = { ...short.step, nowMs: 9, after: VariableStore.of([]), removed: set, ending: "expire" as const };
    const expiryMs = timed(() => recordStep(short.history, { ...gone, removed: [] }, ROOMY).history);
    const long = grown(undefined);
    const trimmed = { ...long.step, nowMs: 9, after: long.step.before, ending: "delete" as const };
    const trimMs = timed(() => recordStep(long.history, trimmed, { entries: 64, sizeBytes: 0 }).history);
    console.log(`64,000 entries: expired in ${expiryMs.toFixed(0)} ms, trimmed in ${trimMs.toFixed(0)} ms`);
    expect(expiryMs + trimMs).toBeLessThan(10_000);
  });
});
