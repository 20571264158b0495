/** The processes of the benchmark, and the processor time that they use. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createInterface, type Interface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const COMMAND = path("../../packages/server/bin/session-bridge.js");

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Starts a program of Node's; gives it with the lines that it says. */
function start(args: readonly string[], environment: NodeJS.ProcessEnv): { readonly child: ChildProcess; readonly lines: Interface } {
  const child = spawn(process.execPath, args, { env: { ...process.env, ...environment }, stdio: ["pipe", "pipe", "inherit"] });
  running.add(child);
  child.once("exit", () => running.delete(child));
  return { child, lines: createInterface({ input: child.stdout as Readable }) };
}

const firstLine = async (lines: Interface): Promise<string> => String((await once(lines, "line"))[0]);

/** A collector that takes everything. */
export interface Collector {
  readonly endpoint: string;
  /** Ends it; how many bytes it got. */
  stop(): Promise<number>;
}

/** Starts a collector. */
export async function collector(): Promise<Collector> {
  const { child, lines } = start([path("collector.ts")], {});
  return {
    endpoint: await firstLine(lines),
    async stop() {
      const total = firstLine(lines);
      child.stdin?.end();
      return Number(await total);
    },
  };
}

/** A server that keeps sessions in memory. */
export interface Server {
  readonly address: string;
  /** Nanoseconds of processor time that all of its threads have used. */
  processorNs(): number;
  stop(): Promise<void>;
}

/** Starts a server on a free port. */
export async function server(flags: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Server> {
  const serve = ["serve", "--listen", "127.0.0.1:0", "--store", "memory", "--log-level", "warn", ...flags];
  const { child, lines } = start([COMMAND, ...serve], environment);
  const { address } = JSON.parse(await firstLine(lines)) as { readonly address: string };
  const tasks = `/proc/${child.pid}/task`;
  return {
    address,
    // The first number of schedstat: https://docs.kernel.org/scheduler/sched-stats.html
    processorNs: () =>
      readdirSync(tasks).reduce((sum, task) => sum + Number.parseInt(readFileSync(`${tasks}/${task}/schedstat`, "utf8"), 10), 0),
    async stop() {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
    },
  };
}
