/** The built command as a process of its own, and what the operating system says of it. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";

/** The command, as npm installs it. */
export const COMMAND = fileURLToPath(new URL("../../packages/server/bin/session-bridge.js", import.meta.url));

/** A server that serves on loopback. */
export interface ServerProcess {
  readonly address: string;
  readonly pid: number;
  /** Where its inspector listens. */
  readonly inspector: string;
  stop(): Promise<void>;
}

/** Starts `session-bridge serve` on a free port. Rejects when it ends before it is ready. */
export async function serverProcess(args: readonly string[]): Promise<ServerProcess> {
  const serve = ["serve", "--listen", "127.0.0.1:0", "--log-level", "error", ...args];
  const child = spawn(process.execPath, ["--inspect=127.0.0.1:0", COMMAND, ...serve], { stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(child, "exit");
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  const said = (output: Readable, pattern: RegExp): Promise<string> => Promise.race([firstMatch(output, pattern), ended.then(complain)]);
  const [inspector, address] = await Promise.all([said(child.stderr, /ws:\/\/\S+/), said(child.stdout, /(?<="address":")[^"]+/)]);
  child.stderr.resume();
  return {
    address,
    inspector,
    pid: child.pid ?? 0,
    async stop() {
      child.kill("SIGTERM");
      await ended;
      process.off("exit", kill);
    },
  };
}

async function firstMatch(output: Readable, pattern: RegExp): Promise<string> {
  for await (const line of createInterface({ input: output })) {
    const found = pattern.exec(line)?.[0];
    if (found !== undefined) return found;
  }
  throw new Error(`the server never said ${pattern}`);
}

function complain([code]: readonly unknown[]): never {
  throw new Error(`the server ended with ${String(code)} before it was ready`);
}

/** A process's resident set in bytes. */
export function residentBytes(pid: number): number {
  if (process.platform !== "linux") return Number(execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" })) * 1024;
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
}

/** What a process has read by calls of the operating system, files and sockets alike, in bytes; NaN where nobody counts it. */
export function readBytes(pid: number): number {
  if (process.platform !== "linux") return Number.NaN;
  return Number(/rchar:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/io`, "utf8"))?.[1]);
}

/** What a process has used of processors, in milliseconds; NaN where nobody counts it. */
export function processorMs(pid: number): number {
  if (process.platform !== "linux") return Number.NaN;
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
