/** What it costs to have a million sessions in the file: the start, and the memory. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { collectGarbage } from "../inspector.ts";
import { type Caller, caller } from "./grpc-caller.ts";
import { atMost, decimals, spread, spreadText, type Table } from "./report.ts";
import { residentBytes, serverProcess } from "./server-process.ts";
import { storedId, storedName, storedSessions, storedText } from "./stored-sessions.ts";

const ROUNDS = 5;
const VARIABLES = 10;
const READS = 1_000;
const MB = 1_000_000;
const [AIM_S, AIM_MB] = [1, 150];

/** What one start took. */
interface Start {
  readonly startS: number;
  readonly startedMB: number;
  readonly readMB: number;
  readonly readMs: number;
}

/** Starts a server on a file with so many sessions, and on an empty one, in turns. */
export async function startup({ directory, sessions }: { readonly directory: string; readonly sessions: number }): Promise<Table> {
  const full = await storedSessions({ sessions, variables: VARIABLES, expired: false });
  const empty = join(directory, "empty.db");
  const found: Readonly<Record<"empty" | "full", Start[]>> = { empty: [], full: [] };
  for (let round = 0; round < ROUNDS; round++) {
    found.empty.push(await start(empty, 0));
    found.full.push(await start(full, sessions));
  }
  const row = (name: string, starts: readonly Start[]) => {
    const of = (figure: keyof Start) => spread(starts.map((each) => each[figure]));
    const [startS, startedMB, readMB] = [of("startS"), of("startedMB"), of("readMB")];
    return [
      name,
      spreadText(startS, decimals(2)),
      atMost(startS.median, AIM_S, " s"),
      spreadText(startedMB, decimals(0)),
      atMost(startedMB.median, AIM_MB, " MB"),
      spreadText(readMB, decimals(0)),
      atMost(readMB.median, AIM_MB, " MB"),
      spreadText(of("readMs"), decimals(2)),
    ];
  };
  return {
    title: `${sessions.toLocaleString("en")} stored sessions of ten variables`,
    method: [
      `\`serve\` as a process, ${ROUNDS} times on the file and on an empty one, in turns: from its start to the first answer to a client, on the full`,
      `file a variable of a session picked at random; its resident memory then, and after ${READS.toLocaleString("en")} reads at random and a full garbage`,
      "collection. Before each start the file's pages are dropped from the system's cache, where that is possible.",
    ].join("\n"),
    columns: ["file", "first answer, s", "aim", "memory then, MB", "aim", "after the reads, MB", "aim", "one read, ms"],
    rows: [row("empty", found.empty), row("full", found.full)],
    figures: { sessions, ...found },
  };
}

async function start(file: string, sessions: number): Promise<Start> {
  dropFromCache(file);
  const begun = performance.now();
  const server = await serverProcess(["--store", `sqlite:${file}`]);
  const client = caller(server.address);
  try {
    await readOne(client, sessions);
    const startS = (performance.now() - begun) / 1000;
    const startedMB = residentBytes(server.pid) / MB;
    const reading = performance.now();
    for (let i = 0; i < READS; i++) await readOne(client, sessions);
    const readMs = (performance.now() - reading) / READS;
    await collectGarbage(server.inspector);
    return { startS, startedMB, readMB: residentBytes(server.pid) / MB, readMs };
  } finally {
    client.close();
    await server.stop();
  }
}

async function readOne(client: Caller, sessions: number): Promise<void> {
  const [session, variable] = [1 + Math.floor(Math.random() * sessions), Math.floor(Math.random() * VARIABLES)];
  const value = await client.get(storedId(session), storedName(variable));
  const text = value && Buffer.from(value.subarray(5)).toString();
  if (text !== (sessions === 0 ? undefined : storedText(variable))) throw new Error(`${storedId(session)} reads ${text}`);
}

/** GNU dd can ask for it without being anybody special. */
function dropFromCache(file: string): void {
  try {
    execFileSync("dd", [`if=${file}`, "iflag=nocache", "count=0"], { stdio: "ignore" });
  } catch {
    // Then it is measured warm.
  }
}
