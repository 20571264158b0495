/** A watch that goes on by itself after whatever can happen on the way to the variables, and says so when it cannot go on without a gap. */
import { CancelledError, CompactedError, DeadlineExceededError, LimitExceededError, ServerUnavailableError } from "./errors.ts";
import type { SessionContext } from "./session-over-port.ts";
import type { Signal } from "./session-port.ts";
import { backoffMs, wait } from "./waiting.ts";
import type { WatchDelivery, WatchRequest } from "./watch-port.ts";

/** What a watcher is given: what ports deliver, `caught_up` once at the beginning and after each `resync`, which takes back all that came before. */
export type Told = Exclude<WatchDelivery, { readonly kind: "heartbeat" }> | { readonly kind: "resync" };

/** What is watched, and for how long nobody may be there at first. */
export interface ResumedRequest extends WatchRequest {
  readonly patienceMs: number;
}

const FIRST_BACKOFF_MS = 100;
const MOST_BACKOFF_MS = 5_000;

/** Refusals that are over when others have left. */
const CROWDED = ["OVERLOADED", "TOO_MANY_WATCHES"];

/**
 * Every commit once, whole and in order, or a `resync` and everything anew [P15]. Ends when the signal is aborted. Fails with whatever trying
 * again does not mend, and with ServerUnavailableError when nothing came at all for `patienceMs`.
 */
export async function* resumedWatch(
  { port, clock, random }: Pick<SessionContext, "port" | "clock" | "random">,
  sessionId: string,
  { patienceMs, since, ...request }: ResumedRequest,
  signal: Signal,
): AsyncGenerator<Told, void> {
  const begunAtMs = clock.monotonic();
  /** What to go on after; undefined within the beginning. */
  let position = since;
  let [heard, partial, caughtUp] = [false, false, false];
  for (let retry = 0; ; retry++) {
    let failure: unknown;
    try {
      for await (const delivery of port.watch(sessionId, { ...request, since: position }, { signal })) {
        heard = true;
        if (delivery.kind === "snapshot") partial = true;
        else position = delivery.revision;
        if (delivery.kind === "caught_up") {
          retry = 0;
          if (caughtUp) continue;
          [caughtUp, partial] = [true, false];
        }
        if (delivery.kind !== "heartbeat") yield delivery;
      }
    } catch (error) {
      failure = error;
    }
    if (signal.aborted) return;
    const gap = failure instanceof CompactedError;
    if (failure !== undefined && !gap && !passes(failure, heard, clock.monotonic() - begunAtMs < patienceMs)) throw failure;
    if (partial || (gap && position !== undefined)) {
      position = undefined;
      [partial, caughtUp] = [false, false];
      yield { kind: "resync" };
    }
    if (!gap || retry > 0) await wait(clock, backoffMs(random, retry, FIRST_BACKOFF_MS, MOST_BACKOFF_MS), signal);
  }
}

/** Whether a failure is over after a while. */
function passes(failure: unknown, heard: boolean, patient: boolean): boolean {
  if (failure instanceof ServerUnavailableError) return heard || patient;
  // What is on the way to a server may end a stream after some time.
  if (failure instanceof CancelledError || failure instanceof DeadlineExceededError) return heard;
  if (!(failure instanceof LimitExceededError)) return false;
  return failure.reason === "WATCH_TOO_SLOW" || (heard && CROWDED.includes(failure.reason));
}
