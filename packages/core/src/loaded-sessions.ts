/** The sessions that are in memory, by key, in the order of their last use, and what they take there [P14]. */
import { sizesOf } from "./commit-events.ts";
import { keyText } from "./deltas.ts";
import type { Tell } from "./observer.ts";
import type { SessionKey } from "./persistence.ts";
import { isClean, newState, type SessionState, weightOf } from "./session-state.ts";

/** What bounds them. */
export interface LoadedSessionsParts {
  /** What they may take in memory; undefined where they have no other place to be. */
  readonly memoryBytes: number | undefined;
  /** Told of every session that leaves; undefined when nobody watches. */
  readonly tell: Tell | undefined;
}

/** A session that leaves is clean: nothing of it is lost, and it is loaded again when somebody asks for it. */
export class LoadedSessions {
  readonly #parts: LoadedSessionsParts;
  readonly #states = new Map<string, SessionState>();
  // The order is a list of its own: a map whose oldest entries go has to step over the places of all that have gone, each time.
  #oldest: SessionState | undefined;
  #newest: SessionState | undefined;
  #weightBytes = 0;

  constructor(parts: LoadedSessionsParts) {
    this.#parts = parts;
  }

  /** How many there are; those that are being looked for count too. */
  get size(): number {
    return this.#states.size;
  }

  /** What they are counted as against their budget; undefined without one. */
  get weightBytes(): number | undefined {
    return this.#parts.memoryBytes === undefined ? undefined : this.#weightBytes;
  }

  [Symbol.iterator](): Iterator<SessionState> {
    return this.#states.values();
  }

  /** The session if it is here, which is the one used last from now on. */
  get(key: SessionKey): SessionState | undefined {
    const state = this.#states.get(keyText(key));
    if (state !== undefined && state !== this.#newest) {
      this.#unlink(state);
      this.#append(state);
    }
    return state;
  }

  /** The session, absent when it was not here. */
  make(key: SessionKey): SessionState {
    const found = this.get(key);
    if (found !== undefined) return found;
    const state = newState(key);
    this.#states.set(keyText(key), state);
    this.#append(state);
    return state;
  }

  /** Whether this is what is here of its session. */
  holds(state: SessionState): boolean {
    return this.#states.get(keyText(state.key)) === state;
  }

  /** Forgets a session that does not exist. */
  drop(state: SessionState): void {
    if (this.holds(state)) this.#remove(state);
    this.#weightBytes -= state.weightBytes;
    state.weightBytes = 0;
    state.phase = "absent";
  }

  /** Counts what a session takes now, and lets clean ones leave, the one used longest ago first, while all take too much. */
  weigh(state: SessionState): void {
    const { memoryBytes, tell } = this.#parts;
    if (memoryBytes === undefined) return;
    const weightBytes = weightOf(state);
    this.#weightBytes += weightBytes - state.weightBytes;
    state.weightBytes = weightBytes;
    for (let next = this.#oldest; next !== undefined && this.#weightBytes > memoryBytes; ) {
      const candidate = next;
      next = candidate.newer;
      if (candidate === state || candidate.committed === undefined || !isClean(candidate)) continue;
      this.#remove(candidate);
      this.#weightBytes -= candidate.weightBytes;
      const { key, committed } = candidate;
      tell?.({ kind: "session.evicted", key: { ...key }, revision: committed.record.revision, ...sizesOf(committed.record) });
    }
  }

  #remove(state: SessionState): void {
    this.#states.delete(keyText(state.key));
    this.#unlink(state);
  }

  /** Makes it the one used last. */
  #append(state: SessionState): void {
    state.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = state;
    else this.#newest.newer = state;
    this.#newest = state;
  }

  #unlink(state: SessionState): void {
    const { older, newer } = state;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    state.older = undefined;
    state.newer = undefined;
  }
}
