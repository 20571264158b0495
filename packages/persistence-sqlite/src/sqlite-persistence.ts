/** The store's door: the contract of core, answered by two threads. */
import { resolve } from "node:path";
import { type Clock, DataLossError, type SessionPersistence } from "@session-bridge/core";
import { steadyNow, systemClock } from "@session-bridge/core/internal";
import { type Durability, IN_MEMORY } from "./connections.ts";
import { isCorruption, refusal } from "./errors.ts";
import { type Housekeeping, housekeeping } from "./housekeeping.ts";
import { packDeltas } from "./packed-deltas.ts";
import { unpackSession, valueReader } from "./packing.ts";
import { lasting, recovering } from "./recovery.ts";
import { startWorker, type WorkerLink } from "./worker-link.ts";

/** Where to store. */
export interface SqlitePersistenceOptions {
  /** A path, made absolute now; its directory must exist, the file is made when it is not there. ":memory:" is gone when it is closed. */
  readonly file: string;
  /** What an answered save survives: "fsync", the default, the loss of power; "commit" the end of the process, and power may take a suffix. */
  readonly durability?: Durability | undefined;
}

/** What a save survives, as capabilities say it. */
const SURVIVES = { fsync: "power", commit: "process" } as const;

/** Loads never queue behind a save's sync: the reader is another thread with another connection. In memory, one is both. */
interface Workers {
  readonly writer: WorkerLink;
  readonly reader: WorkerLink;
  readonly housekeeping: Housekeeping;
}

/**
 * Sessions in a SQLite file. One store owns its file: a second one is refused with STORE_IN_USE. Everything rejects with a SqliteStoreError; `open` refuses what is not its own, or newer, and leaves it as it is.
 */
export const sqlitePersistence = (options: SqlitePersistenceOptions): SessionPersistence => sqliteStore(options, systemClock);

/** The same with a clock for its housekeeping. */
export function sqliteStore({ file: given, durability = "fsync" }: SqlitePersistenceOptions, clock: Clock): SessionPersistence {
  if (!Object.hasOwn(SURVIVES, durability)) throw new TypeError(`durability: expected fsync or commit, not ${JSON.stringify(durability)}`);
  const inMemory = given === IN_MEMORY;
  const file = inMemory ? given : resolve(given);
  let workers: Workers | undefined;
  let opening: Promise<Workers> | undefined;

  // Questions leave in the same turn as the call, so that they reach their worker in the order of the calls, `close` the last.
  const opened = (): Workers => {
    if (workers === undefined) throw refusal("STORE_CLOSED", `the store ${file} is not open`);
    return workers;
  };

  return {
    capabilities: {
      survives: inMemory ? "nothing" : SURVIVES[durability],
      shared: false,
      sections: ["requests", "history", "checkpoints", "declarations", "fork"],
    },
    async open() {
      opening ??= start({ file, inMemory, durability, clock });
      const mine = opening;
      try {
        const started = await mine;
        if (opening === mine) workers = started;
      } catch (error) {
        if (opening === mine) opening = undefined;
        throw error;
      }
      return (await opened().writer.ask("open", undefined)).answer;
    },
    async load(key) {
      const { answer, values } = await opened()
        .reader.ask("load", key)
        .catch((error: unknown) => {
          if (!isCorruption(error)) throw error;
          throw new DataLossError(`the stored session ${JSON.stringify(key.id)} is damaged`, { cause: error });
        });
      return answer && unpackSession(answer, values);
    },
    async loadValues(key, refs) {
      const asked = refs.map(({ name, revision }) => ({ name, revision }));
      const { answer, values } = await opened().reader.ask("loadValues", { key, refs: asked });
      const packed = valueReader(values);
      return new Map(answer.map(({ name, sizeBytes }) => [name, sizeBytes === undefined ? undefined : packed.copy(sizeBytes)]));
    },
    async save(deltas) {
      const { fields, values } = packDeltas(deltas);
      const { writer, housekeeping } = opened();
      const { answer } = await writer.ask("save", fields, values);
      housekeeping.changed();
      return answer;
    },
    findRequest: async (key, requestId, nowMs) => (await opened().reader.ask("findRequest", { key, requestId, nowMs })).answer,
    listSessions: async (query) => (await opened().reader.ask("listSessions", query)).answer,
    due: async (nowMs, limit) => (await opened().reader.ask("due", { nowMs, limit })).answer,
    async close() {
      const closing = workers ?? (await opening?.catch(() => undefined));
      opening = undefined;
      workers = undefined;
      if (closing === undefined) return;
      closing.housekeeping.stop();
      // The writer last: it brings everything into the file, which a reader could keep it from.
      try {
        await closing.reader.end();
      } finally {
        await closing.writer.end();
      }
    },
  };
}

/** Starts and opens both workers, or neither. */
async function start(setup: {
  readonly file: string;
  readonly inMemory: boolean;
  readonly durability: Durability;
  readonly clock: Clock;
}): Promise<Workers> {
  const { file, inMemory, durability, clock } = setup;
  const started = (role: "writer" | "reader") => startWorker({ file, role, durability });
  // What is in memory is gone with its thread.
  const inOneThread = () => {
    const only = started("writer");
    return { writer: only, reader: only };
  };
  const inTwoThreads = () =>
    recovering(
      lasting(() => started("writer")),
      lasting(() => started("reader")),
    );
  const { writer, reader } = inMemory ? inOneThread() : inTwoThreads();
  try {
    // The threads start side by side; the reader's file is there once the writer has it open.
    const { lastNowMs } = (await writer.ask("open", undefined)).answer;
    await reader.ask("open", undefined);
    return { writer, reader, housekeeping: housekeeping(writer, clock, steadyNow(clock, lastNowMs)) };
  } catch (error) {
    await Promise.allSettled([reader.end(), writer.end()]);
    throw error;
  }
}
