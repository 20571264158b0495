/** A store that fails as real ones do, when a test says so. */
import type { SessionKey, SessionPersistence } from "../persistence.ts";

/** The calls of a store that can go wrong. */
export type PersistenceMethod = "open" | "load" | "loadValues" | "findRequest" | "save" | "listSessions" | "due" | "close";

/** One call about to be made: the method, and how many calls of it there were, this one included. */
export interface PersistenceCall {
  readonly method: PersistenceMethod;
  readonly count: number;
}

/**
 * What goes wrong with a call.
 * - `fail`: it rejects, and the store never saw it;
 * - `lose_answer`: the store did it, and it rejects all the same;
 * - `hold`: it reaches the store after the next `release`;
 * - `hold_answer`: the store does it, and it answers after the next `release`;
 * - `conflict`: a save answers that every delta conflicts, and the store never saw it.
 */
export type Fault = "fail" | "lose_answer" | "hold" | "hold_answer" | "conflict";

/** Decides what goes wrong with a call; undefined lets it pass. Asked once for each call, in the order they are made. */
export type FaultPlan = (call: PersistenceCall) => Fault | undefined;

/** A store under a plan. */
export interface FaultyPersistence extends SessionPersistence {
  /** How many calls of the method were made. */
  calls(method: PersistenceMethod): number;
  /** How many calls are held. */
  readonly held: number;
  /** Lets every held call go on, in the order in which they were held. */
  release(): void;
}

/** The plan in which the `count`-th call of `method` meets `fault`. */
export const faultAt =
  (method: PersistenceMethod, count: number, fault: Fault): FaultPlan =>
  (call) =>
    call.method === method && call.count === count ? fault : undefined;

/** Passes calls on to `inner`, except for what `plan` has go wrong; it rejects with a plain Error whose `code` is `EFAULTY`. */
export function faultyPersistence(inner: SessionPersistence, plan: FaultPlan): FaultyPersistence {
  const counts = new Map<PersistenceMethod, number>();
  let waiting: (() => void)[] = [];
  const released = (): Promise<void> => new Promise((resolve) => waiting.push(resolve));

  async function call<T>(method: PersistenceMethod, pass: () => Promise<T>, conflict?: () => T): Promise<T> {
    const count = (counts.get(method) ?? 0) + 1;
    counts.set(method, count);
    const fault = plan({ method, count });
    if (fault === "fail") throw failure(method, count);
    if (fault === "conflict" && conflict !== undefined) return conflict();
    if (fault === "hold") await released();
    const answer = await pass();
    if (fault === "hold_answer") await released();
    if (fault === "lose_answer") throw failure(method, count);
    return answer;
  }

  return {
    capabilities: inner.capabilities,
    open: () => call("open", () => inner.open()),
    load: (key) => call("load", () => inner.load(key)),
    loadValues: (key, refs) => call("loadValues", () => inner.loadValues(key, refs)),
    save: (deltas) =>
      call(
        "save",
        () => inner.save(deltas),
        () => deltas.map(() => "conflict" as const),
      ),
    ...(inner.findRequest !== undefined && {
      findRequest: (key: SessionKey, requestId: string, nowMs: number) =>
        call("findRequest", () => (inner.findRequest as NonNullable<typeof inner.findRequest>)(key, requestId, nowMs)),
    }),
    listSessions: (query) => call("listSessions", () => inner.listSessions(query)),
    due: (nowMs, limit) => call("due", () => inner.due(nowMs, limit)),
    close: () => call("close", () => inner.close()),
    calls: (method) => counts.get(method) ?? 0,
    get held() {
      return waiting.length;
    },
    release() {
      const going = waiting;
      waiting = [];
      for (const go of going) go();
    },
  };
}

const failure = (method: PersistenceMethod, count: number): Error =>
  Object.assign(new Error(`the store failed on purpose: ${method}, call ${count}`), { code: "EFAULTY" });
