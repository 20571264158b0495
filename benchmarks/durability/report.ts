/** What a benchmark found: tables for people, and the same figures as JSON for programs. */

/** A figure that was aimed at something. */
export interface Judged {
  readonly text: string;
  readonly isMet: boolean;
}

/** One table of one part. */
export interface Table {
  readonly title: string;
  /** How it was measured, in a sentence or two. */
  readonly method: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | Judged)[])[];
  /** The figures behind the rows. */
  readonly figures: Readonly<Record<string, unknown>>;
}

/** The middle of some numbers, and how far they lie apart. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** Of at least one number. */
export function spread(numbers: readonly number[]): Spread {
  const sorted = numbers.toSorted((a, b) => a - b);
  return { median: percentile(sorted, 0.5), least: sorted[0] ?? Number.NaN, most: sorted.at(-1) ?? Number.NaN };
}

/** The smallest number that a `share` of them does not exceed; they come sorted. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** Percentiles of durations in milliseconds. */
export interface Durations {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Of durations in any order. */
export function durations(ms: readonly number[]): Durations {
  const sorted = ms.toSorted((a, b) => a - b);
  return { count: sorted.length, p50Ms: percentile(sorted, 0.5), p99Ms: percentile(sorted, 0.99), maxMs: sorted.at(-1) ?? Number.NaN };
}

/** `median (least–most)`, each as `show` has it. */
export const spreadText = ({ median, least, most }: Spread, show: (value: number) => string): string =>
  `${show(median)} (${show(least)}–${show(most)})`;

/** A number with so many decimals. */
export const decimals =
  (digits: number) =>
  (value: number): string =>
    value.toFixed(digits);

/** A figure beside the most that it may be. */
export const atMost = (value: number, bound: number, unit: string): Judged => ({
  text: `≤ ${bound}${unit}: ${value <= bound ? "met" : "missed"}`,
  isMet: value <= bound,
});

const textOf = (cell: string | Judged): string => (typeof cell === "string" ? cell : cell.text);

/** The table as Markdown. */
export function markdown({ title, method, columns, rows }: Table): string {
  const lines = [columns, columns.map(() => "---"), ...rows.map((row) => row.map(textOf))].map((cells) => `| ${cells.join(" | ")} |`);
  return [`## ${title}`, "", method, "", ...lines, ""].join("\n");
}

/** Whether everything in the table is what was aimed at. */
export const allMet = ({ rows }: Table): boolean => rows.flat().every((cell) => typeof cell === "string" || cell.isMet);
