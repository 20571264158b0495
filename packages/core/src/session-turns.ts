/**
 * The order of each session: operations take their turns one after another on the pending head, are committed together, and are answered
 * from the front, once everything before them is committed [P4] [P5].
 */
import type { Clock } from "./clock.ts";
import { deltaEvents } from "./commit-events.ts";
import type { Commit, Committer } from "./committer.ts";
import type { ConstraintValidator } from "./constraints/constraint.ts";
import { keyText, revisionOf } from "./deltas.ts";
import { accessStep } from "./engine-steps.ts";
import { BridgeError, DataLossError, type Outcome, StoreUnavailableError } from "./errors.ts";
import { awayOf, type KeptVariable } from "./kept-variable.ts";
import { LoadedSessions } from "./loaded-sessions.ts";
import type { SessionSource } from "./observed-loads.ts";
import type { Tell } from "./observer.ts";
import type { SessionKey, SessionRecord } from "./persistence.ts";
import { expiryOf } from "./session-expiry.ts";
import { SessionLoads } from "./session-loads.ts";
import type { PortCall } from "./session-port.ts";
import type { HistoryLimits } from "./session-sections.ts";
import { type Head, queueTurn, type SessionState, type Step, type StepCommit, type Turn, takeTurns } from "./session-state.ts";
import { type NewWatch, SessionWatches, type WatchLimits, type WatchStart } from "./session-watches.ts";
import { giveUp, internalTurn, newTurn, recallAll, type TurnOptions, twinOf } from "./turn.ts";
import { isDue, VariableStore } from "./variable-store.ts";

/** What the order of sessions is made of. */
export interface TurnParts {
  readonly persistence: SessionSource;
  readonly committer: Committer;
  readonly clock: Clock;
  /** The one `now` of the laws. */
  readonly now: () => number;
  /** The revision that new sessions start above. */
  readonly floor: { revision: number };
  /** What loaded sessions may take in memory; undefined where they have no other place to be. */
  readonly memoryBytes: number | undefined;
  readonly limits: HistoryLimits;
  /** What understands declarations, when there are some. */
  readonly validator: () => Promise<ConstraintValidator>;
  /** How many watches there may be. */
  readonly watchLimits: WatchLimits;
  /** Told when a load fails. */
  readonly onLoadFailed: (cause: unknown) => void;
  /** Told what became of sessions and of what expired; undefined when nobody watches. */
  readonly tell: Tell | undefined;
}

/** What a session is, and what it becomes when everything that has begun is committed; undefined for none. */
export type Standing = Pick<SessionState, "pending" | "committed">;

/** The sessions in use, by key, and their turns. */
export class SessionTurns {
  readonly #parts: TurnParts;
  readonly #sessions: LoadedSessions;
  readonly #watches: SessionWatches;
  readonly #loads: SessionLoads;

