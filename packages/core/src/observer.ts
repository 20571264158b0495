/**
 * The only door telemetry has. An observer sees what happens to sessions, never what they hold: no event carries a value.
 * It is called after the outcome is known, on the engine's turn; what it throws is swallowed.
 */
import type { SessionKey } from "./persistence.ts";

/** What happened to a session. */
export interface SessionEvent {
  readonly kind: "session.created" | "session.loaded" | "session.expired" | "session.deleted" | "session.evicted";
  readonly key: SessionKey;
  readonly revision: number;
}

/** What happened to a variable. */
export interface VariableEvent {
  readonly kind: "variable.get" | "variable.set" | "variable.delete" | "variable.update" | "variable.expired";
  readonly key: SessionKey;
  readonly name: string;
  /** Whether it exists afterwards. */
  readonly found: boolean;
  /** The type name, "" when there is nothing. */
  readonly type: string;
  /** The encoded value's length, 0 when there is nothing. */
  readonly sizeBytes: number;
}

/** What happened to a save. */
export interface CommitEvent {
  readonly kind: "commit";
  readonly outcome: "saved" | "failed";
  /** How many deltas went together. */
  readonly deltas: number;
  readonly durationMs: number;
  /** Why it failed; for logs. */
  readonly cause: unknown;
}

/** A memory-only manager has used most of the sessions it may have: told once at 80 %, and again after it was below 70 %. */
export interface CrowdedEvent {
  readonly kind: "sessions.crowded";
  readonly sessions: number;
  readonly limit: number;
}

/** Everything an observer can be told. */
export type ObserverEvent = SessionEvent | VariableEvent | CommitEvent | CrowdedEvent;

/** Watches an engine. */
export interface SessionObserver {
  observe(event: ObserverEvent): void;
}

/** The observer that does nothing, the default. */
export const nullObserver: SessionObserver = { observe: () => {} };

/** Tells an observer; what it throws stays with it. */
export function tell(observer: SessionObserver, event: ObserverEvent): void {
  try {
    observer.observe(event);
  } catch {
    // An observer can never harm what it observes.
  }
}
