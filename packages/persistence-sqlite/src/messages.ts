/**
 * What travels between the thread that calls and the threads that own the file: one message for each call of the contract, one for its
 * answer. Values travel apart from the rest, one after another in one buffer, in the order in which the message names them.
 */
import type {
  FoundRequest,
  LoadedVariable,
  Page,
  SaveOutcome,
  SessionKey,
  SessionQuery,
  SessionRecord,
  SessionSummary,
  StoredSession,
} from "@session-bridge/core";
import type { Durability } from "./connections.ts";
import type { PackedDeltas } from "./packed-deltas.ts";

/** What a session has beside its record and its variables; what it does not have is left out. */
export type StoredSections = Pick<StoredSession, "history" | "checkpoints" | "declarations">;

/** A session whose small values are in the message's buffer. */
export interface PackedSession {
  readonly record: SessionRecord;
  /** `isPacked` tells whether the value is in the buffer: it is not when it is large or damaged. */
  readonly variables: readonly (Omit<LoadedVariable, "bytes"> & { readonly isPacked: boolean })[];
  /** No value of them is in the buffer. */
  readonly sections: StoredSections;
}

/** What a worker is told when it starts. A `writer` of ":memory:" also reads. */
export interface WorkerSetup {
  readonly file: string;
  readonly role: "writer" | "reader";
  readonly durability: Durability;
}

/** What each method is asked with. */
export interface Questions {
  readonly open: undefined;
  readonly load: SessionKey;
  readonly loadValues: { readonly key: SessionKey; readonly refs: readonly { readonly name: string; readonly revision: number }[] };
  readonly findRequest: { readonly key: SessionKey; readonly requestId: string; readonly nowMs: number };
  /** The fields of PackedDeltas. */
  readonly save: PackedDeltas["fields"];
  readonly listSessions: SessionQuery;
  readonly due: { readonly nowMs: number; readonly limit: number };
  readonly forgetRequests: { readonly nowMs: number };
  readonly checkpoint: undefined;
  readonly giveBack: undefined;
  readonly recover: undefined;
  readonly close: undefined;
}

/** What each method answers. */
export interface Answers {
  readonly open: { readonly lastNowMs: number; readonly lastDeletedRevision: number };
  readonly load: PackedSession | undefined;
  /** The values that were found, in the order of the buffer; a damaged one has no size and is not in it. */
  readonly loadValues: readonly { readonly name: string; readonly sizeBytes: number | undefined }[];
  readonly findRequest: FoundRequest;
  readonly save: readonly SaveOutcome[];
  readonly listSessions: Page<SessionSummary>;
  readonly due: readonly SessionSummary[];
  readonly forgetRequests: { readonly oldestAtMs: number | undefined };
  readonly checkpoint: { readonly busy: boolean; readonly freePages: number };
  readonly giveBack: { readonly freePages: number };
  readonly recover: undefined;
  readonly close: undefined;
}

/** The methods of the contract, and those of the housekeeping, as messages name them. */
export type Method = keyof Questions;

/** One question. */
export interface Request<M extends Method = Method> {
  readonly id: number;
  readonly method: M;
  readonly question: Questions[M];
  readonly values: ArrayBuffer | undefined;
}

/** An answer with its values. */
export interface Answer<M extends Method = Method> {
  readonly answer: Answers[M];
  readonly values?: ArrayBuffer | undefined;
}

/** The reply to the request with the same id. */
export type Reply =
  | { readonly id: number; readonly ok: true; readonly answer: Answers[Method]; readonly values: ArrayBuffer | undefined }
  | { readonly id: number; readonly ok: false; readonly code: string; readonly message: string };

/** Buffers up to this size travel sooner as a copy than by changing hands. */
const COPIED_BYTES = 16 * 1024;

/** What of a message changes hands: its values when there is much of them. */
export const transferred = (values: ArrayBuffer | undefined): readonly ArrayBuffer[] =>
  values === undefined || values.byteLength <= COPIED_BYTES ? [] : [values];
