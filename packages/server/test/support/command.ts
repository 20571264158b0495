/** The built command as a process. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

/** The command, as npm installs it. */
export const BIN = fileURLToPath(new URL("../../bin/session-bridge.js", import.meta.url));

/** A directory that goes with the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "session-bridge-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Spawned {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** Starts the command; it is killed by its own process id if the test ends first. */
export function spawnCommand(
  args: readonly string[],
  options: { readonly stdin?: string; readonly environment?: NodeJS.ProcessEnv } = {},
): Spawned {
  const environment = { ...process.env, ...options.environment };
  const child = spawn(process.execPath, [BIN, ...args], { env: environment, stdio: ["pipe", "pipe", "pipe"] });
  onTestFinished(() => void (child.exitCode === null && child.signalCode === null && child.kill("SIGKILL")));
  child.stdin.on("error", () => {});
  child.stdin.end(options.stdin ?? "");
  const output = Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return {
    child,
    ended: output.then(([stdout, stderr, [code, signal]]) => ({ code, signal, stdout, stderr }) as Ended),
  };
}

/** Runs the command to its end. */
export function runCommand(args: readonly string[], options: Parameters<typeof spawnCommand>[1] = {}): Promise<Ended> {
  return spawnCommand(args, options).ended;
}

/** Starts `serve` on a free port and waits for its ready line. */
export async function serveProcess(
  args: readonly string[] = ["--store", "memory"],
  environment: NodeJS.ProcessEnv = {},
): Promise<Spawned & { readonly address: string; readonly ready: Record<string, unknown> }> {
  const spawned = spawnCommand(["serve", "--listen", "127.0.0.1:0", ...args], { environment });
  const lines = createInterface({ input: spawned.child.stdout as NonNullable<ChildProcess["stdout"]> });
  const first = await Promise.race([once(lines, "line"), spawned.ended]);
  if (!Array.isArray(first)) throw new Error(`serve ended with ${first.code}: ${first.stderr}`);
  const ready = JSON.parse(String(first[0])) as Record<string, unknown>;
  return { ...spawned, ready, address: String(ready.address) };
}
