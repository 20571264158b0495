/** A store whose every call is answered when the simulation says so, if at all; what it keeps outlives the processes that use it. */
import { memoryPersistence } from "../../src/memory-persistence.ts";
import type {
  AnsweringDelta,
  FoundRequest,
  LoadedVariable,
  SaveOutcome,
  SessionDelta,
  SessionPersistence,
  StoredSession,
} from "../../src/persistence.ts";
import type { Dice } from "./dice.ts";

/** Values of more bytes than this are loaded apart, as large ones are by a real store. */
const LARGE_BYTES = 2;

const withoutLargeValue = (variable: LoadedVariable): LoadedVariable =>
  variable.sizeBytes > LARGE_BYTES ? { ...variable, bytes: undefined } : variable;

const withoutLargeValues = ({ variables, history, checkpoints = [], ...rest }: StoredSession): StoredSession => ({
  ...rest,
  variables: variables.map(withoutLargeValue),
  history: history && {
    ...history,
    entries: history.entries.map((entry) => ("kind" in entry ? entry : withoutLargeValue(entry as LoadedVariable))),
  },
  checkpoints: checkpoints.map((named) => ({ ...named, variables: named.variables.map(withoutLargeValue) })),
});

/** How often things go wrong, as probabilities. */
export interface Faults {
  /** A call fails before it does anything. */
  readonly fail: number;
  /** A save is done in part or wholly, and fails all the same; another call only loses its answer. */
  readonly loseAnswer: number;
  /** A save is refused as a conflict without one. */
  readonly conflict: number;
}

export const NO_FAULTS: Faults = { fail: 0, loseAnswer: 0, conflict: 0 };

/** What the disk tells: of every change in the order in which it is made, and of a user that breaks the contract. */
export interface DiskParts {
  readonly dice: Dice;
  readonly saved: (delta: AnsweringDelta) => void;
  readonly opened: (lastNowMs: number) => void;
  /** A call fails, or a save is told to conflict. */
  readonly failed: (how: string) => void;
  readonly broken: (law: string) => void;
  /** The sections that it keeps. */
  readonly sections?: readonly string[];
}

export interface Disk {
  /** What one process has of the store. */
  connect(): SessionPersistence;
  /** How many calls wait for their next step. */
  readonly waiting: number;
  /** Lets one of the waiting calls do its work, or give its answer; whichever the dice say. */
  step(faults: Faults): Promise<void>;
  /** The process dies: a save under way may have got anywhere, and nobody hears of it. */
  crash(): Promise<void>;
  /** Another manager changes something; says whether it could. */
  meddle(delta: SessionDelta): Promise<boolean>;
}

interface Waiting {
  /** Does the work, at most `portion` deltas of it; answers how to tell. */
  readonly work: (portion: number) => Promise<() => void>;
  readonly reject: (error: Error) => void;
  readonly conflict: (() => void) | undefined;
  readonly deltas: number;
  answer: (() => void) | undefined;
}

export function disk({ dice, saved, opened, failed, broken, sections = ["requests"] }: DiskParts): Disk {
  const kept = memoryPersistence();
  let waiting: Waiting[] = [];

  /** Each delta by itself, so that what is saved is told in order; what was stacked on a conflict conflicts, too. */
  async function saveSome(deltas: readonly AnsweringDelta[]): Promise<SaveOutcome[]> {
    const outcomes: SaveOutcome[] = [];
    const conflicts = new Set<string>();
    for (const delta of deltas) {
      const isStacked = conflicts.has(delta.key.id) || (delta.kind === "fork" && conflicts.has(delta.source.key.id));
      const outcome = delta.kind !== "extend" && isStacked ? "conflict" : ((await kept.save([delta]))[0] ?? "conflict");
      if (outcome === "saved") saved(delta);
      else {
        conflicts.add(delta.key.id);
        failed(`finds a conflict ${JSON.stringify(delta).slice(0, 150)}`);
      }
      outcomes.push(outcome);
    }
    return outcomes;
  }

  function connect(): SessionPersistence {
    let saving = false;
    let closed = false;
    function call<T>(name: string, run: (portion: number) => Promise<T>, deltas = 0, conflict?: () => T): Promise<T> {
      if (closed && name !== "open") broken(`the store was called after it was closed: ${name}`);
      return new Promise((resolve, reject) => {
        const entry: Waiting = {
          work: async (portion) => {
            const result = await run(portion);
            return () => resolve(result);
          },
          reject,
          conflict: conflict && (() => resolve(conflict())),
          deltas,
          answer: undefined,
        };
        waiting.push(entry);
      });
    }
    return {
      capabilities: { survives: "process", shared: true, sections },
      async open() {
        const known = await call("open", () => kept.open());
        opened(known.lastNowMs);
        return known;
      },
      load: (key) =>
        call("load", async () => {
          const session = await kept.load(key);
          return session && withoutLargeValues(session);
        }),
      loadValues(key, refs) {
        if (new Set(refs.map(({ name }) => name)).size < refs.length) broken("the store was asked for a name twice");
        return call("loadValues", () => kept.loadValues(key, refs));
      },
      findRequest: (key, requestId, nowMs) =>
        call("findRequest", async () => (await kept.findRequest?.(key, requestId, nowMs)) as FoundRequest),
      listSessions: (query) => call("listSessions", () => kept.listSessions(query)),
      due: (nowMs, limit) => call("due", () => kept.due(nowMs, limit)),
      save(deltas) {
        if (saving) broken("two saves ran at once");
        saving = true;
        const save = call(
          "save",
          (portion) => saveSome(deltas.slice(0, portion)),
          deltas.length,
          () => deltas.map(() => "conflict" as const),
        );
        return save.finally(() => {
          saving = false;
        });
      },
      async close() {
        closed = true;
      },
    };
  }

  return {
    connect,
    get waiting() {
      return waiting.length;
    },
    async step(faults) {
      if (waiting.length === 0) return;
      const entry = waiting[dice.int(waiting.length)] as Waiting;
      const leave = () => {
        waiting = waiting.filter((other) => other !== entry);
      };
      if (entry.answer) {
        leave();
        entry.answer();
      } else if (dice.chance(faults.fail)) {
        leave();
        failed("fails");
        entry.reject(new Error("the disk failed"));
      } else if (dice.chance(faults.loseAnswer)) {
        leave();
        await entry.work(dice.int(entry.deltas + 1));
        failed("loses an answer");
        entry.reject(new Error("the disk lost the answer"));
      } else if (entry.conflict && dice.chance(faults.conflict)) {
        leave();
        failed("sees a conflict");
        entry.conflict();
      } else {
        entry.answer = await entry.work(entry.deltas);
        if (dice.chance(0.5)) return;
        leave();
        entry.answer();
      }
    },
    async crash() {
      const dying = waiting;
      waiting = [];
      for (const entry of dying) if (!entry.answer && entry.deltas > 0) await entry.work(dice.int(entry.deltas + 1));
    },
    async meddle(delta) {
      const [outcome] = await kept.save([delta]);
      if (outcome === "saved") saved(delta);
      return outcome === "saved";
    },
  };
}
