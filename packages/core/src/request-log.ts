/** The requests that a store in memory remembers, by session: for ten minutes, and at most a mebibyte a session. */
import { byteText, textBytes } from "./byte-text.ts";
import { type FoundRequest, REQUEST_MEMORY_BYTES, REQUEST_MEMORY_MS, type RememberedRequest } from "./persistence.ts";

/** A request in few bytes: its digest and answer as text of one byte a character. */
interface KeptRequest {
  readonly digest: string;
  readonly answer: string | undefined;
  readonly atMs: number;
}

/** One session's requests, the oldest first. */
interface Remembered {
  readonly requests: Map<string, KeptRequest>;
  sizeBytes: number;
  /** The moment of the latest request that was forgotten for lack of room. */
  forgottenAtMs: number;
}

/** Remembers and finds requests; `session` is any name of a session. */
export interface RequestLog {
  has(session: string, requestId: string, nowMs: number): boolean;
  remember(session: string, request: RememberedRequest): void;
  find(session: string, requestId: string, nowMs: number): FoundRequest;
}

/** What a request counts towards its session's room. */
const sizeOf = (requestId: string, { digest, answer }: KeptRequest): number => requestId.length + digest.length + (answer?.length ?? 0);

const isFresh = (request: KeptRequest, nowMs: number): boolean => request.atMs > nowMs - REQUEST_MEMORY_MS;

/** A log without requests. */
export function requestLog(): RequestLog {
  const sessions = new Map<string, Remembered>();
  /** Every request in the order of its moment, to forget the oldest without looking at the others. */
  let queue: { readonly session: string; readonly requestId: string; readonly atMs: number }[] = [];
  let head = 0;

  function forgetOld(nowMs: number): void {
    for (let next = queue[head]; next !== undefined && next.atMs <= nowMs - REQUEST_MEMORY_MS; next = queue[++head]) {
      const remembered = sessions.get(next.session);
      if (remembered === undefined) continue;
      drop(remembered, next.requestId);
      if (remembered.requests.size === 0) sessions.delete(next.session);
    }
    if (head > 1_000 && head * 2 > queue.length) {
      queue = queue.slice(head);
      head = 0;
    }
  }

  const find = (session: string, requestId: string, nowMs: number): KeptRequest | undefined => {
    const found = sessions.get(session)?.requests.get(requestId);
    return found && isFresh(found, nowMs) ? found : undefined;
  };

  return {
    has: (session, requestId, nowMs) => find(session, requestId, nowMs) !== undefined,
    remember(session, { requestId: id, digest, answer, atMs: answeredAtMs }) {
      const request: KeptRequest = { digest: byteText(digest), answer: answer && byteText(answer), atMs: answeredAtMs };
      forgetOld(answeredAtMs);
      let remembered = sessions.get(session);
      if (remembered === undefined) {
        remembered = { requests: new Map(), sizeBytes: 0, forgottenAtMs: 0 };
        sessions.set(session, remembered);
      }
      remembered.requests.set(id, request);
      remembered.sizeBytes += sizeOf(id, request);
      queue.push({ session, requestId: id, atMs: answeredAtMs });
      for (const [requestId, { atMs }] of remembered.requests) {
        if (remembered.sizeBytes <= REQUEST_MEMORY_BYTES) break;
        drop(remembered, requestId);
        remembered.forgottenAtMs = Math.max(remembered.forgottenAtMs, atMs);
      }
    },
    find: (session, requestId, nowMs) => ({
      request: expanded(requestId, find(session, requestId, nowMs)),
      rememberedSinceMs: Math.max(nowMs - REQUEST_MEMORY_MS + 1, (sessions.get(session)?.forgottenAtMs ?? -1) + 1),
    }),
  };
}

function drop(remembered: Remembered, requestId: string): void {
  const request = remembered.requests.get(requestId);
  if (request === undefined) return;
  remembered.requests.delete(requestId);
  remembered.sizeBytes -= sizeOf(requestId, request);
}

const expanded = (requestId: string, kept: KeptRequest | undefined): RememberedRequest | undefined =>
  kept && {
    requestId,
    digest: textBytes(kept.digest),
    answer: kept.answer === undefined ? undefined : textBytes(kept.answer),
    atMs: kept.atMs,
  };
