/** A store that takes its time, fails as it is told, and outlives the processes that use it. */
import type { Clock } from "../../src/clock.ts";
import { memoryPersistence } from "../../src/memory-persistence.ts";
import type { SessionPersistence } from "../../src/persistence.ts";

/** What goes wrong with a save: it does nothing, or so many of its deltas, and then fails; undefined for nothing. */
export type SaveFault = { readonly done: number } | undefined;

export interface SlowStore {
  /** What one process has of the store. */
  connect(): SessionPersistence;
  /** The process is killed: nothing that it began and has not ended reaches the store, and nothing is answered any more. */
  kill(): void;
}

/** A store whose saves take `saveMs`; each asks `fault` what goes wrong with it. */
export function slowStore(clock: Clock, saveMs: number, fault: () => SaveFault = () => undefined): SlowStore {
  const kept = memoryPersistence();
  let life = 0;

  function connect(): SessionPersistence {
    const mine = life;
    const alive = async (): Promise<void> => (mine === life ? undefined : new Promise(() => {}));
    return {
      ...kept,
      capabilities: { ...kept.capabilities, survives: "process" },
      async save(deltas) {
        await new Promise<void>((resolve) => clock.schedule(saveMs, resolve));
        await alive();
        const wrong = fault();
        if (wrong === undefined) return kept.save(deltas);
        await kept.save(deltas.slice(0, wrong.done));
        throw new Error("the disk failed");
      },
      async load(key) {
        await alive();
        return kept.load(key);
      },
    };
  }

  return {
    connect,
    kill() {
      life += 1;
    },
  };
}
