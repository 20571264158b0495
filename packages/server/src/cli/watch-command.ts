/** watch: what happens to a session, one JSON line each, for as long as anybody wants to know. */
import { styleText } from "node:util";
import { resumedWatch, type Selection, systemClock, systemRandom, type Told, type WatchChange } from "@session-bridge/core/internal";
import { type Command, Option } from "commander";
import { CLIENT_OPTIONS } from "../config/options.ts";
import { UsageError } from "../config/resolve.ts";
import { askServer, collected, prefixOf, prefixOption, revisionOf } from "./asking.ts";
import { EXIT } from "./exit-code.ts";
import type { CommandIo } from "./io.ts";
import { addOptions } from "./options.ts";
import { valueToJson } from "./value-to-json.ts";

interface Given {
  readonly name?: readonly string[];
  readonly since?: string;
  readonly values: boolean;
}

/** Adds `watch`. `ended` takes the exit code. */
export function addWatchCommand(program: Command, io: CommandIo, ended: (exitCode: number) => void): void {
  const command = program
    .command("watch <session>")
    .description("print what is there, then every change, one JSON line each; goes on by itself when the server is lost and found")
    .addOption(prefixOption())
    .addOption(new Option("--name <name>", "only this variable; may be given again").argParser(collected))
    .addOption(new Option("--since <revision>", "what has changed after this revision instead of what is there"))
    .addOption(new Option("--no-values", "leave values out"));
  addOptions(command, CLIENT_OPTIONS).action(async () => ended(await watch(command, io)));
}

function watch(command: Command, io: CommandIo): Promise<number> {
  const { name, since, values } = command.opts<Given>();
  const prefix = prefixOf(command);
  if (name !== undefined && prefix !== "") throw new UsageError("watch takes --name or --prefix, not both");
  const selection: Selection = name === undefined ? { prefix } : { names: name };
  const request = { selection, since: revisionOf("--since", since), withoutValues: !values };
  return askServer(command, io, async (port, { timeoutMs: patienceMs = 0 }) => {
    const place = { port, clock: systemClock, random: systemRandom };
    const never = new AbortController().signal;
    for await (const told of resumedWatch(place, command.args[0] ?? "", { ...request, patienceMs }, never)) {
      for (const line of linesOf(told, values)) await io.printLive(`${lineText(line, io.colours)}\n`);
    }
    return EXIT.ok;
  });
}

const COLOURS = {
  set: "green",
  delete: "red",
  expire: "red",
  session_created: "cyan",
  session_deleted: "magenta",
  session_expired: "magenta",
  caught_up: "gray",
  resync: "yellow",
} as const;

interface Line {
  readonly kind: keyof typeof COLOURS;
  readonly name?: string;
  /** JSON text. */
  readonly value?: string;
  readonly revision?: number;
  /** Whether a commit is complete with this line. */
  readonly last: boolean;
}

function* linesOf(told: Told, values: boolean): Generator<Line> {
  switch (told.kind) {
    case "snapshot":
      for (const variable of told.variables) {
        yield { ...lineOf({ kind: "set", variable }, values), revision: variable.revision, last: false };
      }
      return;
    case "commit":
      for (const [i, change] of told.changes.entries()) {
        yield { ...lineOf(change, values), revision: told.revision, last: i === told.changes.length - 1 };
      }
      return;
    case "caught_up":
      yield { kind: "caught_up", revision: told.revision, last: true };
      return;
    case "resync":
      yield { kind: "resync", last: true };
  }
}

function lineOf(change: WatchChange, values: boolean): Pick<Line, "kind" | "name" | "value"> {
  if (change.kind !== "set") return change;
  const { variable } = change;
  return values ? { kind: "set", name: variable.name, value: valueToJson(variable) } : { kind: "set", name: variable.name };
}

/** A line as JSON text, which colours make easier to read and nothing else. */
function lineText({ kind, name, value, revision, last }: Line, colours: boolean): string {
  const styled = (style: Parameters<typeof styleText>[0], text: string): string =>
    colours ? styleText(style, text, { validateStream: false }) : text;
  const members = [
    ["kind", styled(COLOURS[kind], JSON.stringify(kind))],
    ["name", name === undefined ? undefined : styled("bold", JSON.stringify(name))],
    ["value", value],
    ["revision", revision === undefined ? undefined : String(revision)],
    ["last", String(last)],
  ];
  const given = members.flatMap(([key, text]) => (text === undefined ? [] : [`${styled("gray", `"${key}":`)}${text}`]));
  return `{${given.join(",")}}`;
}
