/** What a mutating call makes of a session in the model. */
import { answerText } from "./answers.ts";
import { type Model, text, used } from "./model.ts";
import { newSession, Refusal, updated } from "./model-update.ts";
import { VARIABLES_PER_SESSION } from "./process.ts";
import type { Call } from "./workload.ts";

/** A session after a call, and the call's answer as text. */
export interface Outcome {
  readonly session: Model;
  readonly changed: boolean;
  readonly answer: string;
}

/** What a mutating call makes of a session, and what it is then answered; undefined for reads. */
export function outcome(call: Call, before: Model, atMs: number, revision: number): Outcome | undefined {
  switch (call.kind) {
    case "update": {
      const made = updated(before, call.update, { nowMs: atMs, revision, variablesPerSession: VARIABLES_PER_SESSION });
      if (made instanceof Refusal) return { session: before, changed: false, answer: text(made) };
      const { results, changed, session } = made;
      return { session, changed, answer: text({ results, sessionRevision: session?.revision ?? 0 }) };
    }
    case "create": {
      if (before !== undefined) return { session: before, changed: false, answer: text(new Refusal("SESSION_EXISTS")) };
      const { ttl, labels, maxLifeMs } = call.session;
      const session = used(newSession(ttl as number | undefined, labels, maxLifeMs, atMs), atMs, revision);
      return { session, changed: true, answer: answerText(call, session) };
    }
    case "touch": {
      if (before === undefined) return { session: before, changed: false, answer: text(new Refusal("SESSION_NOT_FOUND")) };
      if (call.ttl === undefined) return undefined;
      const session = used({ ...before, ttlMs: call.ttl as number }, atMs, revision);
      return { session, changed: true, answer: answerText(call, session) };
    }
    case "delete":
      return { session: undefined, changed: before !== undefined, answer: text({ deleted: before !== undefined }) };
    default:
      return undefined;
  }
}
