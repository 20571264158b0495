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
    const name = keyText(key);
    const state = this.#states.get(name);
    if (state !== undefined && this.#parts.memoryBytes !== undefined) {
      this.#states.delete(name);
      this.#states.set(name, state);
    }
    return state;
  }

  /** The session, absent when it was not here. */
  make(key: SessionKey): SessionState {
    const found = this.get(key);
    if (found !== undefined) return found;
    const state = newState(key);
    this.#states.set(keyText(key), state);
    return state;
  }

  /** Whether this is what is here of its session. */
  holds(state: SessionState): boolean {
    return this.#states.get(keyText(state.key)) === state;
  }

  /** Forgets a session that does not exist. */
  drop(state: SessionState): void {
    const name = keyText(state.key);
    if (this.#states.get(name) === state) this.#states.delete(name);
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
    if (this.#weightBytes <= memoryBytes) return;
    for (const [name, candidate] of this.#states) {
      if (this.#weightBytes <= memoryBytes) return;
      if (candidate === state || candidate.committed === undefined || !isClean(candidate)) continue;
      this.#states.delete(name);
      this.#weightBytes -= candidate.weightBytes;
      const { key, committed } = candidate;
      tell?.({ kind: "session.evicted", key: { ...key }, revision: committed.record.revision, ...sizesOf(committed.record) });
    }
  }
}
