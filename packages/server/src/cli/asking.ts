/** What the commands that ask a server have in common: how they connect, their options, their lines. */
import type { CallOptions } from "@session-bridge/core/internal";
import type { EncodedValue } from "@session-bridge/core/values";
import { type Command, Option } from "commander";
import { CLIENT_OPTIONS } from "../config/options.ts";
import { UsageError } from "../config/resolve.ts";
import { EXIT } from "./exit-code.ts";
import type { CommandIo, RemotePort } from "./io.ts";
import { jsonToValue } from "./json-to-value.ts";
import { addOptions, resolvedOrPrinted } from "./options.ts";

/** Does what a command is for, and says how it ended. */
export type Ask = (port: RemotePort, call: CallOptions) => Promise<number>;

/** Adds a command that asks a server. */
export type AddCommand = (parent: Command, usage: string, description: string, ask: (command: Command) => Ask) => Command;

/** How commands that ask a server are added. `ended` takes the exit code. */
export const adding =
  (io: CommandIo, ended: (exitCode: number) => void): AddCommand =>
  (parent, usage, description, ask) => {
    const command = addOptions(parent.command(usage).description(description), CLIENT_OPTIONS);
    return command.action(async () => ended(await askServer(command, io, ask(command))));
  };

/** Connects, asks, closes; with --print-config only prints. */
export async function askServer(command: Command, io: CommandIo, ask: Ask): Promise<number> {
  const options = resolvedOrPrinted(command, CLIENT_OPTIONS, io);
  if (options === undefined) return EXIT.ok;
  const port = await io.connect(options.address);
  try {
    return await ask(port, { timeoutMs: Math.ceil(options.timeout * 1000) });
  } finally {
    await port.close();
  }
}

/** A value of an argument, or of standard input for `-`. Throws UsageError saying what it was to be. */
export async function readJson(given: string, io: CommandIo, what: string, hint = ""): Promise<EncodedValue> {
  const text = given === "-" ? await io.readStdin() : given;
  try {
    return jsonToValue(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new UsageError(`${what}: ${error.message}${hint}`);
  }
}

/** `--ttl`: milliseconds of the seconds given, or never. Throws UsageError saying what was expected. */
export function ttlOf(text: string, expected = "seconds greater than 0, or never"): number | "never" {
  if (text === "never") return text;
  const ttlMs = /^\d+(?:\.\d+)?$/.test(text) ? Math.round(Number(text) * 1000) : 0;
  if (ttlMs < 1) throw new UsageError(`--ttl: expected ${expected}, not ${quote(text)}`);
  return ttlMs;
}

/** `--if-revision`; `ifRevision` reads it. */
export function ifRevisionOption(): Option {
  return new Option("--if-revision <revision>", "only if the variable has this revision; 0: only if there is none");
}

/** The condition that was asked for. Throws UsageError. */
export const ifRevision = (command: Command): number | undefined =>
  revisionOf("--if-revision", command.opts<{ ifRevision?: string }>().ifRevision);

/** The revision that an option says. Throws UsageError. */
export function revisionOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(Number(text)))
    throw new UsageError(`${option}: expected a revision, not ${quote(text)}`);
  return Number(text);
}

/** `--prefix`; `prefixOf` reads it. */
export function prefixOption(): Option {
  return new Option("--prefix <text>", "only those that begin with this").default("");
}

/** The prefix that was asked for, "" for none. */
export function prefixOf(command: Command): string {
  return command.opts<{ prefix: string }>().prefix;
}

/** `--label`; `labelsOf` reads it. */
export function labelOption(): Option {
  return new Option("--label <key=value>", "only sessions with this label; may be given again").argParser(collected);
}

/** Collects what an option is given again and again. */
export function collected(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** The labels that were asked for. Throws UsageError. */
export function labelsOf(command: Command): Readonly<Record<string, string>> {
  const given = command.opts<{ label?: readonly string[] }>().label ?? [];
  return Object.fromEntries(
    given.map((label) => {
      const at = label.indexOf("=");
      if (at < 1) throw new UsageError(`--label: expected key=value, not ${quote(label)}`);
      return [label.slice(0, at), label.slice(at + 1)];
    }),
  );
}

/** Says what is not there, and gives the exit code of that. */
export function notFound(io: CommandIo, message: string): number {
  io.complain(`session-bridge: ${message}\n`);
  return EXIT.notFound;
}

/** Prints one line of JSON. */
export function printLine(io: CommandIo, document: object): void {
  io.print(`${JSON.stringify(document)}\n`);
}

/** A text as an error message shows it. */
export function quote(text: string): string {
  return JSON.stringify(text);
}
