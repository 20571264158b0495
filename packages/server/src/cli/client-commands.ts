/** get, set, delete, list: one RPC each, JSON on standard output. */
import type { Operation, OperationResult, VariableTtl } from "@session-bridge/core/internal";
import { type Command, Option } from "commander";
import { UsageError } from "../config/resolve.ts";
import {
  type AddCommand,
  ifRevision,
  ifRevisionOption,
  notFound,
  prefixOf,
  prefixOption,
  printLine,
  quote,
  readJson,
  ttlOf,
} from "./asking.ts";
import { EXIT } from "./exit-code.ts";
import type { CommandIo } from "./io.ts";
import { stringToValue } from "./json-to-value.ts";
import { valueToJson } from "./value-to-json.ts";

/** Adds the commands. */
export function addClientCommands(program: Command, io: CommandIo, add: AddCommand): void {
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
}

async function setOperation(command: Command, name: string, io: CommandIo): Promise<Operation> {
  const { string: text, ttl } = command.opts<{ string?: string; ttl?: string }>();
  const json = command.args[2];
  if ((text === undefined) === (json === undefined))
    throw new UsageError("set needs either a JSON value (or - for standard input) or --string");
  const value = text === undefined ? await readJson(json ?? "", io, "the value", " (a text is given with --string)") : stringToValue(text);
  return { kind: "set", name, value, ttl: ttl === undefined ? undefined : variableTtl(ttl), ifRevision: ifRevision(command) };
}

/** `--ttl` of a variable. Throws UsageError. */
const variableTtl = (text: string): VariableTtl => (text === "keep" ? text : ttlOf(text, "seconds greater than 0, never or keep"));
