/** Holds what the store is given, and what callers are told, against the model. */
import { deadlineMs } from "../../src/deadline.ts";
import { BridgeError } from "../../src/errors.ts";
import type { AnsweringDelta, SessionDelta } from "../../src/persistence.ts";
import type { RequestIdentity, VariableHistory, VariableReading, VariablesReading } from "../../src/session-port.ts";
import { agrees, answerText, lists, type Span, withoutUnseen } from "./answers.ts";
import { type Asked, type History, latest, newHistory, revisionOf, type Version } from "./history.ts";
import { afterDelta, isDue, type Model, text } from "./model.ts";
import { hasDue, recorded } from "./model-history.ts";
import { Refusal } from "./model-update.ts";
import { forked, type Outcome, type OutcomeMoment, outcome } from "./outcome.ts";
import { repeats as newRepeats } from "./repeats.ts";
import { type Call, SESSIONS } from "./workload.ts";

/** A law was broken; the text says which. */
export class Violation extends Error {}

/** A revision that no commit has. */
const UNSEEN = 1;

const isMutation = (call: Call): boolean =>
  ["update", "create", "delete", "fork"].includes(call.kind) || (call.kind === "touch" && call.ttl !== undefined);

export interface JudgeParts {
  /** The engine's now. */
  readonly nowMs: () => number;
  readonly monotonicMs: () => number;
  /** How many entries are kept of each variable where a session does not say. */
  readonly historyEntries: number;
}

export interface Judge {
  history(id: string): History;
  asked(call: Call, timeoutMs: number | undefined, request?: RequestIdentity): Asked;
  answered(asked: Asked, answer: unknown): void;
  refused(asked: Asked, error: unknown): void;
  /** The store has made the change. */
  saved(delta: AnsweringDelta): void;
  /** The store has made a change of another manager. */
  meddled(delta: SessionDelta): void;
  /** The store failed, or its user died: what was not saved of the sessions' deadlines may be lost. */
  troubled(): void;
  /** The process is gone, and with it whatever was not in the store. */
  ended(): void;
  /** How many calls were answered as they had been before. */
  readonly recalled: number;
}

