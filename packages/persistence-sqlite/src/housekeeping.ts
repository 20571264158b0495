/** When a store tidies up. The timers are on this side: the writer's thread only gets one short question more between two saves. */
import type { Clock } from "@session-bridge/core";
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
  /** Resolves to the step that follows. */
  run(): Promise<Step | undefined>;
}

/** Tidies up after changes; what the last run of the program left behind counts as one. */
export function housekeeping(writer: Pick<WorkerLink, "ask">, clock: Clock): Housekeeping {
  let pending: (() => void) | undefined;
  let stopped = false;
  let changedSince = false;
  let emptiedAtMs = clock.monotonic();

  /** Brings everything into the file, and goes on with the file when much of it is free. */
  const emptyLog: Step = {
    delayMs: CHECKPOINT_AFTER_MS,
    async run() {
      changedSince = false;
      const { busy, freePages } = (await writer.ask("checkpoint", undefined)).answer;
      if (busy) return { ...emptyLog, delayMs: BUSY_RETRY_MS };
      emptiedAtMs = clock.monotonic();
      if (freePages > KEPT_FREE_PAGES) return shrink;
      return changedSince ? emptyLog : undefined;
    },
  };
  /** Gives a few pages back. The file gets shorter when the log is emptied, which must not wait until all of them are given back. */
  const shrink: Step = {
    delayMs: BETWEEN_STEPS_MS,
    async run() {
      const { freePages } = (await writer.ask("giveBack", undefined)).answer;
      const isTime = clock.monotonic() - emptiedAtMs >= CHECKPOINT_AFTER_MS;
      return freePages > KEPT_FREE_PAGES && !isTime ? shrink : { ...emptyLog, delayMs: BETWEEN_STEPS_MS };
    },
  };

  const schedule = (step: Step | undefined): void => {
    pending = undefined;
    if (stopped || step === undefined) return;
    pending = clock.schedule(step.delayMs, () => {
      // Whoever saves is told that the store fails; here it is tried again later.
      step.run().then(schedule, () => schedule(emptyLog));
    });
  };
  schedule(emptyLog);

  return {
    changed() {
      changedSince = true;
      if (pending === undefined) schedule(emptyLog);
    },
    stop() {
      stopped = true;
      pending?.();
    },
  };
}
