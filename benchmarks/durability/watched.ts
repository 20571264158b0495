/** A server whose thread is watched while somebody calls it at a steady pace and something else goes on. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Caller, caller, stringValue } from "./grpc-caller.ts";
import type { Told } from "./measured-server.ts";
import { type Durations, durations } from "./report.ts";

const SCRIPT = fileURLToPath(new URL("./measured-server.ts", import.meta.url));
/** A write and a read each time, without waiting for the ones before: a server that hangs delays all of them, not only one. */
const PACE_MS = 10;
const SESSIONS = 50;
const VALUE = stringValue("x".repeat(100));

/** How late everything was while something went on. */
export interface Lateness {
  readonly requests: Durations;
  readonly thread: Omit<Durations, "count">;
}

/** A server on a file, in a process of its own. */
export interface WatchedServer {
  readonly address: string;
  /** How many sessions were due, sweep by sweep. */
  onSwept(hear: (due: number) => void): void;
  /** Calls the server at its pace until `work` has ended. Rejects when a call fails or is not answered in 30 s. */
  during(work: () => Promise<unknown>): Promise<Lateness>;
  stop(): Promise<void>;
}

/** Starts one. */
export async function watchedServer(file: string): Promise<WatchedServer> {
  const child = fork(SCRIPT, [file], { execArgv: [] });
  const ended = once(child, "exit");
  const [ready] = (await Promise.race([once(child, "message"), ended])) as [Told];
  if (ready?.kind !== "ready") throw new Error("the server ended before it was ready");
  const client = caller(ready.address);
  return {
    address: ready.address,
    onSwept: (hear) => void child.on("message", (told: Told) => told.kind === "swept" && hear(told.due)),
    async during(work) {
      await delaysOf(child);
      const requests = await called(client, work);
      return { requests, thread: await delaysOf(child) };
    },
    async stop() {
      client.close();
      child.disconnect();
      await ended;
    },
  };
}

async function called(client: Caller, work: () => Promise<unknown>): Promise<Durations> {
  let isOver = false;
  const working = work().finally(() => {
    isOver = true;
  });
  const waits: Promise<number>[] = [];
  for (let i = 0; !isOver; i++) {
    const session = `served-${i % SESSIONS}`;
    waits.push(
      timed(() => client.set(session, "name", VALUE)),
      timed(() => client.get(session, "name")),
    );
    await sleep(PACE_MS);
  }
  const [found] = await Promise.all([Promise.all(waits), working]);
  return durations(found);
}

async function timed(call: () => Promise<unknown>): Promise<number> {
  const sent = performance.now();
  await call();
  return performance.now() - sent;
}

async function delaysOf(child: ChildProcess): Promise<Lateness["thread"]> {
  return new Promise((resolve) => {
    const hear = (told: Told): void => {
      if (told.kind !== "delays") return;
      child.off("message", hear);
      const { kind: _, ...delays } = told;
      resolve(delays);
    };
    child.on("message", hear);
    child.send("delays");
  });
}
