/** The tables of docs/telemetry.md, made from the catalogues of core and of telemetry. Run as a program, it renews them. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { EVENT_ATTRIBUTES, EVENT_CATALOGUE, EVENT_MEASUREMENTS } from "../../packages/core/src/event-catalogue.ts";
import { METRIC_ATTRIBUTES, METRICS, type Metric } from "../../packages/telemetry/src/metric-catalogue.ts";
import { SPAN_ATTRIBUTE_DESCRIPTIONS } from "../../packages/telemetry/src/span-catalogue.ts";
import { root } from "./modules.ts";

/** The document that has the tables. */
export const DOCUMENT = "docs/telemetry.md";

/** The name of a metric on the Prometheus page. */
export const inPrometheus = ({ name, kind }: Metric): string => name.replaceAll(".", "_") + (kind === "counter" ? "_total" : "");

const code = (text: string) => `\`${text}\``;
const codes = (texts: readonly string[]) => (texts.length === 0 ? "–" : texts.map(code).join(", "));

/** A table as the formatter would leave it: every row on one line. */
const table = (heads: readonly string[], rows: readonly (readonly string[])[]): string =>
  [heads, heads.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

/** Every table by its name. */
export const TABLES: Readonly<Record<string, string>> = {
  events: table(
    ["event", "when", "measurements", "attributes"],
    Object.values(EVENT_CATALOGUE).map((row) => [code(row.name), row.description, codes(row.measurements), codes(row.attributes)]),
  ),
  measurements: table(
    ["measurement", "unit", "what it is"],
    Object.entries(EVENT_MEASUREMENTS).map(([name, { unit, description }]) => [code(name), code(unit), description]),
  ),
  attributes: table(
    ["attribute", "use", "what it is"],
    Object.entries(EVENT_ATTRIBUTES).map(([name, { use, description }]) => [code(name), use, description]),
  ),
  metrics: table(
    ["metric", "on the Prometheus page", "kind", "unit", "attributes", "what it is"],
    Object.values<Metric>(METRICS).map((row) => [
      code(row.name),
      code(inPrometheus(row)),
      row.kind,
      code(row.unit),
      codes(row.attributes),
      row.description,
    ]),
  ),
  "metric-attributes": table(
    ["attribute", "values"],
    Object.entries(METRIC_ATTRIBUTES).map(([name, values]) => [code(name), values]),
  ),
  "span-attributes": table(
    ["attribute", "what it is"],
    Object.entries(SPAN_ATTRIBUTE_DESCRIPTIONS).map(([name, description]) => [code(name), description]),
  ),
};

/** The text with every table between its `<!-- table NAME -->` and `<!-- end -->` made anew; throws when a table has no place. */
export function withTables(text: string): string {
  return Object.entries(TABLES).reduce((done, [name, rows]) => {
    const place = new RegExp(`(<!-- table ${name} -->\n)[\\s\\S]*?(<!-- end -->)`);
    if (!place.test(done)) throw new Error(`${DOCUMENT} has no place for the table ${name}`);
    return done.replace(place, (_, begin, end) => `${begin}\n${rows}\n\n${end}`);
  }, text);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const path = join(root, DOCUMENT);
  writeFileSync(path, withTables(readFileSync(path, "utf8")));
}
