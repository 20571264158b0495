/** When a store tidies up. The timers are on this side: the writer's thread only gets one short question more between two saves. */
import { type Clock, REQUEST_MEMORY_MS } from "@session-bridge/core";
import type { WorkerLink } from "./worker-link.ts";

/** How long after a change the log is emptied; with a retry or more it has to be within a minute [P22]. */
export const CHECKPOINT_AFTER_MS = 30_000;

/** How long to leave a log alone that others read. */
const BUSY_RETRY_MS = 1_000;

/** How long after a step of giving space back the next one comes: saves have nearly all of the time. */
export const BETWEEN_STEPS_MS = 50;

/** Free pages that are kept for what will be written next: 1 MiB. */
export const KEPT_FREE_PAGES = 256;

/** The housekeeping of one open store. */
export interface Housekeeping {
  /** Told after every save. */
  changed(): void;
  /** Nothing is begun any more. */
  stop(): void;
}

interface Step {
  readonly delayMs: number;
  /** Nothing is to be done before it, unless something changes. */
  readonly rests?: boolean;
  /** Resolves to the step that follows. */
  run(): Promise<Step | undefined>;
}

/**
 * Tidies up after changes, and after requests whose time is over at `now`, which is the one of the laws; what the last run of the program
 * left behind counts as a change.
 */
export function housekeeping(writer: Pick<WorkerLink, "ask">, clock: Clock, now: () => number): Housekeeping {
  let pending: (() => void) | undefined;
  let resting = false;
  let stopped = false;
  let changedSince = false;
  let emptiedAtMs = clock.monotonic();

  const isTimeToEmpty = (): boolean => clock.monotonic() - emptiedAtMs >= CHECKPOINT_AFTER_MS;

  /** Forgets what is too old, brings everything into the file, and goes on with the file when much of it is free. */
  const tidyUp: Step = {
    delayMs: CHECKPOINT_AFTER_MS,
    async run() {
      const { oldestAtMs } = (await writer.ask("forgetRequests", { nowMs: now() })).answer;
      const restMs = oldestAtMs === undefined ? undefined : oldestAtMs + REQUEST_MEMORY_MS - now();
      const isMoreOld = restMs !== undefined && restMs <= 0;
      if (isMoreOld && !isTimeToEmpty()) return { ...tidyUp, delayMs: BETWEEN_STEPS_MS };
      changedSince = false;
      const { busy, freePages } = (await writer.ask("checkpoint", undefined)).answer;
      if (busy) return { ...tidyUp, delayMs: BUSY_RETRY_MS };
      emptiedAtMs = clock.monotonic();
      if (isMoreOld) return { ...tidyUp, delayMs: BETWEEN_STEPS_MS };
      if (freePages > KEPT_FREE_PAGES) return shrink;
      // What is over a little later goes with the oldest.
      return restMs === undefined ? undefined : { ...tidyUp, delayMs: restMs + CHECKPOINT_AFTER_MS, rests: true };
    },
  };
  /** Gives a few pages back. The file gets shorter when the log is emptied, which must not wait until all of them are given back. */
  const shrink: Step = {
    delayMs: BETWEEN_STEPS_MS,
    async run() {
      const { freePages } = (await writer.ask("giveBack", undefined)).answer;
      return freePages > KEPT_FREE_PAGES && !isTimeToEmpty() ? shrink : { ...tidyUp, delayMs: BETWEEN_STEPS_MS };
    },
  };

  const schedule = (found: Step | undefined): void => {
    const isRest = found === undefined || found.rests === true;
    const step = isRest && changedSince ? tidyUp : found;
    resting = isRest && !changedSince;
    pending = undefined;
    if (stopped || step === undefined) return;
    pending = clock.schedule(step.delayMs, () => {
      resting = false;
      // Whoever saves is told that the store fails; here it is tried again later.
      step.run().then(schedule, () => schedule(tidyUp));
    });
  };
  schedule(tidyUp);

  return {
    changed() {
      changedSince = true;
      if (!resting) return;
      pending?.();
      schedule(tidyUp);
    },
    stop() {
      stopped = true;
      pending?.();
    },
  };
}
