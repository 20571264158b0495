/** The watches of one engine: how many there may be, what they learn of commits, and that they keep their sessions alive. */
import type { Cancel, Clock } from "./clock.ts";
import { revisionOf } from "./deltas.ts";
import { LimitExceededError } from "./errors.ts";
import type { Limits } from "./limits.ts";
import type { SessionDelta } from "./persistence.ts";
import { type Cursor, FEED_BOUNDS, type FeedBounds, SessionFeed, type Watcher } from "./session-feed.ts";
import type { Head, SessionState, StepCommit } from "./session-state.ts";
import type { WatchChange } from "./watch-port.ts";

/** How long a log is kept for those who come back, and how much of such logs in all. */
const LINGER_MS = 5 * 60 * 1000;
const LINGERING_BYTES = 16 * 1024 * 1024;

/** What bounds watches. */
export interface WatchLimits extends Pick<Limits, "watchesPerSession" | "watches"> {
  readonly bounds?: FeedBounds | undefined;
}

/** What watches are made of. */
export interface SessionWatchesParts {
  readonly clock: Clock;
  /** The one `now` of the laws. */
  readonly now: () => number;
  /** The revision that new sessions start above. */
  readonly floor: { readonly revision: number };
  readonly limits: WatchLimits;
  /** Whether several managers may change the store. */
  readonly shared: boolean;
  /** Expires what is due of a session in use, at once unless it gives a promise, and uses it as a read does. */
  readonly tend: (state: SessionState) => Promise<unknown> | undefined;
  /** The session needs no memory for watches any more. */
  readonly released: (state: SessionState) => void;
}

/** What is being watched of one session. */
export interface SessionWatch {
  readonly feed: SessionFeed;
  /** Commits that a failing store may have or not, in order; whoever loads the session learns it. */
  doubtful: readonly StepCommit[];
  /** What its log counts for while nobody follows it, else 0. */
  lingeringBytes: number;
  /** When the session is tended next, in the one `now`. */
  tendAtMs: number;
  /** Takes back the next tending, or the end of a log that nobody follows. */
  cancel: Cancel;
}

/** A watcher of a session. */
export interface NewWatch extends Watcher {
  /** Takes what is there, when there is a session: the committed head at the very moment at which the watch begins. */
  readonly begin: (head: Head) => void;
}

/** Where a watch begins. */
export interface WatchStart {
  readonly cursor: Cursor;
  /** The cursor has got this far when everything up to that head has been taken. */
  readonly revision: number;
  /** Whether the session has ended since. */
  readonly ended: () => boolean;
}

/** The watches of one engine. */
export class SessionWatches {
  readonly #parts: SessionWatchesParts;
  /** Sessions that are watched, or were a while ago. */
  readonly #watched = new Set<SessionState>();
  /** Those whose log nobody follows, the one left longest ago first. */
  readonly #lingering = new Set<SessionState>();
  #lingeringBytes = 0;
  #count = 0;
  #over: Error | undefined;

  constructor(parts: SessionWatchesParts) {
    this.#parts = parts;
  }

  /** Those that have to be read again before they change, and somebody wants to know what became of them. */
  *stale(): Iterable<SessionState> {
    for (const state of this.#watched) {
      if ((state.phase === "stale" || state.phase === "absent") && isWatched(state)) yield state;
    }
  }

