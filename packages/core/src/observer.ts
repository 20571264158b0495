/**
 * The only door telemetry has. An observer sees what happens to sessions, never what they hold: no event carries a value, a part of one, or
 * the text of an error. `event-catalogue.ts` lists every kind with its public name, units and attributes.
 *
 * Each event is told once, when its outcome is known: a change after its commit, a refusal when the caller is refused. Events come in the
 * order in which callers learn the outcomes, each just before its caller does; a commit comes before its calls. What a client or a `Session`
 * refuses before it asks the engine is not told.
 */
import type { Clock } from "./clock.ts";
import type { SessionKey } from "./persistence.ts";

/** When something began, on the engine's monotonic clock, and how long it took until its outcome was known. */
export interface Timed {
  readonly startedAtMs: number;
  readonly durationMs: number;
}

/** The time from `startedAtMs` until now. */
export const since = (clock: Clock, startedAtMs: number): Timed => ({ startedAtMs, durationMs: clock.monotonic() - startedAtMs });

/** What the events of a call have in common. */
export interface CallEvent extends Timed {
  /** The id is "" when it is no valid one, and of calls about many sessions. */
  readonly key: SessionKey;
  /** "" when the call succeeded, else the stable reason of its error, such as REVISION_MISMATCH. */
  readonly reason: string;
  /** What the call carried as `trace`. */
  readonly trace: unknown;
}

/** A session's variables, and the bytes of their names and encoded values. */
export interface SessionSizes {
  readonly sessionVariables: number;
  readonly sessionBytes: number;
}

/** What can be done to a variable. `check` is a bare precondition; `expire` is time's own. */
export type VariableOperation =
  | "get"
  | "set"
  | "delete"
  | "increment"
  | "append"
  | "merge"
  | "clear"
  | "pop_last"
  | "restore"
  | "rollback"
  | "checkpoint"
  | "delete_checkpoint"
  | "declare"
  | "check"
  | "expire";

/**
 * One operation on a variable: `update` is whatever goes on from what there is or was (increment, restore, rollback, declare …), `delete` also
 * clear and pop_last. The sizes of the session are those after the operation, or as it was found when the operation failed; 0 when it failed
 * before anybody looked.
 *
 * Operations of one call are told one by one, with the time that the whole call took and the state after all of it, and in an atomic update
 * with the reason of all; then follows the call's `variable.batch`. Of more operations than an update may have, only the batch is told.
 * Reading many tells of each variable found and of each name that is missing, then of the batch; when it fails, of the batch alone.
 */
export interface VariableEvent extends CallEvent, SessionSizes {
  readonly kind: "variable.get" | "variable.set" | "variable.delete" | "variable.update" | "variable.check" | "variable.expired";
  readonly operation: VariableOperation;
  /** "" when it is no valid name, for `clear`, and for a `pop_last` that found nothing. */
  readonly name: string;
  /** Whether there is such a variable; for deletions, whether there was one. False when the operation failed. */
  readonly found: boolean;
  /** Whether something changed; false for the repeat of a call that was answered before, which changes nothing [P6]. */
  readonly applied: boolean;
  /** The type name afterwards; "" when there is no such variable, the operation failed, or a repeated call was answered from memory. */
  readonly type: string;
  /** The encoded value's length afterwards; 0 where `type` is "". */
  readonly sizeBytes: number;
}

/** One call that read or listed many variables, or an update of any other number of operations than one. */
export interface BatchEvent extends CallEvent, SessionSizes {
  readonly kind: "variable.batch";
  readonly operation: "get" | "list" | "update";
  /** Whether it took effect, or was read, as one: false for independent updates alone. */
  readonly atomic: boolean;
  /** How many operations were asked for: different names, for a prefix the variables found. */
  readonly operations: number;
  /** How many of them found or changed something. */
  readonly succeeded: number;
  /** The lengths of the encoded values that were read, listed or written, summed up; a listing carries none of them. */
  readonly sizeBytes: number;
}

