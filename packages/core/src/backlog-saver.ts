/** Saves a backlog in the background: in order, with backoff while the store fails, and never the same change twice. */
import { type Backlog, bySession, type Unsaved } from "./backlog.ts";
import type { Clock } from "./clock.ts";
import type { Committer } from "./committer.ts";
import { revisionOf } from "./deltas.ts";
import { DataLossError } from "./errors.ts";
import type { SessionDelta, SessionKey, SessionPersistence, SessionRecord } from "./persistence.ts";

/** What a saver is made of. */
export interface BacklogSaverParts {
  readonly backlog: Backlog;
  readonly persistence: SessionPersistence;
  /** What saves go through. */
  readonly committer: Committer;
  readonly clock: Clock;
  /** How long a change may wait for others to be saved with it. */
  readonly delayMs: number;
}

/** Saves what is in the backlog. */
export interface BacklogSaver {
  /** Since when the front of the backlog is being saved without success, on the monotonic clock; undefined when it is not. */
  readonly tryingSinceMs: number | undefined;
  /** Something was added. */
  wake(): void;
  /** Saves everything at once; gives up after `timeoutMs`. Nothing is saved afterwards. */
  drain(timeoutMs: number): Promise<void>;
}

/** How much one save carries, so that loads and other sessions do not wait long for it. */
const SAVE_BYTES = 8 * 1024 * 1024;
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 5_000;

/** Makes a saver. */
export function backlogSaver({ backlog, persistence, committer, clock, delayMs }: BacklogSaverParts): BacklogSaver {
  let running: Promise<void> | undefined;
  let draining = false;
  let givenUp = false;
  let retryMs = FIRST_RETRY_MS;
  let tryingSinceMs: number | undefined;
  let endPause = (): void => {};

  async function run(): Promise<void> {
    for (let { oldest } = backlog; oldest !== undefined && !givenUp; { oldest } = backlog) {
      if (!draining) await pause(oldest.atMs + delayMs - clock.monotonic());
      tryingSinceMs ??= clock.monotonic();
      const left = await saveFront();
      if (left.length > 0) await untilKnown(left);
      else {
        retryMs = FIRST_RETRY_MS;
        tryingSinceMs = undefined;
      }
    }
    running = undefined;
  }

  /** Saves the front of the backlog; answers what of it the store did not say it has, which is the front from then on. */
  async function saveFront(): Promise<readonly Unsaved[]> {
    const front = backlog.front(SAVE_BYTES);
    const saved = await Promise.all(front.map((unsaved) => save(unsaved)));
    const left = front.filter((_, i) => !saved[i]);
    backlog.replaceFront(front, left);
    return left;
  }

  const save = ({ delta }: Unsaved): Promise<boolean> =>
    new Promise((resolve) => {
      committer.enqueue({ delta, settled: (outcome) => resolve(outcome === "saved"), failed: () => resolve(false) });
    });

  /** After a save of which nobody knows what came of it, the store is asked what it has, until it answers. */
  async function untilKnown(doubtful: readonly Unsaved[]): Promise<void> {
    while (!givenUp) {
      await pause(retryMs);
      retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
      try {
        const missing = await Promise.all([...bySession(doubtful).values()].map((unsaved) => missingOf(persistence, unsaved)));
        const left = new Map(missing.flat());
        backlog.replaceFront(
          doubtful,
          doubtful.flatMap((unsaved) => left.get(unsaved) ?? []),
        );
        return;
      } catch {
        // The store still fails; whoever reads from it next tells of it.
      }
    }
  }

  /** What is acknowledged keeps the process alive until it is saved. */
  async function pause(ms: number): Promise<void> {
    if (ms <= 0 || givenUp) return;
    await new Promise<void>((resolve) => {
      const cancel = clock.schedule(ms, resolve, true);
      endPause = () => {
        cancel();
        resolve();
      };
    });
  }

  return {
    get tryingSinceMs() {
      return tryingSinceMs;
    },
    wake() {
      running ??= run();
    },
    async drain(timeoutMs) {
      draining = true;
      endPause();
      const cancel = clock.schedule(timeoutMs, () => {
        givenUp = true;
        endPause();
      });
      await running;
      cancel();
    },
  };
}

/** Of one session's changes, those that the store does not have, each as it is to be saved. */
async function missingOf(persistence: SessionPersistence, unsaved: readonly Unsaved[]): Promise<[Unsaved, Unsaved][]> {
  const { key } = (unsaved[0] as Unsaved).delta;
  const record = await recordOf(persistence, key);
  const first = unsaved.find(({ delta }) => delta.kind !== "extend")?.delta;
  const wasThere = first !== undefined && first.kind !== "create";
  const missing: [Unsaved, Unsaved][] = [];
  let ended = false;
  for (const each of unsaved) {
    const { delta } = each;
    const remembered = delta.request && (await persistence.findRequest?.(key, delta.request.requestId, delta.nowMs))?.request;
    const isEnd: boolean = record === undefined && wasThere && !ended && endsSession(delta);
    ended ||= isEnd;
    const isSaved = remembered === undefined ? isEnd || leadsTo(delta, record) : remembered.atMs === delta.request?.atMs;
    // The store has everything before what it has.
    if (isSaved) missing.length = 0;
    // An id that was used before without anybody being able to tell: the change was acknowledged and is kept, the id stays the first one's.
    else missing.push([each, remembered === undefined ? each : { ...each, delta: { ...delta, request: undefined } }]);
  }
  return missing;
}

const leadsTo = (delta: SessionDelta, record: SessionRecord | undefined): boolean =>
  record !== undefined && revisionOf(delta) === record.revision;

const endsSession = (delta: SessionDelta): boolean => delta.kind === "delete" || (delta.kind === "expire" && delta.record === undefined);

/** What is damaged cannot tell; saving tells then. */
async function recordOf(persistence: SessionPersistence, key: SessionKey): Promise<SessionRecord | undefined> {
  try {
    return (await persistence.load(key))?.record;
  } catch (error) {
    if (error instanceof DataLossError) return undefined;
    throw error;
  }
}
