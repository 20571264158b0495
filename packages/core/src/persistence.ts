/**
 * The contract between the manager and a store. `@session-bridge/core/testing` has the suite that judges a store by it.
 *
 * The manager calls `open` first and `close` last, and never two `save`s at once. A store may be called for loads while it saves; a load
 * sees every save that was answered before it.
 */

/** Names a session everywhere. The tenant is "" until authentication exists. */
export interface SessionKey {
  readonly tenant: string;
  readonly id: string;
}

/** A variable as it is stored. Immutable, its bytes included. */
export interface StoredVariable {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Empty means msgpack. */
  readonly encoding: string;
  /** The type name that was derived from the bytes. */
  readonly type: string;
  readonly revision: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** The deadline; undefined means that it does not expire by itself. */
  readonly expiresAtMs: number | undefined;
}

/** A variable as `load` gives it: `bytes` is undefined when `loadValues` has to tell, of a value larger than 4 KiB or one that is damaged. */
export interface LoadedVariable extends Omit<StoredVariable, "bytes"> {
  readonly bytes: Uint8Array | undefined;
  /** The encoded value's length. */
  readonly sizeBytes: number;
}

/** What is stored of a session beside its variables. */
export interface SessionRecord {
  readonly revision: number;
  readonly createdAtMs: number;
  readonly accessedAtMs: number;
  /** The sliding time to live; undefined means that it never expires unused. */
  readonly ttlMs: number | undefined;
  /** The end of its maximum life; undefined means none. */
  readonly endsAtMs: number | undefined;
  /** The one deadline; undefined means never. */
  readonly expiresAtMs: number | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly variableCount: number;
  /** Names and encoded values, those of the history included. */
  readonly sizeBytes: number;
  /** How many earlier states are kept of each variable; undefined means as many as the manager says. */
  readonly historyEntries?: number | undefined;
}

/** A variable at one revision. No two values of a session have both in common. */
export interface VariableRef {
  readonly name: string;
  readonly revision: number;
}

/** That a variable ended, in a history: its revision is that of the commit. */
export interface EndedVariable extends VariableRef {
  readonly kind: "delete" | "expire";
  readonly atMs: number;
}

/** The earlier states of a session's variables (section `history`). */
export interface StoredHistory {
  /** Every state of the session at this revision or later can be told. */
  readonly sinceRevision: number;
  /** In the order of their revisions, oldest first. */
  readonly entries: readonly (LoadedVariable | EndedVariable)[];
}

/** What is known of a checkpoint without its variables. */
export interface CheckpointRecord {
  /** Names it in its session. */
  readonly label: string;
  /** The revision whose state it names. */
  readonly revision: number;
  readonly createdAtMs: number;
}

/** A named state of a session (section `checkpoints`). */
export interface StoredCheckpoint extends CheckpointRecord {
  readonly variables: readonly LoadedVariable[];
}

/** What the values of a name must look like (section `declarations`). */
export interface Declaration {
  readonly name: string;
  /** A JSON Schema as one msgpack value. */
  readonly schema: Uint8Array;
  /** The commit that declared it. */
  readonly revision: number;
}

/** A session as `load` gives it; sections that it does not have are left out. Values of histories and checkpoints may be left to `loadValues`. */
export interface StoredSession {
  readonly record: SessionRecord;
  readonly variables: readonly LoadedVariable[];
  readonly history?: StoredHistory | undefined;
  /** In the order of their revisions, oldest first. */
  readonly checkpoints?: readonly StoredCheckpoint[] | undefined;
  readonly declarations?: readonly Declaration[] | undefined;
}

/** A session as a listing gives it. */
export interface SessionSummary {
  readonly key: SessionKey;
  readonly record: SessionRecord;
  /** The earliest deadline of the session and of its variables; undefined when nothing of it expires. */
  readonly dueAtMs: number | undefined;
}

/** How long an answered request is remembered. */
export const REQUEST_MEMORY_MS = 10 * 60 * 1000;

/** How much is remembered of one session's requests at most: ids, digests and answers, in bytes. */
export const REQUEST_MEMORY_BYTES = 1024 * 1024;

/** A request that changed something, remembered with the change, so that its repetition changes nothing [P6]. */
export interface RememberedRequest {
  /** 128 random bits as base64url. */
  readonly requestId: string;
  /** SHA-256 of what was asked. */
  readonly digest: Uint8Array;
  /** What was answered, encoded; undefined when that was too large to remember. */
  readonly answer: Uint8Array | undefined;
  readonly atMs: number;
}

/** What a store knows of a request. */
export interface FoundRequest {
  readonly request: RememberedRequest | undefined;
  /** Every request of the session that was answered at or after this moment is still remembered. */
  readonly rememberedSinceMs: number;
}

/** What a delta does to a history. */
export interface HistoryChange {
  /** Undefined when all of the history goes. */
  readonly sinceRevision: number | undefined;
  /** What the store has of these variables becomes history, before anything of the delta is written. */
  readonly kept: readonly VariableRef[];
  readonly ended: readonly EndedVariable[];
  /** Entries that go; none of them is among `kept` and `ended`. */
  readonly dropped: readonly VariableRef[];
}

/** What a delta does to sections beside variables; each is given only to stores that name it in `capabilities.sections`. */
export interface SectionChanges {
  readonly history?: HistoryChange | undefined;
  readonly checkpoints?:
    | {
        /** Labels that go. */
        readonly removed: readonly string[];
        /** The variables that the session has after this delta are kept under these labels, in place of what they named. */
        readonly set: readonly CheckpointRecord[];
      }
    | undefined;
  readonly declarations?: { readonly removed: readonly string[]; readonly set: readonly Declaration[] } | undefined;
}

