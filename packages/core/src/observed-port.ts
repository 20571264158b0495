/**
 * A port that tells how each of its calls ended. It passes calls and answers on as they are; what a call saw of its session, its witness
 * says. Without an observer there is no such port.
 */
import type { Clock } from "./clock.ts";
import { sizesOf } from "./commit-events.ts";
import { followed, reasonOf } from "./followed.ts";
import { isSessionId } from "./names.ts";
import type { SessionCallEvent, Tell } from "./observer.ts";
import type { PortCall } from "./session-port.ts";
import { type CallFacts, getEvent, listingEvent, readingEvents, updateEvents } from "./variable-events.ts";
import type { VariableStore } from "./variable-store.ts";
import type { LocalPort } from "./watch-port.ts";
import { newWitness, type Witnessed } from "./witness.ts";

/** Who is told, and by which clock. */
export interface Watching {
  readonly tenant: string;
  readonly tell: Tell;
  readonly clock: Clock;
}

/** A call that ended. */
interface Ended<T> {
  /** Undefined when it failed. */
  readonly answer: T | undefined;
  readonly facts: CallFacts;
  /** Whether it is the repeat of an earlier call, answered from memory. */
  readonly repeated: boolean;
  /** The variables after it; undefined when they are not known. */
  readonly store: VariableStore | undefined;
}

/** Tells of every call of `port`, which has them witnessed. */
export function observedPort(port: LocalPort, { tenant, tell, clock }: Watching): LocalPort {
  /** Carries a call out, and tells of it when it has ended. */
  function watched<C extends PortCall, A>(
    id: string | undefined,
    call: C,
    carryOut: (call: C & Witnessed) => A,
    told: (ended: Ended<Awaited<A>>) => void,
  ): A {
    const startedAtMs = clock.monotonic();
    const witness = newWitness();
    return followed(
      () => carryOut({ ...call, witness }),
      (ending) => {
        const failed = "error" in ending;
        const repeated = !failed && ending.answer !== witness.answer;
        const after = failed || repeated ? undefined : witness.after;
        const sizes = sizesOf(failed ? witness.before?.record : after?.record);
        const facts = {
          key: { tenant, id: id !== undefined && (!failed || isSessionId(id)) ? id : "" },
          reason: failed ? reasonOf(ending.error, "INTERNAL") : "",
          trace: call.trace,
          startedAtMs,
          durationMs: clock.monotonic() - startedAtMs,
          sessionVariables: sizes.sessionVariables,
          sessionBytes: sizes.sessionBytes,
        };
        told({ answer: failed ? undefined : ending.answer, facts, repeated, store: after?.store });
      },
    );
  }

  const sessionCall = (operation: SessionCallEvent["operation"], found: boolean, facts: CallFacts) =>
    tell({ kind: "session.call", operation, found, ...facts });

  return {
    getVariable: (id, name, call) =>
      watched(
        id,
        call,
        (witnessed) => port.getVariable(id, name, witnessed),
        ({ answer, facts }) => tell(getEvent(name, answer, facts)),
      ),

    getVariables: (id, selection, call) =>
      watched(
        id,
        call,
        (witnessed) => port.getVariables(id, selection, witnessed),
        ({ answer, facts }) => readingEvents(selection, answer, facts).forEach(tell),
      ),

    listVariables: (id, prefix, call) =>
      watched(
        id,
        call,
        (witnessed) => port.listVariables(id, prefix, witnessed),
        ({ answer, facts }) => tell(listingEvent(answer, facts)),
      ),

    update: (id, update, call) =>
      watched(
        id,
        call,
        (witnessed) => port.update(id, update, witnessed),
        ({ answer, ...ended }) => updateEvents({ update, result: answer, ...ended }).forEach(tell),
      ),

    createSession: (session, call) =>
      watched(
        session.id,
        call,
        (witnessed) => port.createSession(session, witnessed),
        ({ answer, facts }) => sessionCall("create", answer !== undefined, answer ? { ...facts, key: { tenant, id: answer.id } } : facts),
      ),

    getSession: (id, call) =>
      watched(
        id,
        call,
        (witnessed) => port.getSession(id, witnessed),
        ({ answer, facts }) => sessionCall("get", answer !== undefined, facts),
      ),

    listSessions: (filter, page, call) =>
      watched(
        undefined,
        call,
        (witnessed) => port.listSessions(filter, page, witnessed),
        ({ answer, facts }) => sessionCall("list", answer !== undefined && answer.sessions.length > 0, facts),
      ),

    touchSession: (id, ttl, call) =>
      watched(
        id,
        call,
        (witnessed) => port.touchSession(id, ttl, witnessed),
        ({ answer, facts, repeated }) => {
          if (answer && !repeated) tell({ kind: "session.touched", key: facts.key, revision: answer.revision, ...sizesOf(answer) });
          sessionCall("touch", answer !== undefined, facts);
        },
      ),

    deleteSession: (id, call) =>
      watched(
        id,
        call,
        (witnessed) => port.deleteSession(id, witnessed),
        ({ answer, facts }) => sessionCall("delete", answer?.deleted === true, facts),
      ),

    forkSession: (id, fork, call) =>
      watched(
        id,
        call,
        (witnessed) => port.forkSession(id, fork, witnessed),
        // The key is the source's; what a fork that failed has seen is its copy's.
        ({ answer, facts }) => sessionCall("fork", answer !== undefined, { ...facts, ...sizesOf(answer) }),
      ),

    getHistory: (id, name, page, call) =>
      watched(
        id,
        call,
        (witnessed) => port.getHistory(id, name, page, witnessed),
        ({ answer, facts }) => sessionCall("history", answer !== undefined && answer.items.length > 0, facts),
      ),

    listCheckpoints: (id, call) =>
      watched(
        id,
        call,
        (witnessed) => port.listCheckpoints(id, witnessed),
        ({ answer, facts }) => sessionCall("checkpoints", answer !== undefined && answer.checkpoints.length > 0, facts),
      ),

    listDeclarations: (id, call) =>
      watched(
        id,
        call,
        (witnessed) => port.listDeclarations(id, witnessed),
        ({ answer, facts }) => sessionCall("declarations", answer !== undefined && answer.declarations.length > 0, facts),
      ),

    watch: (id, request, call) => port.watch(id, request, call),
    follow: (id, request, subscriber) => port.follow(id, request, subscriber),
  };
}
