/**
 * What durability costs and how the store behaves when it is large: `npm run bench:durability`, `-- --help` for what can be chosen.
 * Every figure is a ratio within one run or stands beside the same thing undisturbed. Exits with 1 when an aim was missed.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { large } from "./large.ts";
import { machine } from "./machine.ts";
import { modes } from "./modes.ts";
import { neighbours } from "./neighbours.ts";
import { allMet, markdown, type Table } from "./report.ts";
import { startup } from "./startup.ts";
import { sweep } from "./sweep.ts";

const HELP = `npm run bench:durability -- [options]

--part NAME        modes (each durability beside memory), startup (many stored sessions), large (a small variable of a large session),
                   sweep (many expired sessions), neighbours (what loads, backups and exports cost others); can be repeated; default: all
--rounds N         rounds of "modes", 25
--sessions N       stored sessions of "startup", 1000000
--expired N        expired sessions of "sweep", 100000
--directory DIR    where the servers' files are, a new directory among the temporary files; this is the disk that is measured
--json FILE        also writes the figures as JSON
`;

const { values } = parseArgs({
  options: {
    part: { type: "string", multiple: true },
    rounds: { type: "string", default: "25" },
    sessions: { type: "string", default: "1000000" },
    expired: { type: "string", default: "100000" },
    directory: { type: "string", default: tmpdir() },
    json: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

function count(name: "rounds" | "sessions" | "expired"): number {
  const found = Number(values[name]);
  if (!Number.isSafeInteger(found) || found < 1) throw new Error(`--${name}: expected a whole number from 1 on`);
  return found;
}

const rounds = count("rounds");

const PARTS: Readonly<Record<string, (directory: string) => Promise<Table>>> = {
  modes: (directory) => modes({ directory, rounds }),
  startup: (directory) => startup({ directory, sessions: count("sessions") }),
  large: (directory) => large({ directory }),
  sweep: (directory) => sweep({ directory, expired: count("expired") }),
  neighbours: (directory) => neighbours({ directory }),
};

async function run(): Promise<void> {
  const chosen = values.part ?? Object.keys(PARTS);
  const unknown = chosen.find((name) => !Object.hasOwn(PARTS, name));
  if (unknown !== undefined) throw new Error(`--part: there is no ${unknown}; there are ${Object.keys(PARTS).join(", ")}`);
  const directory = mkdtempSync(join(values.directory, "bench-durability-"));
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  const facts = machine(directory);
  console.log(
    `# Durability in figures\n\n${Object.entries(facts)
      .map(([name, fact]) => `- ${name}: ${fact}`)
      .join("\n")}\n`,
  );
  const found: Record<string, Table["figures"]> = {};
  for (const name of chosen) {
    const table = await (PARTS[name] as (directory: string) => Promise<Table>)(directory);
    console.log(markdown(table));
    found[name] = table.figures;
    if (!allMet(table)) process.exitCode = 1;
  }
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ machine: facts, ...found }, undefined, 2)}\n`);
}

// Ending in order takes the servers along.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

if (values.help) console.log(HELP);
else await run();