  constructor(parts: TurnParts) {
    this.#parts = parts;
    this.#loads = new SessionLoads(parts.persistence, parts.validator);
    this.#sessions = new LoadedSessions(parts);
    this.#watches = new SessionWatches({
      clock: parts.clock,
      now: parts.now,
      floor: parts.floor,
      limits: parts.watchLimits,
      shared: parts.persistence.capabilities.shared,
      tend: (state) => {
        this.extend(state.key, accessStep(state.key));
        // The turn that comes after those that wait for values has what is due expire.
        return state.phase === "ready" ? undefined : this.perform(state.key, {}, () => ({ answer: undefined }));
      },
      released: (state) => {
        if (!this.#sessions.holds(state)) return;
        this.#sessions.weigh(state);
        this.#dropIfGone(state);
      },
    });
  }

  /** How many sessions are in memory; those that are being looked for count too. */
  get size(): number {
    return this.#sessions.size;
  }

  /** What they are counted as against the memory budget, in bytes; undefined without one. */
  get weightBytes(): number | undefined {
    return this.#sessions.weightBytes;
  }

  /** Whether fewer than `limit` sessions are alive; counts only when it cannot be told without. */
  hasRoom(limit: number, nowMs: number): boolean {
    if (this.size <= limit) return true;
    let alive = 0;
    for (const state of this.#sessions) {
      if (state.phase === "ready") this.expireDue(state, nowMs);
      if (state.pending !== undefined) alive += 1;
    }
    return alive < limit;
  }

  /** The session, if its committed head is known without waiting. */
  peek(key: SessionKey): SessionState | undefined {
    const state = this.#sessions.get(key);
    return state === undefined || state.phase === "absent" || (state.phase === "loading" && state.committed === undefined)
      ? undefined
      : state;
  }

  /** Keeps a session in memory while a read of it goes on. */
  async whileKept<T>(key: SessionKey, read: () => Promise<T>): Promise<T> {
    const state = this.#sessions.make(key);
    state.readers += 1;
    try {
      return await read();
    } finally {
      state.readers -= 1;
      this.#dropIfGone(state);
    }
  }

  /** Moves the deadline of a session later at once, before whatever waits for its values; false when it is not here. */
  extend(key: SessionKey, take: (head: Head | undefined, nowMs: number) => Step<unknown>): boolean {
    const state = this.#sessions.get(key);
    if (state === undefined || !(state.phase === "ready" || state.phase === "fetching")) return false;
    const nowMs = this.#parts.now();
    // What is being read from the store must not go: it would be missed there. Whoever waits for it has what is due expire first.
    if (state.phase === "ready") this.expireDue(state, nowMs);
    else if (state.pending !== undefined && isDue(state.pending.record, nowMs)) return true;
    const { commit } = take(state.pending, nowMs);
    if (commit === undefined) return true;
    state.pending = commit.head;
    this.#commit(state, commit);
    return true;
  }

  /**
   * Begins to watch a session: in its order, once everything that is due is committed, and at its committed head, so that nothing falls in
   * between. Rejects as a turn does, with LimitExceededError TOO_MANY_WATCHES, and with CompactedError when it cannot go on after `since`.
   */
  async watch(key: SessionKey, call: PortCall, watcher: NewWatch): Promise<WatchStart> {
    const state = this.#sessions.make(key);
    return this.whileKept(key, async () => {
      await this.perform(key, call, () => ({ answer: undefined }));
      return this.#watches.open(state, watcher);
    });
  }

  /** The store works again: what watchers wait for is read from it. */
  reloadWatched(): void {
    for (const state of this.#watches.stale()) this.#load(state);
  }

  /** Ends all watches, and refuses new ones. */
  endWatches(error: Error): void {
    this.#watches.end(error);
  }

  /** Takes a turn in the session's order; resolves when the answer's grounds are committed. */
  perform<T>(
    key: SessionKey,
    call: PortCall,
    take: (head: Head | undefined, nowMs: number) => Step<T>,
    { identity, reads }: TurnOptions = {},
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const turn = newTurn({
        clock: this.#parts.clock,
        call,
        take,
        identity,
        reads,
        resolve: resolve as (answer: unknown) => void,
        reject,
      });
      const state = this.#sessions.make(key);
      queueTurn(state, turn, "waiting");
      if (state.phase === "ready") this.#advance(state);
      else if (state.phase === "absent" || state.phase === "stale") this.#load(state);
    });
  }

  /** Reads large values of a session from the store; says whether all of them were still there. Rejects as the store does. */
  fetch(key: SessionKey, away: readonly KeptVariable[]): Promise<boolean> {
    return this.#loads.values(key, away);
  }

  /** The store has other revisions: the session is loaded again at its next turn, unless what is being committed will find that out. */
  outdated(key: SessionKey): void {
    const state = this.#sessions.get(key);
    if (state?.phase === "ready" && state.turns.length === 0) state.phase = "stale";
  }

  /** Puts a commit of the engine's own, such as an expiry or an extension, at the end of the session's order. */
  #commit(state: SessionState, commit: StepCommit): void {
    const turn = internalTurn(commit);
    queueTurn(state, turn);
    this.#send(state, turn, commit);
  }

  /** Expires a session that the store says is due, or what is due of it, without reading what will go anyway; gives what is left. */
  expire(key: SessionKey, record: SessionRecord): Promise<Head | undefined> {
    const state = this.#sessions.make(key);
    if (state.phase === "absent" && state.watch === undefined && isDue(record, this.#parts.now())) {
      // Nobody can read this head: whoever comes finds it due and takes a turn, which expires it first.
      state.pending = { record, store: VariableStore.of([]) };
      state.committed = state.pending;
      state.phase = "ready";
    }
    return this.perform(key, {}, (head) => ({ answer: head }));
  }

  /** Commits what is due on a loaded session. */
  expireDue(state: SessionState, nowMs: number): void {
    const commit = expiryOf(state.key, state.pending, nowMs, this.#parts.limits);
    if (commit === undefined) return;
    state.pending = commit.head;
    if (commit.head === undefined) this.#parts.floor.revision = Math.max(this.#parts.floor.revision, revisionOf(commit.delta) ?? 0);
    this.#commit(state, commit);
  }

  /** Both heads of a session, once what is due is on its way out; undefined when it is not loaded, or others wait for their turn. */
  standing(key: SessionKey): Standing | undefined {
    const state = this.#sessions.get(key);
    if (state?.phase !== "ready" || state.waiting.length > 0) return undefined;
    this.expireDue(state, this.#parts.now());
    const { pending, committed } = state;
    return { pending, committed };
  }

  /** Whether what the session goes through is kept for watchers. */
  isFollowed(key: SessionKey): boolean {
    return this.#sessions.get(key)?.watch !== undefined;
  }

  /** What a call does beside its turn: `idle` waits for it. */
  untilIdle<T>(work: Promise<T>): Promise<T> {
    return this.#loads.whileRunning(work);
  }

  /** Resolves when nothing loads and nothing is being committed. */
  async idle(): Promise<void> {
    do {
      await this.#loads.settled();
      await this.#parts.committer.idle();
      // What conflicted is loaded again.
    } while (!this.#loads.idle);
  }

  /** Lets what waits begin, in order, until a turn needs values that are not here. */
  #advance(state: SessionState): void {
    const waiting = takeTurns(state, "waiting");
    for (const [i, turn] of waiting.entries()) {
      if (turn.phase === "done" || this.#begin(state, turn)) continue;
      state.waiting = waiting.slice(i);
      break;
    }
    this.#settle(state);
  }

  /** The turn itself: what is due goes first, then the operation judges the pending head. False when it has to wait for values. */
  #begin(state: SessionState, turn: Turn): boolean {
    if (turn.outcome !== undefined) {
      turn.phase = "done";
      queueTurn(state, turn);
      return true;
    }
    if (turn.signal?.aborted || this.#parts.clock.monotonic() >= turn.deadlineMs) {
      giveUp(turn, turn.signal?.aborted === true);
      return true;
    }
    const nowMs = this.#parts.now();
    this.expireDue(state, nowMs);
    const away = state.pending && turn.reads ? awayOf(turn.reads(state.pending)) : [];
    if (away.length > 0) {
      // Of a copy that is being committed, the store has no values yet.
      if (away.every(({ revision }) => revision <= (state.committed?.record.revision ?? 0))) this.#fetchFirst(state, away);
      return false;
    }
    try {
      turn.twin = twinOf(turn, state);
      const step = turn.twin === undefined ? turn.take?.(state.pending, nowMs) : undefined;
      turn.outcome = turn.twin?.outcome ?? { answer: step?.answer };
      turn.commit = step?.commit;
    } catch (error) {
      turn.outcome = { error };
    }
    queueTurn(state, turn);
    turn.phase = turn.commit ? "committing" : "done";
    if (turn.commit) {
      state.pending = turn.commit.head;
      this.#send(state, turn, turn.commit);
    }
    return true;
  }

  #send(state: SessionState, turn: Turn, commit: StepCommit): void {
    this.#parts.committer.enqueue({
      delta: commit.delta,
      trace: turn.trace,
      settled: (outcome) => {
        // A commit that failed or was withdrawn is no longer its turn's.
        if (turn.commit !== commit) return;
        if (outcome === "conflict") this.#redo(state);
        else this.#committed(state, turn, commit);
      },
      failed: (cause) => {
        if (turn.commit === commit) this.#fail(state, cause);
      },
    });
  }

  #committed(state: SessionState, turn: Turn, commit: StepCommit): void {
    const before = state.committed;
    state.committed = commit.head;
    turn.phase = "done";
    turn.commit = undefined;
    const { tell, clock } = this.#parts;
    if (tell) deltaEvents(commit.delta, before, clock.monotonic()).forEach(tell);
    if (state.watch) this.#watches.committed(state, commit.delta);
    this.#sessions.weigh(state);
    if (state.phase === "ready" && state.waiting.length > 0) this.#advance(state);
    else this.#settle(state);
  }

  /** Answers from the front whatever stands on committed ground. */
  #settle(state: SessionState): void {
    let answered = 0;
    while (state.turns[answered]?.phase === "done") answered += 1;
    if (answered > 0) {
      const done = answered === state.turns.length ? takeTurns(state) : state.turns.splice(0, answered);
      for (const { outcome, resolve, reject } of done) {
        if (outcome === undefined) continue;
        if ("error" in outcome) reject(outcome.error);
        else resolve(outcome.answer);
      }
    }
    this.#dropIfGone(state);
  }

  /** A session that does not exist takes no memory. */
  #dropIfGone(state: SessionState): void {
    if (
      state.turns.length > 0 ||
      state.waiting.length > 0 ||
      state.readers > 0 ||
      state.watch !== undefined ||
      state.committed !== undefined ||
      state.pending !== undefined
    )
      return;
    if (state.phase === "loading" || state.phase === "fetching") return;
    this.#sessions.drop(state);
  }

  /**
   * The store has another base, or remembers the call: load the session and let everything since take its turn again, in order of arrival,
   * but for the calls that the store has answered already.
   */
  #redo(state: SessionState): void {
    const { turns } = this.#unwind(state);
    for (const turn of turns) {
      turn.commit = undefined;
      turn.outcome = undefined;
      turn.twin = undefined;
      turn.phase = "waiting";
    }
    const again = turns.filter((turn) => turn.take !== undefined);
    state.waiting = [...again, ...takeTurns(state, "waiting")];
    this.#load(state, recallAll(again));
  }

  /** Nobody can tell what was saved: everything unanswered fails, and the session is read again before it changes. */
  #fail(state: SessionState, cause: unknown): void {
    const wasFetching = state.phase === "fetching";
    const { turns, unsent } = this.#unwind(state);
    const outcomes = turns.map((turn): Outcome => {
      const { commit } = turn.twin ?? turn;
      return commit === undefined || unsent.has(commit.delta) ? "not_applied" : "unknown";
    });
    if (state.watch) {
      const sent = turns.flatMap(({ commit }) => (commit === undefined || unsent.has(commit.delta) ? [] : [commit]));
      this.#watches.doubt(state, sent);
    }
    for (const [i, turn] of turns.entries()) {
      turn.commit = undefined;
      turn.phase = "done";
      turn.reject(new StoreUnavailableError("the store failed while it saved", { outcome: outcomes[i] ?? "unknown", cause }));
    }
    // Those that waited for what failed; while values are being read, whoever waits for them loads.
    if (state.waiting.length > 0 && !wasFetching) this.#load(state);
    this.#dropIfGone(state);
  }

  #unwind(state: SessionState): { readonly turns: readonly Turn[]; readonly unsent: ReadonlySet<unknown> } {
    const turns = takeTurns(state);
    const deltas = new Set<unknown>(turns.map((turn) => turn.commit?.delta));
    const isCopy = ({ delta }: Commit): boolean => delta.kind === "fork" && keyText(delta.source.key) === keyText(state.key);
    const withdrawn = this.#parts.committer.withdraw((commit: Commit) => deltas.has(commit.delta) || isCopy(commit));
    state.pending = state.committed;
    state.phase = "stale";
    // Copies of what is not saved, whatever revision the store may have by chance. They hear of it after whatever was saved before them.
    for (const copy of withdrawn.filter(isCopy)) void Promise.resolve().then(() => copy.settled("conflict"));
    return { turns, unsent: new Set(withdrawn.map((commit) => commit.delta)) };
  }

  #load(state: SessionState, recalled?: Promise<void>): void {
    state.phase = "loading";
    void this.#loads.whileRunning(
      Promise.all([this.#loads.head(state.key), recalled]).then(
        ([head]) => this.#loaded(state, head),
        (cause: unknown) => this.#loadFailed(state, cause),
      ),
    );
  }

  #loaded(state: SessionState, head: Head | undefined): void {
    const before = state.committed;
    state.committed = head;
    state.pending = head;
    state.phase = "ready";
    this.#watches.loaded(state, before, head);
    this.#sessions.weigh(state);
    this.#advance(state);
  }

  #loadFailed(state: SessionState, cause: unknown): void {
    state.phase = state.committed === undefined ? "absent" : "stale";
    if (cause instanceof DataLossError) this.#watches.unreadable(state, cause);
    this.#refuseWaiting(state, cause);
    this.#dropIfGone(state);
  }

  /** Reads the values that the first waiting turn needs; what comes after it waits with it. */
  #fetchFirst(state: SessionState, away: readonly KeptVariable[]): void {
    state.phase = "fetching";
    void this.#loads.whileRunning(
      this.fetch(state.key, away).then(
        (complete) => (complete ? this.#fetched(state) : this.#fetchFailed(state, this.#loads.valueMissing())),
        (cause: unknown) => this.#fetchFailed(state, cause),
      ),
    );
  }

  #fetched(state: SessionState): void {
    if (state.phase === "fetching") {
      state.phase = "ready";
      this.#advance(state);
    } else if (state.phase === "stale" && state.waiting.length > 0) this.#load(state);
  }

  #fetchFailed(state: SessionState, cause: unknown): void {
    // Only a session at rest can be loaded again: what is being committed leads on from what is here.
    if (state.phase === "fetching") state.phase = state.turns.length === 0 ? "stale" : "ready";
    if (state.phase === "loading") return;
    this.#refuseWaiting(state, cause);
    this.#settle(state);
  }

  #refuseWaiting(state: SessionState, cause: unknown): void {
    // One damaged session says nothing of the store's health.
    if (!(cause instanceof DataLossError)) this.#parts.onLoadFailed(cause);
    const error = cause instanceof BridgeError ? cause : new StoreUnavailableError("the store failed while it loaded", { cause });
    for (const turn of takeTurns(state, "waiting")) {
      turn.phase = "done";
      turn.reject(error);
    }
  }
}
