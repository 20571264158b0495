/** What others notice while somebody's session is loaded, swept or listed, or while the whole store is copied [P23]. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { connect } from "@session-bridge/client";
import { sqlitePersistence } from "@session-bridge/persistence-sqlite";
import type { Table } from "./report.ts";
import { COMMAND } from "./server-process.ts";
import { storedSession, storedSessions } from "./stored-sessions.ts";
import { copyToDisk, LATENESS_COLUMNS, latenessRow } from "./sweep.ts";
import { type Lateness, type WatchedServer, watchedServer } from "./watched.ts";

const AIM_MS = 50;
const QUIET_MS = 5_000;
const STORED = { sessions: 100_000, variables: 10, expired: false };
/** As many variables as a session may have, and as many bytes. */
const WIDE = { variables: 1_000, bytes: 200 };
const HEAVY = { variables: 15, bytes: 1024 * 1024 - 1024 };
const [LOADED, SWEPT_WIDE, SWEPT_HEAVY] = [40, 200, 50];

/** Lets each of them happen beside the same requests. */
export async function neighbours({ directory }: { readonly directory: string }): Promise<Table> {
  const found: (readonly [meanwhile: string, lateness: Lateness])[] = [];
  const file = join(directory, "stored.db");
  copyToDisk(await storedSessions(STORED), file);
  for (const [prefix, like] of [["wide", WIDE] as const, ["heavy", HEAVY] as const]) await add(file, prefix, LOADED, like, false);
  const server = await watchedServer(file);
  try {
    const beside = async (meanwhile: string, work: () => Promise<unknown>): Promise<void> => {
      found.push([meanwhile, await server.during(work)]);
    };
    const all = `of ${STORED.sessions.toLocaleString("en")} sessions`;
    await beside("nothing else", () => sleep(QUIET_MS));
    await beside(`${LOADED} sessions of 1,000 variables are loaded`, () => readAll(server, "wide"));
    await beside(`${LOADED} sessions of 15 MiB are read`, () => readAll(server, "heavy"));
    await beside(`listings ${all}, by a label that none has`, () => listTwice(server));
    await beside(`a backup ${all}`, () => command("backup", "--store", `sqlite:${file}`, join(directory, "backup.db")));
    await beside(`an export ${all}`, () => command("export", "--address", server.address, join(directory, "export.jsonl")));
  } finally {
    await server.stop();
  }
  found.push([`a sweep of ${SWEPT_WIDE} sessions of 1,000 variables`, await swept(join(directory, "wide.db"), SWEPT_WIDE, WIDE)]);
  found.push([`a sweep of ${SWEPT_HEAVY} sessions of 15 MiB`, await swept(join(directory, "heavy.db"), SWEPT_HEAVY, HEAVY)]);
  return {
    title: "What others notice",
    method: [
      "A server with durability fsync serves a write and a read of other sessions every 10 ms, while one thing after another goes on beside.",
      "The thread's delay is that of its event loop. Everything runs on one machine, the client, the backup and the export too.",
    ].join("\n"),
    columns: LATENESS_COLUMNS,
    rows: found.map(([meanwhile, lateness], i) => latenessRow(meanwhile, lateness, i === 0 ? undefined : AIM_MS)),
    figures: Object.fromEntries(found),
  };
}

async function add(
  file: string,
  prefix: string,
  count: number,
  like: { variables: number; bytes: number },
  expired: boolean,
): Promise<void> {
  const store = sqlitePersistence({ file, durability: "commit" });
  await store.open();
  for (let n = 0; n < count; n++) await store.save([storedSession(`${prefix}-${n}`, { ...like, expired })]);
  await store.close();
}

async function swept(file: string, count: number, like: { variables: number; bytes: number }): Promise<Lateness> {
  await add(file, "expired", count, like, true);
  const server = await watchedServer(file);
  try {
    const done = Promise.withResolvers<void>();
    server.onSwept((due) => due === 0 && done.resolve());
    return await server.during(() => done.promise);
  } finally {
    await server.stop();
  }
}

async function readAll({ address }: WatchedServer, prefix: string): Promise<void> {
  const bridge = connect(address, { timeoutMs: 30_000 });
  for (let n = 0; n < LOADED; n++) await bridge.session(`${prefix}-${n}`).getAll();
  await bridge.close();
}

async function listTwice({ address }: WatchedServer): Promise<void> {
  const bridge = connect(address, { timeoutMs: 30_000 });
  for (let i = 0; i < 2; i++)
    for await (const { id } of bridge.listSessions({ labels: { team: "none" } })) throw new Error(`${id} is listed`);
  await bridge.close();
}

const command = (...args: readonly string[]) => promisify(execFile)(process.execPath, [COMMAND, ...args]);
