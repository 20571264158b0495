/** docs/telemetry.md and docs/operations, held to what telemetry really gives. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Telemetry, telemetry } from "../../packages/telemetry/src/index.ts";
import { type PrometheusPage, parsePage } from "../../packages/telemetry/test/prometheus-page.ts";
import { event, everyEvent } from "../../packages/telemetry/test/sample-events.ts";
import { DOCUMENT, TABLES, withTables } from "../checks/telemetry-tables.ts";
import { read } from "./repository.ts";

let running: Telemetry;
let page: PrometheusPage;

beforeAll(async () => {
  running = await telemetry({ otlp: false, dbSystem: "sqlite", events: { sink: () => {}, perSecond: 1, burst: 1 } });
  for (const one of everyEvent()) running.observer.observe(one);
  running.observer.observe(event("variable.get", { reason: "STORE_UNAVAILABLE" }));
  running.rpc.begin("").end({ status: "INTERNAL", reason: "", durationMs: 1, decodeMs: 1, encodeMs: 1, requestBytes: 1, responseBytes: 1 });
  running.watch(() => ({ sessionsInMemory: 1, memoryBytes: 1 }));
  page = parsePage(await running.prometheus());
});
afterAll(() => running.close());

describe("docs/telemetry.md", () => {
  test("has the tables that the code gives (node tools/checks/telemetry-tables.ts renews them, biome aligns them)", () => {
    const unaligned = (text: string) => text.replace(/ +\|/g, " |").replace(/-{3,}/g, "---");
    expect(unaligned(read(DOCUMENT))).toBe(unaligned(withTables(read(DOCUMENT))));
    expect(Object.keys(TABLES).length).toBeGreaterThan(5);
  });

  test("has every field of a summary, and no other", () => {
    const part = /## Summary\n([\s\S]*?)\n## /.exec(read(DOCUMENT))?.[1] ?? "";
    const cells = part.split("\n").flatMap((line) => /^\| (`.*?) \|/.exec(line)?.[1] ?? []);
    const documented = cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map((found) => found[1] ?? ""));
    expect(documented.sort()).toEqual([...fieldsOf(running.summary())].sort());
  });

  test("has every mode of names, and every field of the limiter", async () => {
    const { NAMES_MODES } = await import("../../packages/telemetry/src/names.ts");
    const text = read(DOCUMENT);
    for (const name of [...NAMES_MODES, "tokensLeft", "droppedSinceLast", "sampleRatio"])
      expect(text).toMatch(new RegExp(`^\\| \`${name}\``, "m"));
  });
});

describe("docs/operations/grafana-dashboard.json", () => {
  interface Panel {
    readonly type: string;
    readonly title: string;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    readonly targets?: readonly { readonly expr: string }[];
  }
  const dashboard: { readonly panels: readonly Panel[]; readonly templating: { readonly list: readonly { readonly query: unknown }[] } } =
    JSON.parse(read("docs/operations/grafana-dashboard.json"));
  const expressions = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));

  test("asks only for metrics that come out, with labels that they have", () => {
    const asked = expressions.flatMap(selectorsOf);
    expect(asked.length).toBeGreaterThan(30);
    for (const { metric, labels, expression } of asked) {
      const samples = page.samples.filter(({ name }) => name === metric);
      expect(samples.length, `${metric} in ${expression}`).toBeGreaterThan(0);
      // The label that Prometheus itself adds.
      const known = new Set(["instance", ...samples.flatMap((sample) => Object.keys(sample.labels))]);
      expect(
        labels.filter((label) => !known.has(label)),
        expression,
      ).toEqual([]);
    }
  });

  test("chooses instances by a metric that there is always", () => {
    const used = JSON.stringify(dashboard.templating.list.map(({ query }) => query)).match(/label_values\((\w+), instance\)/)?.[1];
    expect(page.types.has(used ?? "")).toBe(true);
  });

  test("shows every family of metrics, in panels that do not overlap", () => {
    const asked = new Set(expressions.flatMap(selectorsOf).map(({ metric }) => metric.replace(/_(bucket|sum|count|total)$/, "")));
    for (const family of [
      "rpc_server",
      "db_client",
      "session_bridge_session_variable",
      "session_bridge_commit",
      "session_bridge_telemetry",
    ])
      expect([...asked].some((metric) => metric.startsWith(family))).toBe(true);
    const places = dashboard.panels.map(({ gridPos: { x, y, w, h } }) => ({ x, y, right: x + w, bottom: y + h }));
    const overlapping = places.flatMap((one, at) =>
      places.slice(at + 1).filter((other) => one.x < other.right && other.x < one.right && one.y < other.bottom && other.y < one.bottom),
    );
    expect(overlapping).toEqual([]);
    expect(places.filter(({ right }) => right > 24)).toEqual([]);
  });
});

describe("docs/operations/otel-collector.yaml", () => {
  const text = read("docs/operations/otel-collector.yaml");
  /** The names right below a section, such as `batch` below `processors`. */
  const declared = (section: string) =>
    (new RegExp(`^${section}:\n((?: .*\n|#.*\n|\n)*)`, "m").exec(text)?.[1] ?? "")
      .split("\n")
      .flatMap((line) => /^ {2}([\w/]+):/.exec(line)?.[1] ?? []);

  test("uses in its pipelines only what it declares", () => {
    for (const section of ["receivers", "processors", "exporters"]) {
      const used = [...text.matchAll(new RegExp(`^ {6}${section}: \\[(.*)\\]`, "gm"))].flatMap((found) => (found[1] ?? "").split(", "));
      expect(used.length).toBeGreaterThan(1);
      expect(used.filter((name) => !declared(section).includes(name))).toEqual([]);
    }
  });

  test("names only attributes of spans that there are", async () => {
    const { SPAN_ATTRIBUTES } = await import("../../packages/telemetry/src/span-catalogue.ts");
    const named = [...text.matchAll(/key: (\S+)/g)].map((found) => found[1] ?? "");
    expect(named.sort()).toEqual([SPAN_ATTRIBUTES.session, SPAN_ATTRIBUTES.variable].sort());
  });
});

/** The paths of a summary's fields; what has names of its own inside, a distribution and a list are one field each. */
function fieldsOf(value: object, path = ""): readonly string[] {
  return Object.entries(value).flatMap(([name, field]) => {
    const leaf = typeof field !== "object" || field === null || Array.isArray(field) || "p50" in field;
    const whole = ["operations", "types"].includes(path + name);
    return leaf || whole ? [path + name] : fieldsOf(field, `${path}${name}.`);
  });
}

interface Selector {
  readonly metric: string;
  readonly labels: readonly string[];
  readonly expression: string;
}

/** The metrics of a PromQL expression, each with the labels that it is filtered and grouped by. */
function selectorsOf(expression: string): readonly Selector[] {
  const grouped = [...expression.matchAll(/by \(([^)]*)\)/g)].flatMap((found) => (found[1] ?? "").split(", "));
  return [...expression.matchAll(/(\w+)\{([^}]*)\}/g)].map(([, metric = "", filters = ""]) => ({
    metric,
    labels: [...grouped, ...[...filters.matchAll(/(\w+)\s*(?:=~|!=|!~|=)/g)].map((found) => found[1] ?? "")],
    expression,
  }));
}
