/**
 * Mutations that are sent again change nothing again [P6]. The identity of a call is saved in the transaction of its change; the store
 * refuses a delta whose call it remembers, so that a call sent for the first time costs no look-up.
 */
import { decodeAnswer, encodeAnswer } from "./answers.ts";
import type { Take } from "./engine-steps.ts";
import { type BridgeError, InvalidArgumentError, OutcomeUnknownError } from "./errors.ts";
import { type FoundRequest, REQUEST_MEMORY_MS, type RememberedRequest, type SessionKey } from "./persistence.ts";
import { sameBytes } from "./same-bytes.ts";
import type { CallOptions, RequestIdentity } from "./session-port.ts";
import type { Settled, Turn } from "./session-state.ts";
import type { SessionTurns } from "./session-turns.ts";

/**
 * Sent again later than this, a call is never applied: a minute is more than a message is on its way, the store takes to open, and clocks
 * differ, so that nothing that the store has forgotten by then looks younger than it is.
 */
const LATEST_RESEND_MS = REQUEST_MEMORY_MS - 60_000;

/** A mutation with an identity, and what it is carried out with. */
export interface IdentifiedCall {
  readonly turns: SessionTurns;
  readonly key: SessionKey;
  /** The call with what is left of its time. */
  readonly left: () => CallOptions;
  readonly request: RequestIdentity;
  /** Asks the store what it knows of the request, and waits no longer than the call says. */
  readonly find: (call: CallOptions) => Promise<FoundRequest>;
  readonly now: () => number;
  /** The variables whose values the turn reads. */
  readonly reads: Turn["reads"];
}

/** Takes a turn, or gives the answer that the same call was given before. */
export async function performOnce<T>({ turns, key, left, request, find, now, reads }: IdentifiedCall, take: Take<T>): Promise<T> {
  const recall = async (): Promise<Settled | undefined> => {
    const found = await find({});
    return found.request && remembered(found.request, request);
  };
  /** The store may be ahead of what readers see: a turn of its own waits for that. */
  const answerAgain = async (found: RememberedRequest): Promise<T> => {
    await turns.perform(key, left(), () => ({ answer: undefined }));
    return settle(remembered(found, request));
  };
  if (request.resentAfterMs !== undefined) {
    const sentAtMs = now() - request.resentAfterMs;
    const found = await find(left());
    if (found.request) return answerAgain(found.request);
    if (request.resentAfterMs > LATEST_RESEND_MS || sentAtMs < found.rememberedSinceMs) throw forgotten();
  }
  let changedNothing = false;
  const sign: Take<T> = (head, nowMs) => {
    changedNothing = true;
    const step = take(head, nowMs);
    if (step.commit === undefined || step.commit.delta.kind === "extend") return step;
    changedNothing = false;
    const { head: next, delta } = step.commit;
    return { ...step, commit: { head: next, delta: { ...delta, request: identity(request, step.answer, nowMs) } } };
  };
  const outcome = await turns.perform(key, left(), sign, { identity: { request, recall }, reads }).then(
    (answer): Settled => ({ answer }),
    (error: unknown): Settled => ({ error }),
  );
  // A call that changes nothing may be the repeat of one that did; without the store nobody can tell.
  const found = changedNothing ? await find(left()) : undefined;
  return found?.request ? answerAgain(found.request) : settle(outcome);
}

const identity = (request: RequestIdentity, answer: unknown, atMs: number): RememberedRequest => ({
  requestId: request.id,
  digest: request.digest,
  answer: encodeAnswer(answer),
  atMs,
});

/** How a call that is remembered is answered. */
function remembered(found: RememberedRequest, request: RequestIdentity): Settled {
  if (!sameBytes(found.digest, request.digest)) return { error: reused() };
  return found.answer === undefined ? { error: forgotten() } : { answer: decodeAnswer(found.answer) };
}

/** Whether two identities are one call; throws when they are one id for two calls. */
export function isSameCall(a: RequestIdentity | undefined, b: RequestIdentity | undefined): boolean {
  if (a === undefined || a.id !== b?.id) return false;
  if (sameBytes(a.digest, b.digest)) return true;
  throw reused();
}

function settle<T>(outcome: Settled): T {
  if ("error" in outcome) throw outcome.error;
  return outcome.answer as T;
}

const reused = (): BridgeError => new InvalidArgumentError("REQUEST_ID_REUSED", "another request was sent under this request id");

const forgotten = (): BridgeError =>
  new OutcomeUnknownError("the request was sent before, and what became of it is not remembered any more; nothing was applied now");
