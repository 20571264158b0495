/**
 * What telemetry costs a server: `npm run bench:telemetry`, `-- --rounds N` for longer or shorter. One client sends the same calls to three
 * servers in turn, round after round; the ratios are those of the medians of their processor time to that of the one without telemetry.
 * Linux only, since no other system tells the time of another process's threads finely enough. Exits with 1 when an aim was missed.
 */
import { parseArgs } from "node:util";
import { type Bridge, connect } from "@session-bridge/client";
import { collector, type Server, server } from "./servers.ts";

/** Few, so that whatever else the machine does falls on all servers alike. */
const CALLS = 100;
const WARM_UP_ROUNDS = 60;

const { values } = parseArgs({ options: { rounds: { type: "string", default: "300" } } });
const rounds = Number(values.rounds);
if (!Number.isSafeInteger(rounds) || rounds < 1) throw new Error("--rounds: expected a whole number from 1 on");
if (process.platform !== "linux") throw new Error("this benchmark needs Linux");

interface Subject {
  readonly name: string;
  /** The most that its processor time may be, as a ratio. */
  readonly aim: number | undefined;
  readonly server: Server;
  readonly bridge: Bridge;
}

/** Microseconds of the server's processor time for each call of a kind: [get, set]. */
async function measure({ server: { processorNs }, bridge }: Subject): Promise<readonly [number, number]> {
  const session = bridge.session("s");
  const before = processorNs();
  for (let i = 0; i < CALLS; i++) await session.get(`v${i % 10}`);
  const between = processorNs();
  for (let i = 0; i < CALLS; i++) await session.set(`v${i % 10}`, i);
  return [(between - before) / CALLS / 1000, (processorNs() - between) / CALLS / 1000];
}

const sink = await collector();
const spans = { OTEL_EXPORTER_OTLP_ENDPOINT: sink.endpoint };
const admin = ["--admin", "127.0.0.1:0"];
const KINDS: readonly (readonly [name: string, aim: number | undefined, started: Promise<Server>])[] = [
  ["off", undefined, server([])],
  ["metrics and summaries", 1.05, server(admin)],
  ["and spans of 10 % of the calls", 1.15, server([...admin, "--trace-ratio", "0.1"], spans)],
];
const subjects: readonly Subject[] = await Promise.all(
  KINDS.map(async ([name, aim, started]) => {
    const running = await started;
    return { name, aim, server: running, bridge: connect(running.address) };
  }),
);

const found = subjects.map(() => [] as (readonly [number, number])[]);
for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
  // Who begins changes, so that nobody always follows the same neighbour.
  for (let turn = 0; turn < subjects.length; turn++) {
    const at = (turn + round + WARM_UP_ROUNDS) % subjects.length;
    const measured = await measure(subjects[at] as Subject);
    if (round >= 0) found[at]?.push(measured);
  }
}
for (const { bridge, server: running } of subjects) {
  await bridge.close();
  await running.stop();
}
const sentBytes = await sink.stop();

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
/** Microseconds of a server for a get and for a set. */
const costs = found.map((mine) => [median(mine.map(([get]) => get)), median(mine.map(([, set]) => set))] as const);
const [offGet, offSet] = costs[0] as readonly [number, number];
const rows = subjects.map(({ name, aim }, at) => {
  const [get, set] = costs[at] as readonly [number, number];
  const both = (get + set) / (offGet + offSet);
  const verdict = aim === undefined ? "" : both <= aim ? "met" : "missed";
  const ratios = [get / offGet, set / offSet, both].map((ratio) => ratio.toFixed(3));
  return { verdict, cells: [name, get.toFixed(0), set.toFixed(0), ...ratios, aim === undefined ? "" : `≤ ${aim}: ${verdict}`] };
});

console.log(`# Telemetry\n\n${rounds} rounds of ${CALLS} gets and ${CALLS} sets from one client, one after another; medians.`);
console.log(`The collector got ${(sentBytes / 1024).toFixed(0)} KiB. Node ${process.version}.\n`);
const columns = ["telemetry", "get, µs", "set, µs", "get, ratio", "set, ratio", "both, ratio", "aim"];
for (const cells of [columns, columns.map(() => "---"), ...rows.map((row) => row.cells)]) console.log(`| ${cells.join(" | ")} |`);
process.exitCode = rows.some(({ verdict }) => verdict === "missed") ? 1 : 0;
