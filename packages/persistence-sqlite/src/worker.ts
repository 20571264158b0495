/** A thread that owns one connection to the file and answers one message after another. Everything of SQLite runs here. */
import { parentPort, workerData } from "node:worker_threads";
import type { Database } from "better-sqlite3";
import { IN_MEMORY, openReader, openWriter } from "./connections.ts";
import { describeFailure, refusal } from "./errors.ts";
import { checkDirectory, checkFile } from "./file-checks.ts";
import { type Answer, type Method, type Questions, type Reply, type Request, transferred, type WorkerSetup } from "./messages.ts";
import { type Ownership, takeOwnership } from "./ownership.ts";
import { unpackDeltas } from "./packed-deltas.ts";
import { type Reading, reading } from "./reading.ts";
import { reopen } from "./recovery.ts";
import { checkpoint, giveBack } from "./space.ts";
import { isUnfinished } from "./unfinished-file.ts";
import { type Writing, writing } from "./writing.ts";

/** What an open worker holds. */
interface Open {
  readonly db: Database;
  readonly reads: Reading;
  readonly writes: Writing | undefined;
  readonly ownership: Ownership | undefined;
}

const setup = workerData as WorkerSetup;
const port = parentPort as NonNullable<typeof parentPort>;
let current: Open | undefined;

function openAsWriter({ file, durability }: WorkerSetup): Open {
  let ownership: Ownership | undefined;
  try {
    if (file !== IN_MEMORY) {
      checkDirectory(file);
      ownership = takeOwnership(file);
      if (!isUnfinished(file)) checkFile(file);
    }
    const db = openWriter(file, durability);
    return { db, reads: reading(db), writes: writing(db), ownership };
  } catch (error) {
    ownership?.release();
    throw error;
  }
}

function openAsReader({ file }: WorkerSetup): Open {
  const db = openReader(file);
  return { db, reads: reading(db), writes: undefined, ownership: undefined };
}

const opened = (): Open => {
  if (current === undefined) throw refusal("STORE_CLOSED", `the store ${setup.file} is not open`);
  return current;
};
const writes = (): Writing => {
  const { writes: found } = opened();
  if (found === undefined) throw new Error("only the writer can do that");
  return found;
};
const writer = (): Database => {
  writes();
  return opened().db;
};

function close(): void {
  const closing = current;
  current = undefined;
  if (closing === undefined) return;
  try {
    // Everything into the file, so that the file alone is the store.
    if (closing.writes !== undefined && closing.db.open) closing.db.pragma("wal_checkpoint(TRUNCATE)");
  } finally {
    closing.db.close();
    closing.ownership?.release();
  }
}

type Handlers = { readonly [M in Method]: (question: Questions[M], values: ArrayBuffer | undefined) => Answer<M> };

const handlers: Handlers = {
  open() {
    current ??= setup.role === "writer" ? openAsWriter(setup) : openAsReader(setup);
    return { answer: current.writes?.numbers() ?? { lastNowMs: 0, lastDeletedRevision: 0 } };
  },
  load: (key) => opened().reads.load(key),
  loadValues: (question) => opened().reads.loadValues(question),
  findRequest: (question) => opened().reads.findRequest(question),
  save: (fields, values) => ({ answer: writes().save(unpackDeltas({ fields, values })) }),
  listSessions: (query) => opened().reads.listSessions(query),
  due: (question) => opened().reads.due(question),
  forgetRequests: (question) => ({ answer: writes().forgetRequests(question) }),
  checkpoint: () => ({ answer: checkpoint(writer()) }),
  recover() {
    const db = reopen(writer(), setup.file, setup.durability);
    current = { ...opened(), db, reads: reading(db), writes: writing(db) };
    return { answer: undefined };
  },
  giveBack: () => ({ answer: giveBack(writer()) }),
  close() {
    close();
    return { answer: undefined };
  },
};

port.on("message", ({ id, method, question, values }: Request) => {
  let reply: Reply;
  try {
    const handler = handlers[method] as (question: Questions[Method], values: ArrayBuffer | undefined) => Answer;
    const answer = handler(question, values);
    reply = { id, ok: true, answer: answer.answer, values: answer.values };
  } catch (error) {
    reply = { id, ok: false, ...describeFailure(error) };
  }
  port.postMessage(reply, transferred(reply.ok ? reply.values : undefined));
  if (method === "close") port.close();
});
