/** What each durability costs: the same changes through one server per mode, side by side in one run. */
import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { type Caller, caller, setRequest, stringValue } from "./grpc-caller.ts";
import { atMost, decimals, durations, type Spread, spread, spreadText, type Table } from "./report.ts";
import { processorMs, type ServerProcess, serverProcess } from "./server-process.ts";

/** How much is measured. */
export interface ModesOptions {
  readonly directory: string;
  readonly rounds: number;
}

const CALLERS = 32;
const ONE_AT_A_TIME = 100;
const ALL_AT_ONCE = 960;
const VALUE = stringValue("x".repeat(100));

interface Mode {
  readonly name: string;
  /** The most that a change may cost, in times of what it costs in memory. */
  readonly aims?: { readonly one: number; readonly many: number };
  args(file: string): readonly string[];
}

const stored = (durability: string, aims?: Mode["aims"]): Mode => ({
  name: durability,
  ...(aims && { aims }),
  args: (file) => ["--store", `sqlite:${file}`, "--durability", durability],
});

const MODES: readonly Mode[] = [
  { name: "memory", args: () => ["--store", "memory"] },
  stored("write-behind"),
  stored("commit", { one: 1.3, many: 1.3 }),
  stored("fsync", { one: 2, many: 1.3 }),
];

/** A mode's server and its callers, and what each round took, in milliseconds per change. */
interface Running {
  readonly mode: Mode;
  readonly server: ServerProcess;
  readonly callers: readonly Caller[];
  readonly one: number[];
  readonly many: number[];
  readonly waits: number[];
  serverMs: number;
  clientMs: number;
}

/** Measures every mode, in turns. */
export async function modes({ directory, rounds }: ModesOptions): Promise<Table> {
  const running: Running[] = [];
  const floor: number[] = [];
  try {
    for (const mode of MODES) running.push(await start(mode, join(directory, `${mode.name}.db`)));
    for (let round = 0; round <= rounds; round++) {
      const found = appendAndSync(join(directory, "floor"));
      if (round > 0) floor.push(found);
      // The order changes, so that what the machine does besides hits everybody alike; the first round only warms up.
      for (const _ of running) {
        await measure(running[0] as Running, round > 0);
        running.push(running.shift() as Running);
      }
      running.push(running.shift() as Running);
    }
  } finally {
    for (const { callers } of running) for (const each of callers) each.close();
    await Promise.all(running.map(({ server }) => server.stop()));
  }
  return table(
    MODES.map(({ name }) => running.find(({ mode }) => mode.name === name) as Running),
    floor,
    rounds,
  );
}

async function start(mode: Mode, file: string): Promise<Running> {
  const server = await serverProcess(mode.args(file));
  const callers = Array.from({ length: CALLERS }, () => caller(server.address));
  return { mode, server, callers, one: [], many: [], waits: [], serverMs: 0, clientMs: 0 };
}

async function measure(running: Running, isKept: boolean): Promise<void> {
  const { server, callers } = running;
  const one = await changes(callers.slice(0, 1), ONE_AT_A_TIME);
  const before = [processorMs(server.pid), processorMs(process.pid)] as const;
  const many = await changes(callers, ALL_AT_ONCE);
  if (!isKept) return;
  running.one.push(one.perChangeMs);
  running.many.push(many.perChangeMs);
  running.waits.push(...many.waits);
  running.serverMs += processorMs(server.pid) - before[0];
  running.clientMs += processorMs(process.pid) - before[1];
}

/** So many changes, each caller making one after another in a session of its own. */
async function changes(callers: readonly Caller[], count: number): Promise<{ readonly perChangeMs: number; readonly waits: number[] }> {
  const waits: number[] = [];
  const begun = performance.now();
  let next = 0;
  const work = async (each: Caller, n: number): Promise<void> => {
    while (next++ < count) {
      const sent = performance.now();
      await each.set(`session-${n}`, "name", VALUE);
      waits.push(performance.now() - sent);
    }
  };
  await Promise.all(callers.map(work));
  return { perChangeMs: (performance.now() - begun) / count, waits };
}

/** What no durable store goes below, one change at a time: the bytes of the request at the end of a file, and on the disk. */
function appendAndSync(file: string): number {
  const request = setRequest("session-0", "name", VALUE);
  const descriptor = openSync(file, "a");
  try {
    const begun = performance.now();
    for (let i = 0; i < ONE_AT_A_TIME; i++) {
      writeSync(descriptor, request);
      fdatasyncSync(descriptor);
    }
    return (performance.now() - begun) / ONE_AT_A_TIME;
  } finally {
    closeSync(descriptor);
  }
}

/** Round by round: what two servers took side by side. */
const ratios = (of: readonly number[], over: readonly number[]): Spread => spread(of.map((each, round) => each / (over[round] as number)));

function table(running: readonly Running[], floor: readonly number[], rounds: number): Table {
  const [memory] = running as [Running];
  const [ms, times] = [decimals(3), decimals(2)];
  const judged = (ratio: Spread, bound: number | undefined) => (bound === undefined ? "" : atMost(ratio.median, bound, "×"));
  const found = running.map(({ mode, one, many, waits, serverMs, clientMs }) => {
    const [oneRatio, manyRatio] = [ratios(one, memory.one), ratios(many, memory.many)];
    const processorMs = serverMs / (rounds * ALL_AT_ONCE);
    return { mode, one: spread(one), oneRatio, many: spread(many), manyRatio, wait: durations(waits), processorMs, clientMs, serverMs };
  });
  const rows = found.map(({ mode, one, oneRatio, many, manyRatio, wait, processorMs }) => [
    mode.name,
    spreadText(one, ms),
    spreadText(oneRatio, times),
    judged(oneRatio, mode.aims?.one),
    spreadText(many, ms),
    spreadText(manyRatio, times),
    judged(manyRatio, mode.aims?.many),
    decimals(1)(wait.p99Ms),
    processorMs.toFixed(3),
  ]);
  const floorRow = [
    "append and fdatasync",
    spreadText(spread(floor), ms),
    spreadText(ratios(floor, memory.one), times),
    ...Array(6).fill(""),
  ];
  const clientShare = Math.max(...running.map(({ clientMs, serverMs }) => clientMs / serverMs)).toFixed(2);
  return {
    title: "What an acknowledged change costs",
    method: [
      `A server for each mode, on loopback, side by side; ${rounds} rounds in turns, in each ${ONE_AT_A_TIME} changes by one client and`,
      `${ALL_AT_ONCE} by ${CALLERS} clients, each setting a value of 100 bytes in a session of its own. Medians, and the least and the most`,
      "of the rounds; ratios are taken round by round. The last row is the floor: the request's bytes appended to a file and synced, with no",
      `server at all. All clients are one process, which took at most ${clientShare} of the processor time of the server that it called.`,
    ].join("\n"),
    columns: [
      "durability",
      "one client: ms a change",
      "× memory",
      "aim",
      `${CALLERS} clients: ms a change`,
      "× memory",
      "aim",
      "p99, ms",
      "processor, ms a change",
    ],
    rows: [...rows, floorRow],
    figures: {
      modes: Object.fromEntries(found.map(({ mode, ...figures }) => [mode.name, figures])),
      floorMs: spread(floor),
    },
  };
}
