/** The command line in this process. */
import { remotePort } from "@session-bridge/client/internal";
import { backupStore, checkStore } from "@session-bridge/persistence-sqlite";
import { formatSummary, type Summary } from "@session-bridge/telemetry";
import type { CommandIo } from "../../src/cli/io.ts";
import { run } from "../../src/cli/program.ts";
import { fileChunks, fileSink } from "../../src/cli/text-files.ts";

export interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line to its end. `parts` replaces what the command would touch of the world. */
export async function commandLine(
  args: readonly string[],
  environment: CommandIo["environment"],
  stdin = "",
  parts: Partial<CommandIo> = {},
): Promise<Result> {
  let out = "";
  let err = "";
  const print = (text: string): void => {
    out += text;
  };
  const code = await run(args, {
    print,
    printLive: async (text) => print(text),
    colours: false,
    complain: (text) => {
      err += text;
    },
    readStdin: async () => stdin,
    openOutput: async (file, force) =>
      file === undefined ? { write: async (text) => print(text), finish: async () => {}, abandon: async () => {} } : fileSink(file, force),
    openInput: (file) => (file === undefined ? once(Buffer.from(stdin)) : fileChunks(file)),
    environment,
    openStore: async () => undefined,
    connect: async (address) => remotePort(address),
    checkStore,
    backupStore,
    startTelemetry: () => Promise.reject(new Error("no telemetry here")),
    formatSummary: async (summary) => formatSummary(summary as Summary),
    async fetchPage(url, timeoutMs) {
      const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
      return { status: response.status, text: await response.text() };
    },
    showProgress: () => {},
    ...parts,
  });
  return { code, out, err };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
