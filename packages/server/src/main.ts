/** The composition root: the only module that knows the stores and the client, and loads only what a command needs. */
import { text } from "node:stream/consumers";
import { setFlagsFromString } from "node:v8";
import type { SessionPersistence } from "@session-bridge/core/internal";
import type { Summary } from "@session-bridge/telemetry";
import { EXIT } from "./cli/exit-code.ts";
import type { RemotePort } from "./cli/io.ts";
import { run } from "./cli/program.ts";
import { fileChunks, fileSink, streamSink } from "./cli/text-files.ts";
import type { StoreConfig } from "./config/serve-config.ts";

// V8 learns to make some objects of a call where old ones live, after a full collection in the middle of calls, and dead ones there keep what
// they know alive: a quarter of all that calls over gRPC leave behind was copied as if it lived.
setFlagsFromString("--no-allocation-site-pretenuring");

// Whoever reads our output may stop reading, as `head` does.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

// `serve` listens to signals itself, and stops in order.
if (process.argv[2] !== "serve") process.once("SIGINT", () => process.exit(EXIT.interrupted));

process.exitCode = await run(process.argv.slice(2), {
  print: (output) => void process.stdout.write(output),
  printLive: (output) => new Promise((taken) => process.stdout.write(output, () => taken())),
  colours: process.stdout.isTTY === true && process.env.NO_COLOR === undefined,
  complain: (output) => void process.stderr.write(output),
  readStdin: () => text(process.stdin),
  openOutput: async (file, force) => (file === undefined ? streamSink(process.stdout) : fileSink(file, force)),
  openInput: (file) => (file === undefined ? process.stdin : fileChunks(file)),
  environment: process.env,
  openStore,
  connect,
  checkStore: async (file, onProgress) => (await import("@session-bridge/persistence-sqlite")).checkStore(file, onProgress),
  backupStore: async (file, target, onProgress) =>
    (await import("@session-bridge/persistence-sqlite")).backupStore(file, target, onProgress),
  startTelemetry: async (start) => (await import("@session-bridge/telemetry")).telemetry(start),
  formatSummary: async (summary) => (await import("@session-bridge/telemetry")).formatSummary(summary as Summary),
  async fetchPage(url, timeoutMs) {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
    return { status: response.status, text: await response.text() };
  },
  showProgress(line) {
    if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${line}`);
  },
});

async function openStore(store: StoreConfig): Promise<SessionPersistence | undefined> {
  if (store.kind === "memory") return undefined;
  const { sqlitePersistence } = await import("@session-bridge/persistence-sqlite");
  // What is saved in the background may as well be saved for good.
  return sqlitePersistence({ file: store.file, durability: store.durability === "write-behind" ? "fsync" : store.durability });
}

async function connect(address: string): Promise<RemotePort> {
  const { remotePort } = await import("@session-bridge/client/internal");
  return remotePort(address);
}
