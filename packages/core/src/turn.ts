/** An operation's turn in its session's order: how it is made, given up, and recognized when it is sent again. */
import type { Cancel, Clock } from "./clock.ts";
import { CancelledError, DeadlineExceededError, type Outcome } from "./errors.ts";
import { isSameCall } from "./repeated-calls.ts";
import type { PortCall } from "./session-port.ts";
import type { SessionState, StepCommit, Turn, TurnIdentity } from "./session-state.ts";

/** What a turn may bring: which call it is, and which variables' values it reads. */
export interface TurnOptions {
  readonly identity?: TurnIdentity | undefined;
  readonly reads?: Turn["reads"];
}

/** What a turn is made of. */
export interface NewTurn extends Pick<Turn, "take" | "resolve" | "reject" | "identity" | "reads"> {
  readonly clock: Clock;
  readonly call: PortCall;
}

/** A turn that waits. Its caller is answered once: by what becomes of it, by its deadline, or by its signal. */
export function newTurn({ clock, call, take, identity, reads, resolve, reject }: NewTurn): Turn {
  const { timeoutMs, signal, trace } = call;
  let cancel: Cancel | undefined;
  let abort: (() => void) | undefined;
  const stop = (): void => {
    cancel?.();
    if (abort) signal?.removeEventListener("abort", abort);
  };
  const turn: Turn = {
    take,
    reads,
    deadlineMs: timeoutMs === undefined ? Number.POSITIVE_INFINITY : clock.monotonic() + timeoutMs,
    signal,
    resolve(answer) {
      stop();
      resolve(answer);
    },
    reject(error) {
      stop();
      reject(error);
    },
    phase: "waiting",
    outcome: undefined,
    commit: undefined,
    identity,
    trace,
    twin: undefined,
  };
  if (timeoutMs !== undefined) cancel = clock.schedule(timeoutMs, () => giveUp(turn, false));
  if (signal) {
    abort = () => giveUp(turn, true);
    signal.addEventListener("abort", abort);
  }
  return turn;
}

/** The turn of a commit of the engine's own, which nobody waits for. */
export const internalTurn = (commit: StepCommit): Turn => ({
  take: undefined,
  reads: undefined,
  deadlineMs: Number.POSITIVE_INFINITY,
  signal: undefined,
  resolve: () => {},
  reject: () => {},
  phase: "committing",
  outcome: { answer: undefined },
  commit,
  identity: undefined,
  trace: undefined,
  twin: undefined,
});

/** The caller stops waiting. What has not taken its turn never will [P19]; what has may still be committed. */
export function giveUp(turn: Turn, aborted: boolean): void {
  const outcome: Outcome = turn.phase === "committing" ? "unknown" : "not_applied";
  if (turn.phase === "waiting") turn.phase = "done";
  turn.reject(
    aborted
      ? new CancelledError("the call was cancelled", { outcome })
      : new DeadlineExceededError("the deadline passed before the call was answered", { outcome }),
  );
}

/** The earlier turn of the same call that is being committed: both get one answer. Throws when the id was used for another call. */
export function twinOf(turn: Turn, state: SessionState): Turn | undefined {
  const request = turn.identity?.request;
  return request && state.turns.find((earlier) => isSameCall(request, earlier.identity?.request) && earlier.commit !== undefined);
}

/** Gives the turns the answers that the store remembers. */
export async function recallAll(turns: readonly Turn[]): Promise<void> {
  for (const turn of turns) turn.outcome = await turn.identity?.recall();
}
