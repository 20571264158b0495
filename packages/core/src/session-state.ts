/** One session's state in memory: two heads, and the operations that have begun and are not answered. */
import { extensionMs } from "./deadline.ts";
import type { AnsweringDelta, SessionKey, SessionRecord, StoredVariable } from "./persistence.ts";
import { type Contents, declarationBytes, type Held, heldBy } from "./session-contents.ts";
import type { RequestIdentity, SessionInfo, Signal } from "./session-port.ts";
import type { SessionWatch } from "./session-watches.ts";

/** A session at one revision. Immutable. */
export interface Head extends Contents {
  readonly record: SessionRecord;
}

/** A change of a session: the delta to save, and the head that it leads to. */
export interface StepCommit {
  readonly head: Head | undefined;
  readonly delta: AnsweringDelta;
}

/** What an operation makes of a session: an answer, and a commit when something changed. */
export interface Step<T> {
  readonly answer: T;
  readonly commit?: StepCommit | undefined;
}

/** How a call ends. */
export type Settled = { readonly answer: unknown } | { readonly error: unknown };

/** Which call a turn is, and how to look for its answer in the store. */
export interface TurnIdentity {
  readonly request: RequestIdentity;
  readonly recall: () => Promise<Settled | undefined>;
}

/** An operation in a session's order. */
export interface Turn {
  /** Judges the head at `nowMs`. Throws a BridgeError to refuse. Undefined for the engine's own commits, which nobody waits for. */
  readonly take: ((head: Head | undefined, nowMs: number) => Step<unknown>) | undefined;
  /** The variables whose values `take` reads. */
  readonly reads: ((head: Head) => readonly (StoredVariable | undefined)[]) | undefined;
  /** On the monotonic clock; a turn that comes later is never applied. */
  readonly deadlineMs: number;
  readonly signal: Signal | undefined;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
  phase: "waiting" | "committing" | "done";
  /** What to answer once everything before it is committed. */
  outcome: Settled | undefined;
  /** What the commit leads to, while it is being committed. */
  commit: StepCommit | undefined;
  /** Undefined for calls without an identity. */
  readonly identity: TurnIdentity | undefined;
  /** What the call is recognized by, for whoever watches. */
  readonly trace: unknown;
  /** The same call, which took its turn earlier and is still being committed. */
  twin: Turn | undefined;
}

/** A session that is being used. */
export interface SessionState {
  readonly key: SessionKey;
  /**
   * `absent` has not been loaded; `fetching` is ready but for large values that its next turn reads; `stale` must be loaded again before
   * it changes, since a save failed or conflicted.
   */
  phase: "absent" | "loading" | "fetching" | "ready" | "stale";
  /** What readers see. */
  committed: Head | undefined;
  /** What is applied and being committed; the same reference when nothing is. */
  pending: Head | undefined;
  /** Those that have begun, in order; answered from the front. */
  turns: Turn[];
  /** Those that wait for a load, in the order of arrival. */
  waiting: Turn[];
  /** What it takes in memory, estimated; 0 until it is loaded. */
  weightBytes: number;
  /** How many reads are under way that keep it in memory. */
  readers: number;
  /** Who follows what it goes through; undefined when nobody does, nor did a while ago. */
  watch: SessionWatch | undefined;
  /** The loaded session that was used before it, and the one after it. */
  older: SessionState | undefined;
  newer: SessionState | undefined;
}

/** Shared by every session at rest; replaced, never pushed to. */
const AT_REST: Turn[] = [];

/** A session nobody has looked at yet. */
export const newState = (key: SessionKey): SessionState => ({
  key,
  phase: "absent",
  committed: undefined,
  pending: undefined,
  turns: AT_REST,
  waiting: AT_REST,
  weightBytes: 0,
  readers: 0,
  watch: undefined,
  older: undefined,
  newer: undefined,
});

/** What a session and everything of it take in memory: an estimate that rather says too much. */
export const weightOf = ({ committed, watch }: SessionState): number =>
  (watch === undefined ? 0 : watch.feed.sizeBytes) + (committed === undefined ? 0 : SESSION_BYTES + contentsBytes(committed));

const contentsBytes = ({ store, history, checkpoints, declarations }: Contents): number =>
  heldBytes(store) +
  (history === undefined ? 0 : heldBytes(history)) +
  (checkpoints === undefined ? 0 : heldBytes(heldBy(checkpoints))) +
  (declarations === undefined ? 0 : declarationBytes(declarations) * SCHEMA_WEIGHT);

const heldBytes = ({ size, sizeBytes }: Held): number => size * VARIABLE_BYTES + sizeBytes;

const SESSION_BYTES = 1_024;
const VARIABLE_BYTES = 256;
/** A schema that was understood takes more than its bytes. */
const SCHEMA_WEIGHT = 8;

/** Whether everything of it is in the store, and nobody is at work on it or watches it. */
export const isClean = (state: SessionState): boolean =>
  state.phase === "ready" &&
  state.readers === 0 &&
  (state.watch === undefined || state.watch.feed.watchers === 0) &&
  state.turns.length === 0 &&
  state.waiting.length === 0 &&
  state.committed === state.pending;

/** Puts a turn at the end of those that have begun, or of those that wait. */
export function queueTurn(state: SessionState, turn: Turn, queue: "turns" | "waiting" = "turns"): void {
  if (state[queue] === AT_REST) state[queue] = [turn];
  else state[queue].push(turn);
}

/** Takes a queue off and leaves it at rest. */
export function takeTurns(state: SessionState, queue: "turns" | "waiting" = "turns"): Turn[] {
  const turns = state[queue];
  state[queue] = AT_REST;
  return turns;
}

/** The next revision after `previous`: grows by at least one and with the microseconds of the clock [P1]. */
export const nextRevision = (previous: number, nowMs: number): number => Math.max(previous + 1, nowMs * 1000);

/** The record after a commit that used the session at `nowMs`. Its deadline moves only when that is time, as with reads. */
export const usedRecord = (record: SessionRecord, contents: Contents, revision: number, nowMs: number): SessionRecord =>
  recordWith(record, contents, revision, nowMs, extensionMs(record, nowMs) ?? record.expiresAtMs);

/** The record after a commit that is no use of the session, such as an expiry. */
export const countedRecord = (record: SessionRecord, contents: Contents, revision: number): SessionRecord =>
  recordWith(record, contents, revision, record.accessedAtMs, record.expiresAtMs);

/** Field by field: an object that is spread and then added to takes half as much again. */
const recordWith = (
  { createdAtMs, ttlMs, endsAtMs, labels, historyEntries }: SessionRecord,
  { store, history }: Contents,
  revision: number,
  accessedAtMs: number,
  expiresAtMs: number | undefined,
): SessionRecord => ({
  revision,
  createdAtMs,
  accessedAtMs,
  ttlMs,
  endsAtMs,
  expiresAtMs,
  labels,
  variableCount: store.size,
  sizeBytes: store.sizeBytes + (history?.sizeBytes ?? 0),
  historyEntries,
});

/** A record as the port shows it. */
export const sessionInfo = (id: string, record: SessionRecord): SessionInfo => ({
  id,
  labels: record.labels,
  revision: record.revision,
  variableCount: record.variableCount,
  sizeBytes: record.sizeBytes,
  createdAtMs: record.createdAtMs,
  accessedAtMs: record.accessedAtMs,
  expiresAtMs: record.expiresAtMs,
  ttlMs: record.ttlMs,
  endsAtMs: record.endsAtMs,
  historyEntries: record.historyEntries,
});
