/**
 * The door between a `Session` that people hold and whatever keeps the variables: the engine of this process, or a server far away.
 * Values cross it encoded, so that one `Session` implementation, one service and one remote client share it.
 */
import type { BridgeError } from "./errors.ts";
import type { Declaration, StoredVariable } from "./persistence.ts";
import type { EncodedValue } from "./values/index.ts";
import type { WatchPort } from "./watch-port.ts";

/** The part of an AbortSignal that is used; core has no types of any runtime. */
export interface Signal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** Names one call of one caller, however often it is sent. */
export interface RequestIdentity {
  /** 128 random bits as base64url. */
  readonly id: string;
  /** SHA-256 of what is asked, the identity left out. */
  readonly digest: Uint8Array;
  /** Milliseconds since it was first sent; undefined when it is sent for the first time. */
  readonly resentAfterMs?: number | undefined;
}

/** What every call may carry. */
export interface CallOptions {
  /** Aborting ends the wait; a change that already took its turn may still happen. */
  readonly signal?: Signal | undefined;
  /** Milliseconds until the call fails with DeadlineExceededError; a mutation whose turn comes later is never applied [P19]. */
  readonly timeoutMs?: number | undefined;
}

/** What every call through a port may carry. */
export interface PortCall extends CallOptions {
  /** Anything that the caller recognizes the call by: observers get it back with the events of the call and of its commit. */
  readonly trace?: unknown;
}

/** What a mutation may carry: with an identity, the repeat of an answered call changes nothing and gets the same answer [P6]. */
export interface MutationCall extends PortCall {
  readonly request?: RequestIdentity | undefined;
}

/** What a read may carry. */
export interface ReadCall extends PortCall {
  /** Everything of a variable but its name, bytes and encoding may be left out (empty and 0): it costs on the wire. */
  readonly valuesOnly?: boolean | undefined;
}

/** How long a session lives: milliseconds, or "never". */
export type SessionTtl = number | "never";

/** How long a variable lives: milliseconds, "never" (also what undefined means), or "keep" for the deadline it has. */
export type VariableTtl = number | "never" | "keep";