export function judge({ nowMs, monotonicMs, historyEntries }: JudgeParts): Judge {
  const histories = new Map(SESSIONS.map((id) => [id as string, newHistory(id)]));
  const history = (id: string): History => histories.get(id) as History;
  let open: Asked[] = [];
  let number = 0;
  let recalled = 0;
  const repeats = newRepeats(broken);

  function broken(law: string, about: unknown): never {
    throw new Violation(`${law}: ${text(about)}`);
  }

  function add(of: History, state: Model, makers: Version["makers"]): Version {
    const version = { index: of.versions.length, state, makers };
    of.versions.push(version);
    return version;
  }

  /** The calls that would have made `after` of `before`, and their answers. */
  function makersOf(before: Model, after: Model, delta: AnsweringDelta): Map<Asked, string> {
    const makers = new Map<Asked, string>();
    const wanted = text(after);
    for (const asked of open) {
      if (!asked.open || !("id" in asked.call) || asked.call.id !== delta.key.id || delta.nowMs > asked.lastNowMs) continue;
      if (!repeats.mayMake(asked, delta)) continue;
      const moment = { atMs: delta.nowMs, revision: revisionOf(delta) as number, historyEntries };
      if (asked.call.kind === "fork") {
        const { call } = asked;
        const isCopy = (made: Model | Refusal) => !(made instanceof Refusal) && text(made) === wanted;
        if (before === undefined && delta.kind !== "delete" && copies(asked, call, moment).some(isCopy))
          makers.set(asked, answerText(call, after));
        continue;
      }
      const made = outcome(asked.call, before, moment);
      if (made?.changed && text(made.session) === wanted) makers.set(asked, made.answer);
    }
    return makers;
  }

  /** What a fork may come to: of each state that its source had since it was asked. */
  function copies(
    asked: Asked,
    call: Extract<Call, { kind: "fork" }>,
    moment: Pick<OutcomeMoment, "atMs" | "revision">,
  ): readonly (Model | Refusal)[] {
    const of = history(call.source);
    const { atRevision } = call.fork;
    const since = window(of, asked);
    return since.flatMap(({ state, index }) => {
      const earlier =
        atRevision === undefined ? undefined : of.versions.slice(0, index + 1).findLast((each) => each.state?.revision === atRevision);
      return [forked(call, state, earlier?.state, moment)];
    });
  }

  /** What may be answered without a change; a rollback depends on what has expired by then. */
  function unchanged(asked: Asked, state: Model): readonly Outcome[] {
    const { call } = asked;
    const isTimed = call.kind === "update" && call.update.operations.some(({ kind }) => kind === "rollback");
    const untilMs = nowMs();
    const named = isTimed ? Object.values(state?.checkpoints ?? {}).flatMap(({ variables }) => [...variables.values()]) : [];
    const ends = named.flatMap(({ expiresAtMs = 0 }) => (expiresAtMs > asked.fromNowMs && expiresAtMs <= untilMs ? [expiresAtMs] : []));
    const moments = isTimed ? [asked.fromNowMs, ...ends] : [0];
    return moments.flatMap((atMs) => outcome(call, state, { atMs, revision: UNSEEN, historyEntries }) ?? []);
  }

  function checkExpiry(of: History, before: Model, delta: Extract<SessionDelta, { kind: "expire" }>): void {
    if (before === undefined) broken("[P8] something that is not there expired", delta);
    if (delta.record === undefined) {
      if (!isDue(before, delta.nowMs)) broken("[P8] a session expired early", { delta, before });
      const livesUntilMs = Math.min(of.usedAtMs + (before.ttlMs as number), before.endsAtMs ?? Number.POSITIVE_INFINITY);
      if (!of.meddled && of.toldAtMs < delta.nowMs && livesUntilMs > delta.nowMs)
        broken("[P8] a session expired although it was used", { delta, before, usedAtMs: of.usedAtMs });
      return;
    }
    const due = [...before.variables.values()].filter((variable) => isDue(variable, delta.nowMs)).map((variable) => variable.name);
    if (text([...delta.removed].sort()) !== text(due.sort())) broken("[P8] not exactly what was due expired", { delta, before });
    const { revision } = delta.record;
    const variables = new Map([...before.variables].filter(([name]) => !due.includes(name)));
    const commit = { before: before.variables, after: variables, nowMs: delta.nowMs, revision, kind: "expire" } as const;
    const history = recorded(before.history, commit, before.historyEntries ?? historyEntries);
    if (text(afterDelta(before, delta)) !== text({ ...before, revision, variables, history }))
      broken("an expiry changed something else", { delta, before });
    if (due.length === 0 && !hasDue(before.history, delta.nowMs)) broken("an expiry without anything due", delta);
  }

  function saved(delta: AnsweringDelta): void {
    const of = history(delta.key.id);
    const before = latest(of).state;
    const after = afterDelta(before, delta, delta.kind === "fork" ? latest(history(delta.source.key.id)).state : undefined);
    if (delta.nowMs > nowMs()) broken("a change has a later time than now", delta);
    checkRevision(of, delta);
    if (delta.kind === "extend") {
      if (before === undefined) return;
      const latestMs = deadlineMs(before, delta.nowMs) ?? Number.POSITIVE_INFINITY;
      if (!of.meddled && delta.expiresAtMs > latestMs) broken("a deadline was moved too far", { delta, before });
      add(of, after, undefined);
      return;
    }
    if (delta.kind === "expire") {
      checkExpiry(of, before, delta);
      add(of, after, undefined);
      return;
    }
    const isOver = (each: { readonly expiresAtMs: number | undefined }): boolean => isDue(each, delta.nowMs);
    if (before && (isOver(before) || [...before.variables.values()].some(isOver) || hasDue(before.history, delta.nowMs))) {
      broken("[P8] a change was made of something expired", { delta, before });
    }
    if ("record" in delta && delta.record.variableCount !== after?.variables.size) broken("the variables are counted wrong", delta);
    const makers = makersOf(before, after, delta);
    if (makers.size === 0)
      broken("[P4] [P6] [P18] [P19] the store was given a change that no call may have made", { delta, before, after, open });
    of.extends = true;
    of.usedAtMs = delta.nowMs;
    of.toldAtMs = delta.nowMs;
    repeats.saved(delta, makers, add(of, after, makers));
  }

  function checkRevision(of: History, delta: SessionDelta): void {
    const revision = revisionOf(delta);
    if (revision === undefined) return;
    if (revision <= of.highestRevision) broken("[P1] a revision was used again", { delta, highest: of.highestRevision });
    of.highestRevision = revision;
  }

  /** The versions that a call may have been answered from. */
  const window = (of: History, asked: Asked): Version[] => of.versions.slice(asked.seen.get(of.id) as number);

  /** Those that it may have been answered from without a change: not from what its own change led to. */
  const groundsOf = (of: History, asked: Asked): Version[] => {
    const applied = repeats.applied(asked);
    return applied === undefined ? window(of, asked) : window(of, asked).filter(({ index }) => index < applied.version.index);
  };

  function see(of: History, version: Version): void {
    of.seen = Math.max(of.seen, version.index);
  }

  /** A call's change is in the store at this version, and nowhere else. */
  function settle(of: History, asked: Asked, at: Version | undefined): void {
    for (const version of of.versions) {
      if (version === at || !version.makers?.delete(asked) || version.makers.size > 0) continue;
      broken("[P18] a change is in the store that was said not to be applied", { asked, version });
    }
    if (!at?.makers) return;
    const answer = at.makers.get(asked) as string;
    at.makers.clear();
    at.makers.set(asked, answer);
    see(of, at);
  }

  function answered(asked: Asked, answer: unknown): void {
    asked.open = false;
    open = open.filter((other) => other !== asked);
    if (monotonicMs() > asked.deadlineMs) broken("[P19] a call was answered after its deadline", asked);
    const span: Span = { fromMs: asked.fromNowMs, toMs: nowMs() };
    const { call } = asked;
    if (call.kind === "sessions") {
      for (const of of histories.values()) judgeRead(of, asked, answer, span);
      return;
    }
    const of = history(call.id);
    if (isMutation(call)) {
      judgeMutation(of, asked, answer);
    } else judgeRead(of, asked, answer, span);
  }

  function judgeMutation(of: History, asked: Asked, answer: unknown): void {
    const given = answerText(asked.call, answer);
    const applied = repeats.applied(asked);
    if (applied?.answer === given) {
      if (repeats.isSettled(asked)) recalled += 1;
      applied.version.makers?.clear();
      applied.version.makers?.set(asked, given);
      see(of, applied.version);
      return;
    }
    if (repeats.isSettled(asked)) broken("[P6] a repeat got another answer", { asked, given, applied });
    const made = of.versions.filter(({ makers }) => makers?.get(asked) === given);
    const at = made.find(({ makers }) => makers?.size === 1) ?? made.at(-1);
    settle(of, asked, at);
    if (at) return;
    const ground = groundsOf(of, asked).find(({ state }) =>
      unchanged(asked, state).some((made) => !made.changed && withoutUnseen(made.answer, state) === withoutUnseen(given, state)),
    );
    if (ground) see(of, ground);
    else broken("[P5] an answer does not come from what is committed", { asked, given, versions: window(of, asked) });
  }

  /** A history may know less than it could; what it does know, it has to tell. */
  function refusesFork(asked: Asked, call: Extract<Call, { kind: "fork" }>, state: Model, reason: string): boolean {
    if (state !== undefined) return reason === "SESSION_EXISTS";
    if (reason === "COMPACTED") {
      const isPresent = (each: Version) => each.state !== undefined && each.state.revision === call.fork.atRevision;
      return call.fork.atRevision !== undefined && !window(history(call.source), asked).every(isPresent);
    }
    const moment = { atMs: asked.fromNowMs, revision: UNSEEN };
    return copies(asked, call, moment).some((made) => made instanceof Refusal && made.reason === reason);
  }

  function judgeRead(of: History, asked: Asked, answer: unknown, span: Span): void {
    const ground = window(of, asked).find(({ state }) => agrees(of, asked.call, answer, state, span));
    if (!ground) broken("[P4] [P8] [P17] a read does not show what was committed", { asked, answer, span, window: window(of, asked) });
    // A listing asks the store, which may be ahead of what readers see: of a session that is missing, or that somebody else changed.
    if (asked.call.kind !== "sessions" || (lists(answer, of.id) && !of.meddled)) see(of, ground);
    // A change that readers do not see yet may have shortened its life.
    if (
      of.extends &&
      ground === latest(of) &&
      (asked.call.kind === "get" || asked.call.kind === "get_all" || asked.call.kind === "history")
    ) {
      const { variable, variables = [], items = [] } = answer as Partial<VariableReading & VariablesReading & VariableHistory>;
      if (variable === undefined && variables.length === 0 && items.length === 0) return;
      of.usedAtMs = Math.max(of.usedAtMs, span.fromMs);
      of.toldAtMs = Math.max(of.toldAtMs, span.toMs);
    }
  }

  function refused(asked: Asked, error: unknown): void {
    if (!(error instanceof BridgeError)) broken("a call failed with something else than a BridgeError", { asked, error: String(error) });
    const { reason, outcome: said } = error;
    if (reason === "STORE_UNAVAILABLE" || reason === "DEADLINE_EXCEEDED" || reason === "CANCELLED" || reason === "BRIDGE_CLOSED") {
      if (reason === "DEADLINE_EXCEEDED" && monotonicMs() < asked.deadlineMs) broken("a deadline passed early", asked);
      // A commit that is under way when its caller gives up may still succeed; one that failed will not.
      asked.open = said === "unknown" && reason !== "STORE_UNAVAILABLE";
      asked.lastNowMs = nowMs();
      if (!asked.open) open = open.filter((other) => other !== asked);
      if (said === "not_applied" && "id" in asked.call) settle(history(asked.call.id), asked, undefined);
      return;
    }
    asked.open = false;
    open = open.filter((other) => other !== asked);
    if (said !== (reason === "OUTCOME_UNKNOWN" ? "unknown" : "not_applied"))
      broken("[P18] a refusal says that nobody can tell", { asked, reason });
    if (!("id" in asked.call)) broken("a listing was refused", { asked, reason });
    const of = history(asked.call.id);
    settle(of, asked, undefined);
    if (repeats.refused(asked, reason, nowMs())) return;
    if (repeats.isSettled(asked)) broken("[P6] a repeat got another answer", { asked, reason, applied: repeats.applied(asked) });
    const given = text(new Refusal(reason, error.details.currentRevision));
    const ground = groundsOf(of, asked).find(({ state }) => {
      if (asked.call.kind === "info") return state === undefined && reason === "SESSION_NOT_FOUND";
      if (asked.call.kind === "fork") return refusesFork(asked, asked.call, state, reason);
      return unchanged(asked, state).some(({ answer }) => answer === given);
    });
    if (ground) see(of, ground);
    else broken("[P5] a refusal does not come from what is committed", { asked, given, versions: window(of, asked) });
  }

  return {
    history,
    get recalled() {
      return recalled;
    },
    asked(call, timeoutMs, request) {
      number += 1;
      const asked: Asked = {
        number,
        call,
        request,
        fromNowMs: nowMs(),
        deadlineMs: timeoutMs === undefined ? Number.POSITIVE_INFINITY : monotonicMs() + timeoutMs,
        seen: new Map([...histories].map(([id, { seen }]) => [id, seen])),
        stored: "id" in call ? latest(history(call.id)).index : 0,
        open: true,
        lastNowMs: Number.POSITIVE_INFINITY,
      };
      open.push(asked);
      repeats.asked(asked);
      return asked;
    },
    answered,
    refused,
    saved,
    meddled(delta) {
      const of = history(delta.key.id);
      checkRevision(of, delta);
      of.meddled = true;
      add(of, afterDelta(latest(of).state, delta), undefined);
    },
    troubled() {
      for (const of of histories.values()) Object.assign(of, { usedAtMs: Number.NEGATIVE_INFINITY, extends: false });
    },
    ended() {
      for (const asked of open) asked.open = false;
      open = [];
    },
  };
}
