import { type Command, Option } from "commander";
import type { OptionTable, Resolved } from "../config/options.ts";
import { environmentName, resolveOptions, type Sources } from "../config/resolve.ts";
import type { CommandIo } from "./io.ts";

/** Adds the options of a table, `--config` and `--print-config`. Values stay text: `resolveOptions` judges them, whatever their source. */
export function addOptions(command: Command, table: OptionTable): Command {
  for (const [name, { placeholder, help, schema }] of Object.entries(table)) {
    command.addOption(new Option(`--${name} <${placeholder}>`, `${help} (default: ${String(schema.parse(undefined))})`));
  }
  const example = Object.keys(table)[0] ?? "";
  return command
    .option("--config <file>", "a JSON object of these options, such as the one that --print-config prints")
    .option("--print-config", "print the options in force as JSON and stop")
    .addHelpText(
      "after",
      `\nEach of these options with a default is also read from the environment (--${example}: ${environmentName(example)}), then from --config.`,
    );
}

/** Where the options of a parsed command come from. */
export function sourcesOf(command: Command, table: OptionTable, io: CommandIo): Sources & { readonly printConfig: boolean } {
  const given = command.opts<Record<string, unknown>>();
  const flags = Object.fromEntries(Object.keys(table).map((name) => [name, given[new Option(`--${name}`).attributeName()]]));
  const configFile = typeof given.config === "string" ? given.config : undefined;
  return { flags, environment: io.environment, configFile, printConfig: given.printConfig === true };
}

/** The options in force, or undefined after printing them. */
export function resolvedOrPrinted<Table extends OptionTable>(command: Command, table: Table, io: CommandIo): Resolved<Table> | undefined {
  const sources = sourcesOf(command, table, io);
  const options = resolveOptions(table, sources);
  if (!sources.printConfig) return options;
  io.print(`${JSON.stringify(options)}\n`);
  return undefined;
}
