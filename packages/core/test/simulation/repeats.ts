/** The law of calls with an identity [P6]: however often one is sent, it changes something once, and every sending gets one answer. */
import { decodeAnswer } from "../../src/answers.ts";
import { type AnsweringDelta, REQUEST_MEMORY_MS, type RememberedRequest } from "../../src/persistence.ts";
import type { RequestIdentity } from "../../src/session-port.ts";
import { answerText } from "./answers.ts";
import type { Asked, Version } from "./history.ts";

/** Where the change of an identity is in the store, and what was asked and answered there. */
export interface AppliedRequest {
  readonly version: Version;
  readonly atMs: number;
  readonly digest: string;
  readonly answer: string;
}

/** What is known of every identity. */
export interface Repeats {
  asked(asked: Asked): void;
  /** Whether this sending may be what made the store change. */
  mayMake(asked: Asked, delta: AnsweringDelta): boolean;
  /** The store has made a change that these sendings may have asked for. */
  saved(delta: AnsweringDelta, makers: ReadonlyMap<Asked, string>, version: Version): void;
  /** The change that the call's identity stands for, if the store has one. */
  applied(asked: Asked): AppliedRequest | undefined;
  /** Whether the call had to be answered as its identity was answered before, since that was in the store when it was sent. */
  isSettled(asked: Asked): boolean;
  /** Holds a refusal that is about the identity itself against what is known of it; false for any other reason. */
  refused(asked: Asked, reason: string, nowMs: number): boolean;
}

/** From this age on a sending may be told that its identity could have been forgotten. */
const MAY_BE_FORGOTTEN_MS = REQUEST_MEMORY_MS - 60_000;

/** Identities belong to a session. */
const nameOf = (session: string, requestId: string): string => `${session} ${requestId}`;

const textOf = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

const sessionOf = ({ call }: Asked): string => ("id" in call ? call.id : "");

export function repeats(broken: (law: string, about: unknown) => never): Repeats {
  const sendings = new Map<string, Asked[]>();
  const done = new Map<string, AppliedRequest>();

  const find = (asked: Asked): AppliedRequest | undefined => asked.request && done.get(nameOf(sessionOf(asked), asked.request.id));

  return {
    asked(asked) {
      if (asked.request === undefined) return;
      const name = nameOf(sessionOf(asked), asked.request.id);
      sendings.set(name, [...(sendings.get(name) ?? []), asked]);
    },
    mayMake({ request }, delta) {
      if (request === undefined || delta.request === undefined) return request === delta.request;
      if ((request.resentAfterMs ?? 0) >= REQUEST_MEMORY_MS) return false;
      return request.id === delta.request.requestId && textOf(request.digest) === textOf(delta.request.digest);
    },
    saved(delta, makers, version) {
      if (delta.request === undefined) return;
      const name = nameOf(delta.key.id, delta.request.requestId);
      if (done.has(name)) broken("[P6] a call changed something twice", { delta, before: done.get(name) });
      for (const [asked, answer] of makers) {
        if (rememberedText(asked, delta.request) !== answer) broken("[P6] another answer is remembered than was given", { asked, answer });
        done.set(name, { version, atMs: delta.nowMs, digest: textOf(delta.request.digest), answer });
      }
    },
    applied: find,
    isSettled(asked) {
      const applied = find(asked);
      return applied !== undefined && applied.version.index <= asked.stored;
    },
    refused(asked, reason, nowMs) {
      const { request } = asked;
      if (reason === "REQUEST_ID_REUSED") {
        const others = request && sendings.get(nameOf(sessionOf(asked), request.id))?.some((other) => isOtherCall(request, other.request));
        if (!others) broken("[P6] a call was taken for another one", asked);
        return true;
      }
      if (reason !== "OUTCOME_UNKNOWN") return false;
      const applied = find(asked);
      if ((request?.resentAfterMs ?? 0) < MAY_BE_FORGOTTEN_MS) broken("[P6] a call that cannot be forgotten yet was", asked);
      if (applied && applied.version.index <= asked.stored && applied.atMs > nowMs - REQUEST_MEMORY_MS)
        broken("[P6] an answer was forgotten early", { asked, applied });
      return true;
    },
  };
}

const rememberedText = ({ call }: Asked, { answer }: RememberedRequest): string | undefined =>
  answer && answerText(call, decodeAnswer(answer));

const isOtherCall = (one: RequestIdentity, other: RequestIdentity | undefined): boolean =>
  other !== undefined && textOf(one.digest) !== textOf(other.digest);