/** What became of a session; the sizes are those after it, or of what is gone. A first write creates a session, too. */
export interface SessionEvent extends SessionSizes {
  readonly kind: "session.created" | "session.expired" | "session.deleted" | "session.evicted" | "session.touched";
  readonly key: SessionKey;
  readonly revision: number;
}

/** A session came into memory from the store. */
export interface SessionLoadedEvent extends SessionSizes, Timed {
  readonly kind: "session.loaded";
  readonly key: SessionKey;
  readonly revision: number;
}

/** One call about a session as a whole, or about many of them: how it ended, beside what became of the session. */
export interface SessionCallEvent extends CallEvent, SessionSizes {
  readonly kind: "session.call";
  readonly operation: "create" | "get" | "touch" | "delete" | "list" | "fork" | "history" | "checkpoints" | "declarations";
  /** Whether a session was created, found, deleted, listed or copied, or whether it had any of what was listed. */
  readonly found: boolean;
}

/** A save of changes that went to the store together. Without any delta, it only asked whether the store works again. */
export interface CommitEvent extends Timed {
  readonly kind: "commit";
  readonly outcome: "saved" | "failed";
  readonly deltas: number;
  /** How many of them the store refused, because it has another base; they are carried out again. */
  readonly conflicts: number;
  /** How many variables were written or removed. */
  readonly operations: number;
  /** The lengths of the encoded values that were saved, summed up. */
  readonly sizeBytes: number;
  /** How long the first of them waited until the save began. */
  readonly waitMs: number;
  /** The different traces of the calls that were saved together. */
  readonly traces: readonly unknown[];
  /** Why it failed; for logs, never for metrics or spans. */
  readonly cause: unknown;
}

/** The store was asked for a session, or for large values of one. */
export interface LoadEvent extends Timed {
  readonly kind: "load";
  readonly key: SessionKey;
  readonly what: "session" | "values";
  /** `missing`: there is no such session, or some of the values are not there any more. */
  readonly outcome: "found" | "missing" | "failed";
  /** How many variables or values came. */
  readonly variables: number;
  /** The lengths of the encoded values that came, summed up. */
  readonly sizeBytes: number;
  /** "" unless it failed. */
  readonly reason: string;
}

/** The store was asked what is due, and what it named was expired. */
export interface SweepEvent extends Timed {
  readonly kind: "sweep";
  readonly outcome: "swept" | "failed";
  /** How many sessions are due, or have variables that are. */
  readonly due: number;
}

/** A memory-only manager has used most of the sessions it may have: told once at 80 %, and again after it was below 70 %. */
export interface CrowdedEvent {
  readonly kind: "sessions.crowded";
  readonly sessions: number;
  readonly limit: number;
}

/** Everything an observer can be told. */
export type ObserverEvent =
  | VariableEvent
  | BatchEvent
  | SessionEvent
  | SessionLoadedEvent
  | SessionCallEvent
  | CommitEvent
  | LoadEvent
  | SweepEvent
  | CrowdedEvent;

/**
 * Watches an engine. `observe` is called on the engine's own thread, between its steps, and has to return at once: what takes time is put
 * into a queue. What it throws is swallowed; a promise that it returns is not waited for, and its rejection is swallowed, too.
 */
export interface SessionObserver {
  observe(event: ObserverEvent): void;
}

/** The observer that does nothing, the default: for it, no event is even made. */
export const nullObserver: SessionObserver = { observe: () => {} };

/** Tells an observer of an event; it never throws. */
export type Tell = (event: ObserverEvent) => void;

/** How an observer is told; undefined when nobody watches. */
export function teller(observer: SessionObserver | undefined): Tell | undefined {
  if (observer === undefined || observer === nullObserver) return undefined;
  return (event) => {
    try {
      const returned: unknown = observer.observe(event);
      if (returned instanceof Promise) returned.catch(() => {});
    } catch {
      // An observer can never harm what it observes.
    }
  };
}
