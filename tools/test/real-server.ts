import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { root } from "./repository.ts";

/** A built server that runs as a process of its own, on a SQLite file in a folder that is removed with it. */
export interface RealServer {
  readonly address: string;
  readonly pid: number;
  /** Stops it by its process id and removes its folder. */
  stop(): Promise<void>;
}

/** Starts the built server on a free port of loopback; returns when it is ready to serve. */
export async function startRealServer(): Promise<RealServer> {
  const folder = mkdtempSync(join(tmpdir(), "real-server-"));
  const args = [join(root, "packages/server/bin/session-bridge.js"), "serve", "--listen", "127.0.0.1:0", "--log-level", "warn"];
  const child = spawn(process.execPath, [...args, "--store", `sqlite:${join(folder, "sessions.db")}`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  return { address: await readyAddress(child), pid: child.pid ?? 0, stop: () => stop(child, folder) };
}

async function readyAddress(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error("no standard output");
  for await (const line of createInterface({ input: child.stdout })) return JSON.parse(line).address;
  throw new Error("the server ended before it was ready");
}

async function stop(child: ChildProcess, folder: string): Promise<void> {
  if (child.exitCode === null) {
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    await ended;
  }
  rmSync(folder, { recursive: true, force: true });
}
