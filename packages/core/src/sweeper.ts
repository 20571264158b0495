/** Expires what is due without anybody asking: in slices of a few milliseconds, so that nobody waits for it. */
import type { Cancel, Clock } from "./clock.ts";
import { since, type Tell } from "./observer.ts";
import type { SessionPersistence, SessionRecord } from "./persistence.ts";
import type { SessionTurns } from "./session-turns.ts";

/** How often the store is asked what is due; watchers learn of an expiry within a second. */
const INTERVAL_MS = 500;
/** How long one slice may hold the thread. */
const SLICE_MS = 5;
/** How many sessions are asked for at once. */
const PAGE = 100;
/** How much one save may take away, so that others' saves do not wait long behind it. A session goes as a whole, however large. */
const BATCH_VARIABLES = 1_000;
const BATCH_BYTES = 1024 * 1024;

/** What a sweeper is made of. */
export interface SweeperParts {
  readonly persistence: SessionPersistence;
  readonly turns: SessionTurns;
  readonly clock: Clock;
  readonly now: () => number;
  /** Undefined when nobody watches. */
  readonly tell: Tell | undefined;
}

/** Starts sweeping; the answer stops it. */
export function startSweeper({ persistence, turns, clock, now, tell }: SweeperParts): Cancel {
  let stopped = false;
  let cancel: Cancel = () => {};

  const pause = () => new Promise<void>((resolve) => clock.schedule(0, resolve));

  /** Expires what is due, or the first of it. */
  async function sweep(): Promise<{ readonly due: number; readonly failed: boolean }> {
    const due = await persistence.due(now(), PAGE);
    let batch: Promise<unknown>[] = [];
    let fill = 0;
    let failed = false;
    let begun = clock.monotonic();
    for (const { key, record } of due) {
      if (stopped) break;
      if (fill > 0 && fill + shareOf(record) > 1) {
        // One damaged session keeps nobody else from being swept.
        failed = !(await allDone(batch)) || failed;
        batch = [];
        fill = 0;
        begun = clock.monotonic();
      }
      batch.push(turns.expire(key, record));
      fill += shareOf(record);
      if (clock.monotonic() - begun < SLICE_MS) continue;
      await pause();
      begun = clock.monotonic();
    }
    return { due: due.length, failed: !(await allDone(batch)) || failed };
  }

  function next(delayMs: number): void {
    if (stopped) return;
    cancel = clock.schedule(delayMs, () => {
      const startedAtMs = clock.monotonic();
      // A store that fails is told of by whoever reads or writes next; the sweeper only tries again.
      const swept = sweep().catch(() => ({ due: 0, failed: true }));
      void swept.then(({ due, failed }) => {
        tell?.({ kind: "sweep", outcome: failed ? "failed" : "swept", due, ...since(clock, startedAtMs) });
        next(due === PAGE && !failed ? 0 : INTERVAL_MS);
      });
    });
  }

  next(INTERVAL_MS);
  return () => {
    stopped = true;
    cancel();
  };
}

/** What a session takes of a batch; a batch is full at 1. */
const shareOf = ({ variableCount, sizeBytes }: SessionRecord): number => variableCount / BATCH_VARIABLES + sizeBytes / BATCH_BYTES;

const allDone = async (expiries: readonly Promise<unknown>[]): Promise<boolean> =>
  (await Promise.allSettled(expiries)).every(({ status }) => status === "fulfilled");
