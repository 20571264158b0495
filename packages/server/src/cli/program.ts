import { Command, CommanderError } from "commander";
import { VERSION } from "../version.ts";
import { adding } from "./asking.ts";
import { addClientCommands } from "./client-commands.ts";
import { EXIT, exitCodeOf, problemText } from "./exit-code.ts";
import { addExportCommand } from "./export-command.ts";
import { addImportCommand } from "./import-command.ts";
import type { CommandIo } from "./io.ts";
import { addPastCommands } from "./past-commands.ts";
import { addServeCommand } from "./serve-command.ts";
import { addSessionCommands } from "./session-commands.ts";
import { addStatsCommand } from "./stats-command.ts";
import { addStoreCommands } from "./store-commands.ts";
import { addWatchCommand } from "./watch-command.ts";

/** Runs a command line (without the program's name) and resolves to its exit code. Problems are said on standard error, one line each. */
export async function run(args: readonly string[], io: CommandIo): Promise<number> {
  let exitCode: number = EXIT.ok;
  const ended = (code: number): void => {
    exitCode = code;
  };
  const program = new Command("session-bridge")
    .description("Named, typed, durable variables that belong to a session, shared by every process and language that works for it.")
    .version(VERSION, "--version")
    .configureOutput({ writeOut: io.print, writeErr: io.complain })
    .exitOverride();
  addServeCommand(program, io, ended);
  const add = adding(io, ended);
  addClientCommands(program, io, add);
  addPastCommands(program, io, add);
  addSessionCommands(program, io, add);
  addWatchCommand(program, io, ended);
  addExportCommand(program, io, ended);
  addImportCommand(program, io, ended);
  addStoreCommands(program, io, ended);
  addStatsCommand(program, io, ended);
  for (const command of allCommands(program)) {
    // Sub-commands copy neither of these by themselves.
    command.copyInheritedSettings(program).exitOverride();
    if (command !== program) command.version(VERSION, "--version");
  }
  try {
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    // Commander has already said what is wrong with the arguments.
    if (!(error instanceof CommanderError)) io.complain(problemText(error));
    return exitCodeOf(error);
  }
}

function allCommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap((child) => allCommands(child as Command))];
}
