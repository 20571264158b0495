/** Configuration: flags over environment over `--config FILE` over defaults; every bad value refused by name. */
import { readFileSync } from "node:fs";
import { CLIENT_OPTIONS, type OptionTable, type Resolved, SERVE_OPTIONS, STATS_OPTIONS } from "./options.ts";

/** Something about the configuration or the arguments is wrong: exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Where values come from. */
export interface Sources {
  /** By option name; only what was given. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The path of a JSON file. */
  readonly configFile?: string | undefined;
}

/** The environment variable of an option. */
export function environmentName(option: string): string {
  return `SESSION_BRIDGE_${option.replaceAll("-", "_").toUpperCase()}`;
}

/** Every option of a table. Throws UsageError with one line for each bad value, saying where it came from. */
export function resolveOptions<Table extends OptionTable>(table: Table, sources: Sources): Resolved<Table> {
  const file = sources.configFile === undefined ? {} : readConfigFile(sources.configFile);
  const problems: string[] = [];
  const resolved: Record<string, unknown> = {};
  for (const [name, { schema }] of Object.entries(table)) {
    const [source, value] = given(name, sources, file);
    const result = schema.safeParse(value);
    if (result.success) resolved[name] = result.data;
    else problems.push(`${source}: ${result.error.issues[0]?.message ?? "not accepted"}`);
  }
  if (problems.length > 0) throw new UsageError(problems.join("\n"));
  return resolved as Resolved<Table>;
}

/** Where an option's value comes from, and the value; undefined for the default. An empty variable counts as unset. */
function given(name: string, { flags, environment }: Sources, file: Readonly<Record<string, unknown>>): readonly [string, unknown] {
  if (flags[name] !== undefined) return [`--${name}`, flags[name]];
  const variable = environmentName(name);
  if (environment[variable]) return [variable, environment[variable]];
  return [`"${name}" in the configuration file`, file[name]];
}

/** The file may configure every command, so the keys of all of them are known. */
function readConfigFile(path: string): Readonly<Record<string, unknown>> {
  const known = { ...SERVE_OPTIONS, ...STATS_OPTIONS, ...CLIENT_OPTIONS };
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new UsageError(`--config ${path}: ${(error as Error).message}`);
  }
  if (!isObject(json)) throw new UsageError(`--config ${path}: expected a JSON object`);
  const unknown = Object.keys(json).filter((key) => !Object.hasOwn(known, key));
  if (unknown.length > 0) throw new UsageError(unknown.map((key) => `--config ${path}: unknown option ${JSON.stringify(key)}`).join("\n"));
  return json;
}

function isObject(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}
