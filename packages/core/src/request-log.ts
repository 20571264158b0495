/** The requests that a store in memory remembers, by session: for ten minutes, and at most a mebibyte a session. */
import { byteText, textBytes } from "./byte-text.ts";
import { type FoundRequest, REQUEST_MEMORY_BYTES, REQUEST_MEMORY_MS, type RememberedRequest, type SaveOutcome } from "./persistence.ts";

/** A request in few bytes: its digest and answer as text of one byte a character. */
interface KeptRequest {
  readonly session: string;
  /** The session and the id. */
  readonly name: string;
  readonly digest: string;
  readonly answer: string | undefined;
  readonly atMs: number;
  /** The next one of its session. */
  next: KeptRequest | undefined;
}

/** What is remembered of one session. */
interface Remembered {
  oldest: KeptRequest;
  newest: KeptRequest;
  sizeBytes: number;
  /** The moment of the latest request that was forgotten. */
  forgottenAtMs: number;
}

/** Remembers and finds requests; `session` is any name of a session. */
export interface RequestLog {
  /** Carries out the change that a request asks for, and remembers the request if it was saved. One that is remembered is a conflict. */
  once(session: string, request: RememberedRequest, nowMs: number, change: () => SaveOutcome): SaveOutcome;
  find(session: string, requestId: string, nowMs: number): FoundRequest;
}

/** What is too old is forgotten this often, and not found in the meantime. */
const FORGET_EVERY_MS = 1_000;

// Joined, it is one text; added to one another, they would be kept as three.
const nameOf = (session: string, requestId: string): string => [requestId, session].join("\0");

/** What a request counts towards its session's room. */
const sizeOf = ({ session, name, digest, answer }: KeptRequest): number =>
  name.length - session.length + digest.length + (answer?.length ?? 0);

const isFresh = ({ atMs }: KeptRequest, nowMs: number): boolean => atMs > nowMs - REQUEST_MEMORY_MS;

/** A log without requests. */
export function requestLog(): RequestLog {
  const sessions = new Map<string, Remembered>();
  /** By name, in the order in which they came. */
  const requests = new Map<string, KeptRequest>();
  let forgetAtMs = 0;

  function forgetOld(nowMs: number): void {
    if (nowMs < forgetAtMs) return;
    forgetAtMs = nowMs + FORGET_EVERY_MS;
    for (const request of requests.values()) {
      if (isFresh(request, nowMs)) break;
      forgetThrough(request);
    }
  }

  /** Forgets a request, and those of its session that came before it. */
  function forgetThrough(last: KeptRequest): void {
    const remembered = sessions.get(last.session) as Remembered;
    let next: KeptRequest | undefined = remembered.oldest;
    while (next !== last.next && next !== undefined) {
      requests.delete(next.name);
      remembered.sizeBytes -= sizeOf(next);
      remembered.forgottenAtMs = Math.max(remembered.forgottenAtMs, next.atMs);
      next = next.next;
    }
    if (next === undefined) sessions.delete(last.session);
    else remembered.oldest = next;
  }

  function remember(request: KeptRequest): void {
    const before = requests.get(request.name);
    if (before !== undefined) forgetThrough(before);
    requests.set(request.name, request);
    const remembered = sessions.get(request.session);
    if (remembered === undefined) {
      sessions.set(request.session, { oldest: request, newest: request, sizeBytes: sizeOf(request), forgottenAtMs: -1 });
      return;
    }
    remembered.newest.next = request;
    remembered.newest = request;
    remembered.sizeBytes += sizeOf(request);
    while (remembered.sizeBytes > REQUEST_MEMORY_BYTES && remembered.oldest !== request) forgetThrough(remembered.oldest);
  }

  return {
    once(session, { requestId, digest, answer, atMs }, nowMs, change) {
      forgetOld(nowMs);
      const name = nameOf(session, requestId);
      const before = requests.get(name);
      if (before && isFresh(before, nowMs)) return "conflict";
      const outcome = change();
      if (outcome === "saved") {
        const kept = { digest: byteText(digest), answer: answer && byteText(answer) };
        remember({ session, name, ...kept, atMs, next: undefined });
      }
      return outcome;
    },
    find(session, requestId, nowMs) {
      const found = requests.get(nameOf(session, requestId));
      return {
        request: found && isFresh(found, nowMs) ? expanded(requestId, found) : undefined,
        rememberedSinceMs: Math.max(nowMs - REQUEST_MEMORY_MS, sessions.get(session)?.forgottenAtMs ?? -1) + 1,
      };
    },
  };
}

const expanded = (requestId: string, { digest, answer, atMs }: KeptRequest): RememberedRequest => ({
  requestId,
  digest: textBytes(digest),
  answer: answer === undefined ? undefined : textBytes(answer),
  atMs,
});
