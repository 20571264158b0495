/** The calling side of one worker: questions out, promises back. */
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { refusal, SqliteStoreError } from "./errors.ts";
import { type Answer, type Method, type Questions, type Reply, type Request, transferred, type WorkerSetup } from "./messages.ts";

/** A worker that can be asked. */
export interface WorkerLink {
  /** Rejects with a SqliteStoreError: SQLite's own code, a refusal's, or WORKER_DEAD when the thread ended before it answered. */
  ask<M extends Method>(method: M, question: Questions[M], values?: ArrayBuffer): Promise<Answer<M>>;
  /** Closes the connection after what was asked before and ends the thread; rejects when closing failed. A dead one is just gone. */
  end(): Promise<void>;
}

interface Waiting {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

/** Starts a worker. It keeps the process alive only while somebody waits for it. */
export function startWorker(setup: WorkerSetup): WorkerLink {
  // The worker is the sibling of this file: .ts when it runs from source, .js when built.
  const script = new URL(`./worker${extname(import.meta.url)}`, import.meta.url);
  // The program's own flags are not the worker's: --input-type, for one, would keep it from starting.
  const worker = new Worker(script, { workerData: setup, execArgv: [] });
  const waiting = new Map<number, Waiting>();
  const exited = Promise.withResolvers<void>();
  let last = 0;
  let dead: SqliteStoreError | undefined;
  let ended: Promise<void> | undefined;
  worker.unref();

  const die = (cause: unknown): void => {
    dead ??= refusal("WORKER_DEAD", `the ${setup.role}'s thread of the store ${setup.file} has ended`, cause);
    for (const { reject } of waiting.values()) reject(dead);
    waiting.clear();
  };
  worker.on("error", die);
  worker.on("messageerror", die);
  worker.on("exit", () => {
    die(undefined);
    exited.resolve();
  });
  worker.on("message", (reply: Reply) => {
    const call = waiting.get(reply.id);
    waiting.delete(reply.id);
    if (waiting.size === 0) worker.unref();
    if (reply.ok) call?.resolve({ answer: reply.answer, values: reply.values });
    else call?.reject(new SqliteStoreError(reply.code, reply.message));
  });

  const ask = <M extends Method>(method: M, question: Questions[M], values?: ArrayBuffer): Promise<Answer<M>> =>
    new Promise((resolve, reject) => {
      if (dead !== undefined) throw dead;
      const request: Request<M> = { id: ++last, method, question, values };
      worker.postMessage(request, transferred(values));
      waiting.set(request.id, { resolve: resolve as Waiting["resolve"], reject });
      worker.ref();
    });

  async function end(): Promise<void> {
    try {
      if (dead === undefined) await ask("close", undefined);
    } finally {
      worker.ref();
      await exited.promise;
    }
  }

  return {
    ask,
    end() {
      ended ??= end();
      return ended;
    },
  };
}
