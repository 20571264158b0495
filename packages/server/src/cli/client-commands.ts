/** get, set, delete, list, sessions: one RPC each, JSON on standard output. */
import type { CallOptions, Operation, OperationResult, VariableTtl } from "@session-bridge/core/internal";
import { type Command, Option } from "commander";
import { CLIENT_OPTIONS } from "../config/options.ts";
import { UsageError } from "../config/resolve.ts";
import { EXIT } from "./exit-code.ts";
import type { CommandIo, RemotePort } from "./io.ts";
import { jsonToValue, stringToValue } from "./json-to-value.ts";
import { addOptions, resolvedOrPrinted } from "./options.ts";
import { valueToJson } from "./value-to-json.ts";

/** Does what a command is for, and says how it ended. */
export type Ask = (port: RemotePort, call: CallOptions) => Promise<number>;

/** Adds the commands that ask a server. `ended` takes the exit code. */
export function addClientCommands(program: Command, io: CommandIo, ended: (exitCode: number) => void): void {
  const add = (parent: Command, usage: string, description: string, ask: (command: Command) => Ask): Command => {
    const command = addOptions(parent.command(usage).description(description), CLIENT_OPTIONS);
    return command.action(async () => ended(await askServer(command, io, ask(command))));
  };

  add(program, "get <session> <name>", "print a variable's value as JSON", (command) => async (port, call) => {
    const [session = "", name = ""] = command.args;
    const { variable } = await port.getVariable(session, name, call);
    if (variable === undefined) return notFound(io, `session ${quote(session)} has no variable ${quote(name)}`);
    io.print(`${valueToJson({ bytes: variable.bytes, encoding: variable.encoding })}\n`);
    return EXIT.ok;
  });

  add(
    program,
    "set <session> <name> [value]",
    "write a variable; the value is JSON, or - for standard input",
    (command) => async (port, call) => {
      const [session = "", name = ""] = command.args;
      const operation = await setOperation(command, name, io);
      const { results } = await port.update(session, { operations: [operation] }, call);
      printLine(io, { revision: (results[0] as OperationResult).revision });
      return EXIT.ok;
    },
  )
    .addOption(new Option("--string <text>", "the value is this text"))
    .addOption(new Option("--ttl <seconds|never|keep>", "how long the variable lives; left out, a deadline that it has is cleared"))
    .addOption(ifRevisionOption());

  add(program, "delete <session> <name>", "delete a variable", (command) => async (port, call) => {
    const [session = "", name = ""] = command.args;
    const operation: Operation = { kind: "delete", name, ifRevision: ifRevision(command) };
    const { results } = await port.update(session, { operations: [operation] }, call);
    const deleted = (results[0] as OperationResult).applied;
    printLine(io, { deleted });
    return deleted ? EXIT.ok : EXIT.notFound;
  }).addOption(ifRevisionOption());

  add(program, "list <session>", "print what is known of the variables, one JSON line each", (command) => async (port, call) => {
    const { variables } = await port.listVariables(command.args[0] ?? "", prefixOf(command), call);
    for (const variable of variables) printLine(io, variable);
    return EXIT.ok;
  }).addOption(prefixOption());

  addSessionCommands(program.command("sessions").description("look at and delete sessions"), add, io);
}

function addSessionCommands(
  sessions: Command,
  add: (parent: Command, usage: string, description: string, ask: (command: Command) => Ask) => Command,
  io: CommandIo,
): void {
  add(sessions, "list", "print what is known of the sessions, one JSON line each", (command) => async (port, call) => {
    const filter = { prefix: prefixOf(command), labels: labelsOf(command) };
    let after: string | undefined;
    do {
      const page = await port.listSessions(filter, after === undefined ? {} : { after }, call);
      for (const session of page.sessions) printLine(io, session);
      after = page.next;
    } while (after !== undefined);
    return EXIT.ok;
  })
    .addOption(prefixOption())
    .addOption(labelOption());

  add(sessions, "show <session>", "print what is known of a session", (command) => async (port, call) => {
    printLine(io, await port.getSession(command.args[0] ?? "", call));
    return EXIT.ok;
  });

  add(sessions, "delete <session>", "delete a session and all of its variables", (command) => async (port, call) => {
    const { deleted } = await port.deleteSession(command.args[0] ?? "", call);
    printLine(io, { deleted });
    return deleted ? EXIT.ok : EXIT.notFound;
  });
}

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

async function setOperation(command: Command, name: string, io: CommandIo): Promise<Operation> {
  const { string: text, ttl } = command.opts<{ string?: string; ttl?: string }>();
  const json = command.args[2];
  if ((text === undefined) === (json === undefined))
    throw new UsageError("set needs either a JSON value (or - for standard input) or --string");
  const value = text === undefined ? readJson(json === "-" ? await io.readStdin() : (json ?? "")) : stringToValue(text);
  return { kind: "set", name, value, ttl: ttl === undefined ? undefined : parseTtl(ttl), ifRevision: ifRevision(command) };
}

function readJson(text: string) {
  try {
    return jsonToValue(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new UsageError(`the value: ${error.message} (a text is given with --string)`);
  }
}

function parseTtl(text: string): VariableTtl {
  if (text === "never" || text === "keep") return text;
  const ttlMs = /^\d+(?:\.\d+)?$/.test(text) ? Math.round(Number(text) * 1000) : 0;
  if (ttlMs < 1) throw new UsageError(`--ttl: expected seconds greater than 0, never or keep, not ${quote(text)}`);
  return ttlMs;
}

function ifRevisionOption(): Option {
  return new Option("--if-revision <revision>", "only if the variable has this revision; 0: only if there is none");
}

const ifRevision = (command: Command): number | undefined =>
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

function notFound(io: CommandIo, message: string): number {
  io.complain(`session-bridge: ${message}\n`);
  return EXIT.notFound;
}

function printLine(io: CommandIo, document: object): void {
  io.print(`${JSON.stringify(document)}\n`);
}

function quote(text: string): string {
  return JSON.stringify(text);
}
