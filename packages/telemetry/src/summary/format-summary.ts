/** A summary as text for a person. */
import type { GrowthPeriod } from "./growth.ts";
import type { NamedCount, Quantiles, Summary } from "./summary.ts";

const LISTED_NAMES = 10;
const LISTED_PERIODS = 12;

/** The summary in a few tables; names that would confuse a terminal are escaped. */
export function formatSummary(summary: Summary): string {
  const { operations, reads, types, sizes, sessions, growth } = summary;
  const blocks = [
    [`Since ${time(summary.startedAtMs)} (${duration(summary.durationMs)})`],
    table(
      "Operations on variables",
      ["", "count", "failed"],
      rowsOf(operations, ({ count, failed }) => [number(count), number(failed)]),
    ),
    [
      `Reads found something in ${reads.hitRatio === null ? "–" : `${(reads.hitRatio * 100).toFixed(1)} %`} ` +
        `(${number(reads.hits)} hits, ${number(reads.misses)} misses)`,
    ],
    table(
      "Values written, by type",
      ["", "writes", "total"],
      rowsOf(types, (of) => [number(of.writes), bytes(of.bytes)]),
    ),
    table(
      "Distributions",
      ["", "count", "mean", "p50", "p90", "p99", "max"],
      [
        ["value written", ...spread(sizes.writtenBytes, bytes)],
        ["value read", ...spread(sizes.readBytes, bytes)],
        ["session, after a change", ...spread(sizes.sessionBytes, bytes)],
        ["variables in a session", ...spread(sizes.sessionVariables, number)],
        ["operations per session", ...spread(sessions.operations, number)],
      ],
    ),
    [
      `Sessions: ${number(sessions.created)} created, ${number(sessions.loaded)} loaded, ${number(sessions.touched)} touched, ` +
        `${number(sessions.expired)} expired, ${number(sessions.deleted)} deleted, ${number(sessions.evicted)} evicted; ` +
        `${sessions.active > sessions.sampled ? "about " : ""}${number(sessions.active)} with operations`,
    ],
    table("Session sizes over time", ["from", "writes", "mean", "max", "variables"], growth.slice(-LISTED_PERIODS).map(period)),
    ...names(summary),
  ];
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

function names({ names: mode, mostRead, mostWritten, busiestSessions }: Summary): readonly (readonly string[])[] {
  if (mode === "off") return [["Names are not shown (--telemetry-names off)"]];
  const list = (title: string, counts: readonly NamedCount[]) =>
    table(
      title,
      ["", "count"],
      counts
        .slice(0, LISTED_NAMES)
        .map(({ name, count, error }) => [printable(name), number(count) + (error > 0 ? ` (−${number(error)})` : "")]),
    );
  return [list("Variables read most", mostRead), list("Variables written most", mostWritten), list("Busiest sessions", busiestSessions)];
}

const period = ({ startedAtMs, writes, meanBytes, maxBytes, meanVariables }: GrowthPeriod): readonly string[] => [
  time(startedAtMs),
  number(writes),
  bytes(meanBytes),
  bytes(maxBytes),
  number(meanVariables),
];

const spread = ({ count, mean, p50, p90, p99, max }: Quantiles, show: (value: number) => string) => [
  number(count),
  ...[mean, p50, p90, p99, max].map((value) => (count === 0 ? "–" : show(value))),
];

const rowsOf = <T>(record: Readonly<Record<string, T>>, cells: (of: T) => readonly string[]): readonly (readonly string[])[] =>
  Object.entries(record)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, of]) => [name, ...cells(of)]);

/** A title and aligned columns, the first to the left and the others to the right; nothing when there are no rows. */
function table(title: string, heads: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  if (rows.length === 0) return [];
  const lines = [heads, ...rows];
  const widths = heads.map((_, column) => Math.max(...lines.map((cells) => (cells[column] ?? "").length)));
  const line = (cells: readonly string[]) =>
    `  ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join("  ")}`;
  return [title, ...lines.map(line)];
}

const number = (value: number): string => (Number.isInteger(value) ? value : Number(value.toFixed(1))).toLocaleString("en-US");

function bytes(value: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const step = value < 1024 ? 0 : Math.min(Math.floor(Math.log2(value) / 10), units.length - 1);
  return `${number(value / 1024 ** step)} ${units[step]}`;
}

const time = (ms: number): string => new Date(ms).toISOString().replace("T", " ").slice(0, 19);

function duration(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return `${Math.floor(ms / 1000)} s`;
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Names may have any character; what moves a cursor or turns text around shall not. */
const printable = (name: string): string =>
  name.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
