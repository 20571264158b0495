/** The group committer: what arrives while a save runs goes together in the next one, across sessions. One save at a time. */
import type { Clock } from "./clock.ts";
import { watchedSave } from "./commit-events.ts";
import type { Tell } from "./observer.ts";
import type { AnsweringDelta, SaveOutcome, SessionPersistence } from "./persistence.ts";
import type { StoreHealth } from "./store-health.ts";

/** Something to save, and who wants to know. */
export interface Commit {
  readonly delta: AnsweringDelta;
  /** What the call that made it is recognized by. */
  readonly trace?: unknown;
  /** The store has it, or has another base and left everything as it was. */
  settled(outcome: SaveOutcome): void;
  /** Nobody can tell whether the store has it. */
  failed(cause: unknown): void;
}

/** Saves commits in the order they are given. */
export interface Committer {
  enqueue(commit: Commit): void;
  /** Takes back what was not sent to the store yet, and says what that was. */
  withdraw(unwanted: (commit: Commit) => boolean): readonly Commit[];
  /** Saves nothing, to see whether the store works. */
  probe(): void;
  /** Resolves when nothing is left to save. */
  idle(): Promise<void>;
}

/** What a committer is made of. */
export interface CommitterParts {
  readonly persistence: SessionPersistence;
  readonly clock: Clock;
  /** Undefined when nobody watches. */
  readonly tell: Tell | undefined;
  /** Told after every save whether the store worked; undefined where nothing can fail. */
  readonly health: Pick<StoreHealth, "works" | "fails"> | undefined;
}

/** Makes a committer. */
export function committer({ persistence, clock, tell, health }: CommitterParts): Committer {
  let queue: Commit[] = [];
  /** When the first of the queue came; kept only for whoever watches. */
  let queuedAtMs = 0;
  let probing = false;
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    // One turn of the microtask queue: what one program does at once is saved at once.
    await Promise.resolve();
    while (queue.length > 0 || probing) {
      const batch = queue;
      queue = [];
      probing = false;
      await save(batch);
    }
    running = undefined;
  }

  async function save(batch: readonly Commit[]): Promise<void> {
    const told = tell && watchedSave(tell, batch, clock, queuedAtMs);
    let outcomes: readonly SaveOutcome[];
    try {
      outcomes = await persistence.save(batch.map((commit) => commit.delta));
    } catch (cause) {
      told?.("failed", [], cause);
      health?.fails(cause);
      for (const commit of batch) commit.failed(cause);
      return;
    }
    told?.("saved", outcomes);
    health?.works();
    for (const [i, commit] of batch.entries()) commit.settled(outcomes[i] ?? "conflict");
  }

  return {
    enqueue(commit) {
      if (tell && queue.length === 0) queuedAtMs = clock.monotonic();
      queue.push(commit);
      running ??= run();
    },
    withdraw(unwanted) {
      const withdrawn = queue.filter(unwanted);
      if (withdrawn.length > 0) queue = queue.filter((commit) => !unwanted(commit));
      return withdrawn;
    },
    probe() {
      probing = true;
      running ??= run();
    },
    async idle() {
      while (running) await running;
    },
  };
}