/** What a session is given if, and only if, the call creates it. */
export interface SessionDefaults {
  readonly ttl?: SessionTtl | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** Which variables: exactly the names (missing ones left out), or every name with a prefix. */
export type Selection = { readonly names: readonly string[] } | { readonly prefix: string };

/** The answer to a read of one variable. `sessionRevision` is the committed one, 0 when there is no session. */
export interface VariableReading {
  readonly variable: StoredVariable | undefined;
  readonly sessionRevision: number;
}

/** The answer to a read of many: one consistent state, in byte order of the names. */
export interface VariablesReading {
  readonly variables: readonly StoredVariable[];
  readonly sessionRevision: number;
}

/** What is known of a variable without its value. */
export interface VariableInfo {
  readonly name: string;
  readonly type: string;
  readonly encoding: string;
  readonly sizeBytes: number;
  readonly revision: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly expiresAtMs: number | undefined;
}

/** The answer to a listing, in byte order of the names. */
export interface VariableListing {
  readonly variables: readonly VariableInfo[];
  readonly sessionRevision: number;
}

/** One change, or `check`, a bare precondition. */
export type OperationChange =
  /** `type` is that of a msgpack value that was scanned already: it is not scanned again. */
  | {
      readonly kind: "set";
      readonly value: EncodedValue;
      readonly type?: string | undefined;
      readonly ttl?: VariableTtl | undefined;
      readonly ifMissing?: boolean | undefined;
    }
  | { readonly kind: "delete" }
  /** `by` is a msgpack integer or float64. */
  | { readonly kind: "increment"; readonly by: Uint8Array }
  | { readonly kind: "append"; readonly value: Uint8Array; readonly keepLast?: number | undefined }
  /** `values` is a msgpack map, undefined for nothing to write. */
  | {
      readonly kind: "merge";
      readonly values: Uint8Array | undefined;
      readonly path: readonly string[];
      readonly remove: readonly string[];
    }
  /** `name` of the operation is "". */
  | { readonly kind: "clear"; readonly prefix: string }
  /** `name` of the operation is "". */
  | { readonly kind: "pop_last" }
  /** Writes again what the name had at an earlier revision, deadline included: a value, or that there was none. CompactedError when that is not kept. */
  | { readonly kind: "restore"; readonly revision: number }
  /** Makes the variables what a checkpoint names; `name` of the operation is "". CheckpointNotFoundError. `count`: how many changed. */
  | { readonly kind: "rollback"; readonly label: string }
  /** Names the state that the update leads to; `name` of the operation is "". */
  | { readonly kind: "checkpoint"; readonly label: string }
  /** `name` of the operation is "". */
  | { readonly kind: "delete_checkpoint"; readonly label: string }
  /** What the values of the name must look like from now on, a JSON Schema as msgpack; undefined ends that. */
  | { readonly kind: "declare"; readonly schema: Uint8Array | undefined }
  /** Changes the deadline alone; of a missing variable nothing changes. */
  | { readonly kind: "expire"; readonly ttl: Exclude<VariableTtl, "keep"> }
  | { readonly kind: "check" };

/** A change of one name under its conditions. */
export type Operation = OperationChange & {
  readonly name: string;
  /** 0 means "must not exist"; undefined means no condition. */
  readonly ifRevision?: number | undefined;
  readonly wantPrevious?: boolean | undefined;
};

/** A batch: all or nothing with one revision, or each operation by itself. */
export interface Update {
  readonly operations: readonly Operation[];
  readonly independent?: boolean | undefined;
  /** Refuses with SessionNotFoundError instead of creating the session. */
  readonly mustExist?: boolean | undefined;
  readonly defaults?: SessionDefaults | undefined;
  /** The most bytes of previous values that the answer can carry; beyond it nothing is applied (MESSAGE_TOO_LARGE). */
  readonly previousBytes?: number | undefined;
}

/** What became of one operation. */
export interface OperationResult {
  /** Whether something changed. */
  readonly applied: boolean;
  /** The revision of the named variable now, 0 when it does not exist. */
  readonly revision: number;
  /** The variable before, when asked for (or found by `ifMissing` or `pop_last`). */
  readonly previous: StoredVariable | undefined;
  /** Increment: the new number, encoded. */
  readonly number: Uint8Array | undefined;
  /** Append: the new length. Clear: how many variables were deleted. */
  readonly count: number;
  /** Independent updates only: why it failed. */
  readonly error: BridgeError | undefined;
}

/** The answer to an update, results in the order of the operations. */
export interface UpdateResult {
  readonly results: readonly OperationResult[];
  readonly sessionRevision: number;
}

/** An earlier state of a variable: a value, or that it was deleted or expired. */
export type HistoryItem =
  | { readonly kind: "set"; readonly variable: StoredVariable }
  | { readonly kind: "delete" | "expire"; readonly name: string; readonly revision: number; readonly atMs: number };

/** Which part of a history: entries before a revision, at most so many, and so many bytes of values (but at least one entry). */
export interface HistoryPage {
  readonly before?: number | undefined;
  readonly limit?: number | undefined;
  readonly maxBytes?: number | undefined;
}

/** A part of a variable's history, newest first; `next` is what to give as `before` for what is older, undefined when that was all. */
export interface VariableHistory {
  readonly items: readonly HistoryItem[];
  readonly next: number | undefined;
  readonly sessionRevision: number;
}

/** What is known of a checkpoint. */
export interface CheckpointInfo {
  readonly label: string;
  /** The revision whose state it names. */
  readonly revision: number;
  readonly createdAtMs: number;
  readonly variableCount: number;
  readonly sizeBytes: number;
}

/** The checkpoints of a session, oldest first. */
export interface CheckpointListing {
  readonly checkpoints: readonly CheckpointInfo[];
  readonly sessionRevision: number;
}

/** What names are declared as, in byte order of the names. */
export interface DeclarationListing {
  readonly declarations: readonly Declaration[];
  readonly sessionRevision: number;
}

/** How to copy a session; what is left out is as in the source. */
export interface SessionFork {
  /** The id of the copy; without one it is made. */
  readonly id?: string | undefined;
  readonly ttl?: SessionTtl | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Copies an earlier state, as far as the history reaches; CompactedError beyond. */
  readonly atRevision?: number | undefined;
}

/** What is known of a session. */
export interface SessionInfo {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly revision: number;
  readonly variableCount: number;
  readonly sizeBytes: number;
  readonly createdAtMs: number;
  readonly accessedAtMs: number;
  readonly expiresAtMs: number | undefined;
  readonly ttlMs: number | undefined;
  /** When it expires however much it is used; undefined without a maximum life. */
  readonly endsAtMs: number | undefined;
  /** How many earlier states are kept of each variable; undefined means as many as the server says. */
  readonly historyEntries: number | undefined;
}

/** How to create a session; without an id one is made. */
export interface NewSession extends SessionDefaults {
  readonly id?: string | undefined;
  /** Milliseconds after which it expires however much it is used. */
  readonly maxLifeMs?: number | undefined;
  /** How many earlier states are kept of each variable, 0 to 64; the server's default when left out. */
  readonly historyEntries?: number | undefined;
}

/** Which sessions a listing gives. */
export interface SessionFilter {
  readonly prefix?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** One page of sessions; `next` asks for the following one, undefined after the last. */
export interface SessionPage {
  readonly sessions: readonly SessionInfo[];
  readonly next: string | undefined;
}

/** Every method may answer at once or later. All of them throw or reject with a BridgeError, nothing else. */
export interface SessionPort extends WatchPort {
  getVariable(sessionId: string, name: string, call: ReadCall): VariableReading | Promise<VariableReading>;
  getVariables(sessionId: string, selection: Selection, call: ReadCall): VariablesReading | Promise<VariablesReading>;
  listVariables(sessionId: string, prefix: string, call: PortCall): VariableListing | Promise<VariableListing>;
  update(sessionId: string, update: Update, call: MutationCall): UpdateResult | Promise<UpdateResult>;
  createSession(session: NewSession, call: MutationCall): Promise<SessionInfo>;
  /** Rejects with SessionNotFoundError. Looking does not extend the session's life. */
  getSession(sessionId: string, call: PortCall): Promise<SessionInfo>;
  /** A page in byte order of the ids. `page` is the `next` of the page before. */
  listSessions(filter: SessionFilter, page: { readonly size?: number; readonly after?: string }, call: PortCall): Promise<SessionPage>;
  /** Rejects with SessionNotFoundError. Without a ttl it only extends. */
  touchSession(sessionId: string, ttl: SessionTtl | undefined, call: MutationCall): Promise<SessionInfo>;
  deleteSession(sessionId: string, call: MutationCall): Promise<{ readonly deleted: boolean }>;
  /**
   * A copy of a session as it is at this moment [P7]. Rejects with SessionNotFoundError without a source, with SessionExistsError when there
   * is one of the copy's id.
   */
  forkSession(sourceId: string, fork: SessionFork, call: MutationCall): Promise<SessionInfo>;
  getHistory(sessionId: string, name: string, page: HistoryPage, call: PortCall): VariableHistory | Promise<VariableHistory>;
  listCheckpoints(sessionId: string, call: PortCall): CheckpointListing | Promise<CheckpointListing>;
  listDeclarations(sessionId: string, call: PortCall): DeclarationListing | Promise<DeclarationListing>;
}