  /**
   * Begins a watch of a loaded session at its committed head. Throws LimitExceededError TOO_MANY_WATCHES, and CompactedError when it cannot go
   * on after `since`.
   */
  open(state: SessionState, watcher: NewWatch): WatchStart {
    if (this.#over) throw this.#over;
    const { watches, watchesPerSession } = this.#parts.limits;
    refuseMore("watches", watches, this.#count + 1);
    refuseMore("watchesPerSession", watchesPerSession, (state.watch?.feed.watchers ?? 0) + 1);
    const watch = this.#watchOf(state);
    const { feed } = watch;
    try {
      const cursor = feed.open(watcher, () => {
        this.#count -= 1;
        // One that was cut leaves when its owner finds out; the session may have another log by then.
        if (state.watch === watch) this.#linger(state);
      });
      if (state.committed !== undefined) watcher.begin(state.committed);
      this.#count += 1;
      if (this.#lingering.delete(state)) watch.cancel();
      this.#weighLingering(state);
      this.#tendLater(state);
      const { endings } = feed;
      return { cursor, revision: feed.revision, ended: () => feed.endings !== endings };
    } finally {
      this.#linger(state);
    }
  }

  /** Tells those who watch of a commit. */
  committed(state: SessionState, delta: SessionDelta): void {
    this.#publish(state, delta);
    this.#tendLater(state);
  }

  /** Nobody can tell whether these were saved. */
  doubt(state: SessionState, commits: readonly StepCommit[]): void {
    if (state.watch) state.watch.doubtful = [...state.watch.doubtful, ...commits.filter(({ delta }) => revisionOf(delta) !== undefined)];
  }

  /** The session was loaded again: what had been saved all the same is told now, anything else cannot be. */
  loaded(state: SessionState, before: Head | undefined, head: Head | undefined): void {
    const { watch } = state;
    if (watch === undefined) return;
    const { doubtful } = watch;
    watch.doubtful = [];
    const heads = [before, ...doubtful.map((commit) => commit.head)];
    const like = heads.flatMap((led, i) => (led?.record.revision === head?.record.revision ? [i] : []));
    // Two heads alike are none: created and deleted, or nothing at all. And what another manager does may look like what failed here.
    const made = like.length === 1 ? (like[0] as number) : doubtful.length + 1;
    if (made <= (this.#parts.shared ? 0 : doubtful.length)) for (const { delta } of doubtful.slice(0, made)) this.#publish(state, delta);
    else watch.feed.restart(this.#positionOf(state));
    this.#tendLater(state);
  }

  /** Nobody can read the session. */
  unreadable(state: SessionState, error: Error): void {
    state.watch?.feed.end(error);
  }

  /** The end of every watch, and of every later one. */
  end(error: Error): void {
    this.#over = error;
    for (const state of this.#watched) {
      state.watch?.feed.end(error);
      this.#release(state);
    }
  }

  #watchOf(state: SessionState): SessionWatch {
    if (state.watch !== undefined) return state.watch;
    const feed = new SessionFeed(this.#positionOf(state), this.#parts.limits.bounds ?? FEED_BOUNDS);
    state.watch = { feed, doubtful: [], lingeringBytes: 0, tendAtMs: Number.POSITIVE_INFINITY, cancel: () => {} };
    this.#watched.add(state);
    return state.watch;
  }

  /**
   * Where a log begins. Of a session that does not exist: where every end of a session leads beyond, so that this place is not met again once
   * something has happened; and before whatever is being committed of it.
   */
  #positionOf({ committed, turns }: SessionState): number {
    if (committed !== undefined) return committed.record.revision;
    const pending = turns.map(({ commit }) => commit && revisionOf(commit.delta)).find((revision) => revision !== undefined);
    return Math.min(this.#parts.floor.revision, (pending ?? Number.POSITIVE_INFINITY) - 1);
  }

  #publish(state: SessionState, delta: SessionDelta): void {
    const revision = revisionOf(delta);
    if (revision === undefined) return;
    // A copy that the store made has more than the delta says; who began to watch meanwhile looks at all of it.
    if (delta.kind === "fork") state.watch?.feed.restart(revision);
    else state.watch?.feed.publish(revision, changesOf(delta));
    if (this.#lingering.has(state)) this.#weighLingering(state);
  }

  /** Sees to it that what expires does so in time, and that a session that is watched does not. */
  #tendLater(state: SessionState): void {
    const { watch, pending } = state;
    if (watch === undefined || watch.feed.watchers === 0) return;
    const atMs = pending === undefined ? Number.POSITIVE_INFINITY : tendAtMs(pending);
    // One that comes too early looks again.
    if (watch.tendAtMs <= atMs) return;
    watch.cancel();
    watch.tendAtMs = atMs;
    watch.cancel = this.#parts.clock.schedule(Math.max(atMs - this.#parts.now(), 1), () => {
      watch.tendAtMs = Number.POSITIVE_INFINITY;
      // What cannot be changed now is loaded first, and tended then.
      if (state.phase !== "ready" && state.phase !== "fetching") return;
      const tended = this.#parts.tend(state);
      const next = () => this.#tendLater(state);
      if (tended === undefined) next();
      else tended.then(next, next);
    });
  }

  /** When the last watcher has left, the log stays a while for those who come back. */
  #linger(state: SessionState): void {
    const { watch } = state;
    if (watch === undefined || watch.feed.watchers > 0) return;
    watch.cancel();
    watch.tendAtMs = Number.POSITIVE_INFINITY;
    watch.cancel = this.#parts.clock.schedule(LINGER_MS, () => this.#release(state));
    this.#lingering.add(state);
    this.#weighLingering(state);
  }

  /** Counts what the log of a session takes that nobody follows, and lets the oldest such logs go while all take too much. */
  #weighLingering(state: SessionState): void {
    const { watch } = state;
    if (watch === undefined) return;
    const bytes = this.#lingering.has(state) ? watch.feed.sizeBytes : 0;
    this.#lingeringBytes += bytes - watch.lingeringBytes;
    watch.lingeringBytes = bytes;
    for (const oldest of this.#lingering) {
      if (this.#lingeringBytes <= LINGERING_BYTES) break;
      this.#release(oldest);
    }
  }

  #release(state: SessionState): void {
    const { watch } = state;
    if (watch === undefined) return;
    watch.cancel();
    this.#lingeringBytes -= watch.lingeringBytes;
    state.watch = undefined;
    this.#watched.delete(state);
    this.#lingering.delete(state);
    this.#parts.released(state);
  }
}

/** Whether somebody follows what the session goes through. */
const isWatched = ({ watch }: SessionState): boolean => watch !== undefined && watch.feed.watchers > 0;

/** When something of a session has to be done: half a ttl before its end, which an access moves, or when something of it is due. */
function tendAtMs({ record, store }: Head): number {
  const { expiresAtMs, ttlMs, endsAtMs } = record;
  if (expiresAtMs === undefined) return store.nextDueMs;
  const halfwayMs = ttlMs === undefined || expiresAtMs === endsAtMs ? expiresAtMs : expiresAtMs - ttlMs / 2;
  return Math.min(store.nextDueMs, halfwayMs);
}

/** What a commit did, one change a name; a created session comes before what is in it. */
export function changesOf(delta: SessionDelta): readonly WatchChange[] {
  switch (delta.kind) {
    case "create":
      return [{ kind: "session_created" }, ...delta.set.map((variable) => ({ kind: "set", variable }) as const)];
    case "fork":
      // Of a session that is watched, a fork is a create, or no log goes on over it: what is copied is not said here.
      return [{ kind: "session_created" }];
    case "write":
      return [
        ...delta.set.map((variable) => ({ kind: "set", variable }) as const),
        ...delta.removed.map((name) => ({ kind: "delete", name }) as const),
      ];
    case "delete":
      return [{ kind: "session_deleted" }];
    case "expire":
      return delta.record === undefined ? [{ kind: "session_expired" }] : delta.removed.map((name) => ({ kind: "expire", name }) as const);
    case "extend":
      return [];
  }
}

function refuseMore(limit: "watches" | "watchesPerSession", limitValue: number, actual: number): void {
  if (actual <= limitValue) return;
  const where = limit === "watches" ? "here" : "of this session";
  throw new LimitExceededError("TOO_MANY_WATCHES", `there are ${limitValue} watches ${where} already; no more are allowed`, {
    details: { limit, limitValue, actual },
  });
}
