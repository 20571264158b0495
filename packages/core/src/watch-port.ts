/** The door to what happens to a session: one way to watch, in this process and over a server. */
import type { StoredVariable } from "./persistence.ts";
import type { Selection, SessionPort, Signal } from "./session-port.ts";
import type { Subscriber, Subscription } from "./subscription.ts";

/** What a watch is about. */
export interface WatchRequest {
  readonly selection: Selection;
  /**
   * Goes on after this revision, which has to be one that a delivery of an earlier watch named. Left out, the watch begins with what is
   * there. CompactedError when what came after it is not known any more.
   */
  readonly since?: number | undefined;
  /** Leaves values out: `bytes` are empty then. */
  readonly withoutValues?: boolean | undefined;
}

/** One change of a commit. */
export type WatchChange =
  | { readonly kind: "set"; readonly variable: StoredVariable }
  | { readonly kind: "delete" | "expire"; readonly name: string }
  | { readonly kind: "session_created" | "session_deleted" | "session_expired" };

/**
 * What a watch delivers, in this order: without `since` the `snapshot`, in as many pieces as it needs, with it the `commit`s after that
 * revision; `caught_up`; then each further commit once, whole and in order [P15]. `revision` says that everything that matches up to there has
 * been delivered, and is a position to go on from; `heartbeat` says only that, when nothing else was delivered for 15 seconds.
 */
export type WatchDelivery =
  | { readonly kind: "snapshot"; readonly variables: readonly StoredVariable[] }
  | { readonly kind: "commit"; readonly revision: number; readonly changes: readonly WatchChange[] }
  | { readonly kind: "caught_up"; readonly revision: number }
  | { readonly kind: "heartbeat"; readonly revision: number };

/**
 * Watches sessions. The iteration ends when its `return` is called or the signal is aborted, and fails with LimitExceededError WATCH_TOO_SLOW
 * when deliveries are not taken as fast as changes come, CompactedError when the next change is not known, StoreUnavailableError,
 * ServerUnavailableError or BridgeClosedError. After any of them a new watch `since` the last delivered revision misses nothing.
 * A session that does not exist can be watched: its creation is a change. `watch` itself throws InvalidArgumentError for a bad request;
 * LimitExceededError TOO_MANY_WATCHES comes with the first delivery that is asked for. An open watch keeps its session alive.
 */
export interface WatchPort {
  watch(sessionId: string, request: WatchRequest, call: { readonly signal?: Signal | undefined }): AsyncIterable<WatchDelivery>;
}

/** Watches of sessions in this process, which deliver a commit before whoever made it is answered. */
export interface LocalWatchPort {
  /** As `WatchPort.watch`, for somebody who does not wait: a commit is ready at the moment at which readers see it. */
  follow(sessionId: string, request: WatchRequest, subscriber: Subscriber): Subscription<WatchDelivery>;
}

/** The port of the sessions in this process. */
export interface LocalPort extends SessionPort, LocalWatchPort {}
