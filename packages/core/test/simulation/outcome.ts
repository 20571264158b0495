/** What a mutating call makes of a session in the model. */

import { deadlineMs } from "../../src/deadline.ts";
import { answerText } from "./answers.ts";
import { VARIABLES_PER_SESSION } from "./bounds.ts";
import { atFirstRevision, isDue, type Model, NO_SECTIONS, text, used } from "./model.ts";
import { checkDeclared, newSession, Refusal, updated } from "./model-update.ts";
import type { Call } from "./workload.ts";

/** A session after a call, and the call's answer as text. */
export interface Outcome {
  readonly session: Model;
  readonly changed: boolean;
  readonly answer: string;
}

/** When a call takes its turn, and in what kind of world. */
export interface OutcomeMoment {
  readonly atMs: number;
  readonly revision: number;
  readonly historyEntries: number;
}

/** What a mutating call makes of a session, and what it is then answered; undefined for reads, and for forks. */
export function outcome(call: Call, before: Model, { atMs, revision, historyEntries }: OutcomeMoment): Outcome | undefined {
  switch (call.kind) {
    case "update": {
      const made = updated(before, call.update, {
        ...{ nowMs: atMs, revision, historyEntries },
        variablesPerSession: VARIABLES_PER_SESSION,
      });
      if (made instanceof Refusal) return { session: before, changed: false, answer: text(made) };
      const { results, changed, session } = made;
      return { session, changed, answer: text({ results, sessionRevision: session?.revision ?? 0 }) };
    }
    case "create": {
      if (before !== undefined) return { session: before, changed: false, answer: text(new Refusal("SESSION_EXISTS")) };
      const { ttl, labels, maxLifeMs, historyEntries: entries } = call.session;
      const fresh = { ...newSession(ttl as number | undefined, labels, maxLifeMs, atMs), historyEntries: entries };
      const session = used(fresh, atMs, revision);
      return { session, changed: true, answer: answerText(call, session) };
    }
    case "touch": {
      if (before === undefined) return { session: before, changed: false, answer: text(new Refusal("SESSION_NOT_FOUND")) };
      if (call.ttl === undefined) return undefined;
      const life = { ...before, ttlMs: call.ttl as number };
      const session = used({ ...life, expiresAtMs: deadlineMs(life, atMs) }, atMs, revision);
      return { session, changed: true, answer: answerText(call, session) };
    }
    case "delete":
      return { session: undefined, changed: before !== undefined, answer: text({ deleted: before !== undefined }) };
    default:
      return undefined;
  }
}

/**
 * What a fork makes of a source, whose state at an earlier revision is `earlier` where that was asked for; a Refusal for why there is no copy.
 * Undefined for a source that is over.
 */
export function forked(
  { fork }: Extract<Call, { kind: "fork" }>,
  source: Model,
  earlier: Model,
  { atMs, revision }: Pick<OutcomeMoment, "atMs" | "revision">,
): Model | Refusal {
  if (source === undefined || isDue(source, atMs)) return new Refusal("SESSION_NOT_FOUND");
  const state = fork.atRevision === undefined ? source : earlier;
  if (state === undefined) return new Refusal("COMPACTED");
  const alive = new Map([...state.variables].filter(([, variable]) => !isDue(variable, atMs)));
  const { declarations, historyEntries, endsAtMs } = source;
  const life = { ttlMs: (fork.ttl as number | undefined) ?? source.ttlMs, endsAtMs };
  const times = { createdAtMs: atMs, accessedAtMs: atMs, expiresAtMs: deadlineMs(life, atMs) };
  const copy = { ...NO_SECTIONS, ...life, ...times, revision, labels: fork.labels ?? source.labels, historyEntries, declarations };
  const session = { ...copy, variables: atFirstRevision(alive, revision) };
  try {
    checkDeclared(session);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  return session;
}
