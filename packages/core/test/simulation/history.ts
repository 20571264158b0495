/** What the store went through, one session at a time: the order that every answer has to agree with [P4]. */
import type { SessionDelta } from "../../src/persistence.ts";
import type { RequestIdentity } from "../../src/session-port.ts";
import type { Model } from "./model.ts";
import type { Call } from "./workload.ts";

/** A call that was made, and what is known of it. */
export interface Asked {
  readonly number: number;
  readonly call: Call;
  /** Undefined for a call that is never sent again. */
  readonly request: RequestIdentity | undefined;
  /** The engine's now when it was made. */
  fromNowMs: number;
  /** On the monotonic clock, Infinity for none. */
  readonly deadlineMs: number;
  /** The version of each session that somebody had seen by then. */
  readonly seen: ReadonlyMap<string, number>;
  /** The version of its session that the store had by then. */
  readonly stored: number;
  /** Whether a change in the store may still be its doing. */
  open: boolean;
  /** The engine's now when its caller was told that nobody can tell; its turn was no later. */
  lastNowMs: number;
}

/** A session after a change of it in the store. */
export interface Version {
  readonly index: number;
  readonly state: Model;
  /** The calls that may have made it, and what they would then be answered; undefined when it was no caller's. */
  readonly makers: Map<Asked, string> | undefined;
}

/** All that became of a session. */
export interface History {
  readonly id: string;
  readonly versions: Version[];
  /** The version that somebody has certainly seen: nobody may see an earlier one from now on. */
  seen: number;
  highestRevision: number;
  /** The last moment at which the session was used, as far as it must outlive that; -Infinity when that is not known. */
  usedAtMs: number;
  /** When that use was answered; a session that is found due before that is gone. */
  toldAtMs: number;
  /** Whether a read extends the session's life: not between a failure of the store and the next change. */
  extends: boolean;
  /** Another manager has changed it: its deadlines are its own. */
  meddled: boolean;
}

export const newHistory = (id: string): History => ({
  id,
  versions: [{ index: 0, state: undefined, makers: undefined }],
  seen: 0,
  highestRevision: 0,
  usedAtMs: Number.NEGATIVE_INFINITY,
  toldAtMs: Number.NEGATIVE_INFINITY,
  extends: false,
  meddled: false,
});

export const latest = (history: History): Version => history.versions.at(-1) as Version;

/** The revision that a delta makes; undefined when it makes none. */
export function revisionOf(delta: SessionDelta): number | undefined {
  if (delta.kind === "extend") return undefined;
  if (delta.kind === "delete" || delta.kind === "expire") return delta.revision;
  return delta.record.revision;
}
