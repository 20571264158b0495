/** history, checkpoint, checkpoints, rollback, declare, declarations. */
import {
  type CallOptions,
  type HistoryItem,
  MAX_HISTORY_ENTRIES,
  type Operation,
  type OperationResult,
} from "@session-bridge/core/internal";
import { type Command, Option } from "commander";
import { UsageError } from "../config/resolve.ts";
import { type AddCommand, type Ask, ifRevision, ifRevisionOption, notFound, printLine, quote, readJson, revisionOf } from "./asking.ts";
import { EXIT } from "./exit-code.ts";
import type { CommandIo, RemotePort } from "./io.ts";
import { valueToJson } from "./value-to-json.ts";

/** Adds the commands. */
export function addPastCommands(program: Command, io: CommandIo, add: AddCommand): void {
  addHistory(program, io, add);
  addCheckpoints(program, io, add);
  addDeclarations(program, io, add);
}

function addHistory(program: Command, io: CommandIo, add: AddCommand): void {
  add(
    program,
    "history <session> <name>",
    "print what a variable was before, newest first, one JSON line each; with --restore write one of them again",
    (command) => {
      const { restore, limit } = command.opts<{ restore?: string; limit?: string }>();
      const revision = revisionOf("--restore", restore);
      if (revision !== undefined && limit !== undefined) throw new UsageError("history takes --restore or --limit, not both");
      const condition = ifRevision(command);
      if (revision === undefined && condition !== undefined) throw new UsageError("--if-revision is for --restore");
      if (revision === undefined) return printHistory(command, limitOf(limit), io);
      return restoring(command, revision, condition, io);
    },
  )
    .addOption(new Option("--limit <n>", "at most so many"))
    .addOption(new Option("--restore <revision>", "write again what the variable was at this revision, and print the new one"))
    .addOption(ifRevisionOption());
}

const printHistory =
  (command: Command, limit: number, io: CommandIo): Ask =>
  async (port, call) => {
    const [session = "", name = ""] = command.args;
    for await (const item of historyOf(port, session, name, limit, call)) io.print(`${historyLine(item)}\n`);
    return EXIT.ok;
  };

async function* historyOf(port: RemotePort, session: string, name: string, limit: number, call: CallOptions): AsyncGenerator<HistoryItem> {
  let before: number | undefined;
  for (let left = limit; left > 0; ) {
    const { items, next } = await port.getHistory(session, name, { before, limit: left }, call);
    yield* items;
    if (next === undefined) return;
    before = next;
    left -= items.length;
  }
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return MAX_HISTORY_ENTRIES;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError(`--limit: expected a number of entries, 1 or more, not ${quote(text)}`);
  return Number(text);
}

function historyLine(item: HistoryItem): string {
  if (item.kind !== "set") return JSON.stringify({ kind: item.kind, name: item.name, revision: item.revision, atMs: item.atMs });
  const { name, type, bytes, revision, updatedAtMs: atMs, expiresAtMs } = item.variable;
  const about = JSON.stringify({ type, sizeBytes: bytes.length, revision, atMs, expiresAtMs });
  return `{"kind":"set","name":${JSON.stringify(name)},"value":${valueToJson(item.variable)},${about.slice(1)}`;
}

const restoring =
  (command: Command, revision: number, condition: number | undefined, io: CommandIo): Ask =>
  async (port, call) => {
    const [session = "", name = ""] = command.args;
    const result = await change(port, session, { kind: "restore", name, revision, ifRevision: condition }, call);
    printLine(io, { revision: result.revision });
    return EXIT.ok;
  };

function addCheckpoints(program: Command, io: CommandIo, add: AddCommand): void {
  add(program, "checkpoint <session> <label>", "name the present state of a session, to go back to", (command) => async (port, call) => {
    const [session = "", label = ""] = command.args;
    if (command.opts<{ delete?: boolean }>().delete) {
      const { applied: deleted } = await change(port, session, { kind: "delete_checkpoint", name: "", label }, call);
      printLine(io, { deleted });
      return deleted ? EXIT.ok : EXIT.notFound;
    }
    const { revision } = await change(port, session, { kind: "checkpoint", name: "", label }, call, true);
    printLine(io, { revision });
    return EXIT.ok;
  }).option("--delete", "forget the state of this name");

  add(
    program,
    "checkpoints <session>",
    "print the states that have names, oldest first, one JSON line each",
    (command) => async (port, call) => {
      const { checkpoints } = await port.listCheckpoints(command.args[0] ?? "", call);
      for (const checkpoint of checkpoints) printLine(io, checkpoint);
      return EXIT.ok;
    },
  );

  add(
    program,
    "rollback <session> <label>",
    "make all variables what they were at a checkpoint; prints how many were written or deleted",
    (command) => async (port, call) => {
      const [session = "", label = ""] = command.args;
      const { count: changed } = await change(port, session, { kind: "rollback", name: "", label }, call, true);
      printLine(io, { changed });
      return EXIT.ok;
    },
  );
}

function addDeclarations(program: Command, io: CommandIo, add: AddCommand): void {
  add(
    program,
    "declare <session> <name> [schema]",
    "refuse values of a variable that do not fit a schema from now on; it is JSON Schema, or - for standard input",
    (command) => async (port, call) => {
      const [session = "", name = "", given] = command.args;
      const isEnd = command.opts<{ end?: boolean }>().end === true;
      if (isEnd === (given !== undefined)) throw new UsageError("declare needs either a JSON Schema (or - for standard input) or --end");
      const schema = given === undefined ? undefined : await readSchema(given, io);
      const { applied, revision } = await change(port, session, { kind: "declare", name, schema }, call);
      if (isEnd && !applied) return notFound(io, `session ${quote(session)} declares no variable ${quote(name)}`);
      printLine(io, isEnd ? { ended: true } : { revision });
      return EXIT.ok;
    },
  ).option("--end", "take any value again");

  add(program, "declarations <session>", "print what is declared, one JSON line each", (command) => async (port, call) => {
    const { declarations } = await port.listDeclarations(command.args[0] ?? "", call);
    for (const { name, schema, revision } of declarations) {
      io.print(`{"name":${JSON.stringify(name)},"schema":${valueToJson({ bytes: schema, encoding: "" })},"revision":${revision}}\n`);
    }
    return EXIT.ok;
  });
}

async function readSchema(given: string, io: CommandIo): Promise<Uint8Array> {
  const { bytes, encoding } = await readJson(given, io, "the schema");
  if (encoding !== "") throw new UsageError("the schema: a JSON Schema has no encoding");
  return bytes;
}

async function change(
  port: RemotePort,
  session: string,
  operation: Operation,
  call: CallOptions,
  mustExist = false,
): Promise<OperationResult> {
  const { results } = await port.update(session, { operations: [operation], mustExist }, call);
  return results[0] as OperationResult;
}