/** One atomic change of one session, conditional on the revision that the store has: `baseRevision`, or no such session for `create`. */
export type SessionDelta =
  /** A new session; its `record.revision` is the new revision. */
  | {
      readonly kind: "create";
      readonly key: SessionKey;
      readonly nowMs: number;
      readonly record: SessionRecord;
      readonly set: readonly StoredVariable[];
      readonly sections?: SectionChanges | undefined;
    }
  /**
   * A new session with the variables and declarations that `source` has at exactly this revision; a conflict when it has another one. Each
   * variable gets the revision of the new `record` (section `fork`).
   */
  | {
      readonly kind: "fork";
      readonly key: SessionKey;
      readonly nowMs: number;
      readonly source: { readonly key: SessionKey; readonly revision: number };
      readonly record: SessionRecord;
    }
  /** New or changed variables, and removed names; `record` replaces the stored one. */
  | {
      readonly kind: "write";
      readonly key: SessionKey;
      readonly nowMs: number;
      readonly baseRevision: number;
      readonly record: SessionRecord;
      readonly set: readonly StoredVariable[];
      readonly removed: readonly string[];
      readonly sections?: SectionChanges | undefined;
    }
  /** The session and everything of it goes; `revision` is the store's to remember as its last deleted one. */
  | { readonly kind: "delete"; readonly key: SessionKey; readonly nowMs: number; readonly baseRevision: number; readonly revision: number }
  /** What was due goes: the names in `removed` when `record` is given, else the whole session at `revision`. */
  | {
      readonly kind: "expire";
      readonly key: SessionKey;
      readonly nowMs: number;
      readonly baseRevision: number;
      readonly revision: number;
      readonly record: SessionRecord | undefined;
      readonly removed: readonly string[];
      readonly sections?: SectionChanges | undefined;
    }
  /** Moves the deadline later, never earlier; needs no revision, and a missing session is no conflict. */
  | {
      readonly kind: "extend";
      readonly key: SessionKey;
      readonly nowMs: number;
      readonly accessedAtMs: number;
      readonly expiresAtMs: number;
    };

/**
 * A delta with the request that it answers (section `requests`). When that request is remembered already, the delta is a conflict.
 * It is kept for REQUEST_MEMORY_MS, also after the session is gone, the oldest of a session going first beyond REQUEST_MEMORY_BYTES.
 */
export type AnsweringDelta = SessionDelta & { readonly request?: RememberedRequest | undefined };

/** What became of a delta: `conflict` means that the store has another base and nothing was changed. */
export type SaveOutcome = "saved" | "conflict";

/** Which sessions a listing gives: ids after `after` in byte order, at most `limit`. */
export interface SessionQuery {
  readonly tenant: string;
  /** Only ids that begin with this. */
  readonly prefix: string;
  /** Only sessions that have all of these. */
  readonly labels: Readonly<Record<string, string>>;
  /** The last id of the page before; "" for the first page. */
  readonly after: string;
  readonly limit: number;
  /** Sessions whose deadline is at or before this are left out. */
  readonly nowMs: number;
}

/**
 * One page of a listing; `next` is what to give as `after` for the next page, undefined when this was the last. A page with a next one may
 * have few items, or none: a store looks at some sessions at a time, whether or not they are listed.
 */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | undefined;
}

/** What a store can do. */
export interface PersistenceCapabilities {
  /** What an acknowledged save survives. */
  readonly survives: "nothing" | "process" | "power";
  /** Whether several managers may use it at once. */
  readonly shared: boolean;
  /** The optional sections of a delta that it keeps. */
  readonly sections: readonly string[];
}

/** A store of sessions. */
export interface SessionPersistence {
  readonly capabilities: PersistenceCapabilities;
  /**
   * Makes it ready. `lastNowMs` is the greatest `nowMs` ever saved, `lastDeletedRevision` the highest revision of a session that is gone;
   * 0 for a new store. Opening an open store only answers both anew; after `close` it opens again, with what it survives.
   */
  open(): Promise<{ readonly lastNowMs: number; readonly lastDeletedRevision: number }>;
  /**
   * A session, or undefined. Expired ones are given as they are: only the manager judges time. Rejects with a DataLossError when what is
   * stored of this one session is too damaged to be read.
   */
  load(key: SessionKey): Promise<StoredSession | undefined>;
  /**
   * The values of exactly these revisions, wherever the session has them, by name; no name twice. One that is not there any more is left out; one that is there and damaged, so that its
   * bytes do not verify, is in the map as undefined [P21].
   */
  loadValues(
    key: SessionKey,
    refs: readonly { readonly name: string; readonly revision: number }[],
  ): Promise<ReadonlyMap<string, Uint8Array | undefined>>;
  /**
   * Applies every delta or, by rejecting, none that is known: after a rejection nobody can tell what was saved. Each delta is atomic;
   * deltas of one session apply in the order given, and once one of them conflicts, so do all later ones of that session but `extend`, and the
   * forks of it: they were made on what was not saved, whatever revision the store has by chance. The outcomes are in the order of the deltas.
   */
  save(deltas: readonly AnsweringDelta[]): Promise<readonly SaveOutcome[]>;
  /** Looks for a request of a session, whether or not the session exists. Only stores with the section `requests` have it. */
  findRequest?(key: SessionKey, requestId: string, nowMs: number): Promise<FoundRequest>;
  /** The sessions that are alive at `nowMs`, in byte order of their ids. */
  listSessions(query: SessionQuery): Promise<Page<SessionSummary>>;
  /** Sessions that are due at `nowMs`, or have a variable that is; at most `limit`, the earliest deadline first. */
  due(nowMs: number, limit: number): Promise<readonly SessionSummary[]>;
  close(): Promise<void>;
}
