/** What `Session` tells of what happens: changes, whole states, and what is waited for. */
import type { Entry } from "./session.ts";
import type { CallOptions, Signal } from "./session-port.ts";

/** Options of `watch`: which variables, all of them unless said. */
export interface WatchOptions {
  /** Only names that begin with this. */
  readonly prefix?: string | undefined;
  /** Only these names, 1 to 1,000 of them; not together with `prefix`. */
  readonly names?: readonly string[] | undefined;
  /** Goes on after this revision, that of a `caught_up` or of a `last` change; left out, the watch begins with what is there. */
  readonly since?: number | undefined;
  /** False leaves values out. */
  readonly values?: boolean | undefined;
  /** Aborting ends the watch, as leaving the loop does. */
  readonly signal?: Signal | undefined;
}

/** Options of `snapshots`. */
export type SnapshotsOptions = Pick<WatchOptions, "prefix" | "signal">;

/** Options of `waitFor`; `timeoutMs` is how long to wait. */
export type WaitForOptions = CallOptions;

/**
 * Something that a watch tells. `revision` is that of the commit, of a variable that was there at the beginning its own. `last` marks what
 * completes a commit: until then, a state is half of one commit and half of another.
 */
export type Change =
  /** The variable has this value now. Asking for a value that cannot be decoded here throws what `get` throws; without values it is undefined. */
  | {
      readonly kind: "set";
      readonly name: string;
      readonly value: unknown;
      readonly revision: number;
      readonly entry: Entry;
      readonly last: boolean;
    }
  /** The variable was deleted, or its time to live is over. */
  | { readonly kind: "delete" | "expire"; readonly name: string; readonly revision: number; readonly last: boolean }
  /** Of a session that was deleted or has expired, every variable is gone. */
  | { readonly kind: "session_created" | "session_deleted" | "session_expired"; readonly revision: number; readonly last: boolean }
  /** Everything that was there at the beginning, or has changed since `since`, has been told; what follows happens from now on. */
  | { readonly kind: "caught_up"; readonly revision: number; readonly last: true }
  /** Forget everything: what is there now follows, and a `caught_up`. What happened meanwhile is not known. */
  | { readonly kind: "resync"; readonly last: true };

/** What `watch` gives: to be used with `for await`. Leaving the loop, `return()` and disposing end it at once, also while it waits. */
export interface ChangeStream extends AsyncIterableIterator<Change, undefined>, AsyncDisposable {
  return(): Promise<IteratorReturnResult<undefined>>;
}

/** What `snapshots` gives: to be used as a `ChangeStream`. */
export interface SnapshotStream extends AsyncIterableIterator<Map<string, unknown>, undefined>, AsyncDisposable {
  return(): Promise<IteratorReturnResult<undefined>>;
}
