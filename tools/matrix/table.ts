/** The matrix for people to read. */
import type { Result } from "./suites.ts";

/** A Markdown table, one row for each row of the results, "–" where nothing was to run. */
export function table(results: readonly Result[]): string {
  const rows = [...new Set(results.map((result) => result.row))];
  const columns = [...new Set(results.map((result) => result.column))].sort((a, b) => Number(a === "vectors") - Number(b === "vectors"));
  const cell = (row: string, column: string) => results.find((result) => result.row === row && result.column === column)?.outcome ?? "–";
  const lines = [
    ["", ...columns],
    ["", ...columns].map(() => "---"),
    ...rows.map((row) => [row, ...columns.map((column) => cell(row, column))]),
  ];
  const widths = lines[0]?.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0))) ?? [];
  return lines.map((line) => `| ${line.map((text, at) => text.padEnd(widths[at] ?? 0)).join(" | ")} |`).join("\n");
}
