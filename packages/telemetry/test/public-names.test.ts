import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const PUBLIC = [
  "METRICS",
  "METRIC_ATTRIBUTES",
  "NAMES_MODES",
  "formatSummary",
  "telemetry",
  "type EngineGauges",
  "type EventExportOptions",
  "type EventRecord",
  "type GrowthPeriod",
  "type LimiterState",
  "type Metric",
  "type MetricAttribute",
  "type NamedCount",
  "type NamesMode",
  "type Quantiles",
  "type RpcCall",
  "type RpcObserver",
  "type RpcOutcome",
  "type Summary",
  "type Telemetry",
  "type TelemetryLog",
  "type TelemetryOptions",
  "type TraceHeaders",
];

test("the index lists exactly the public names", () => {
  const statements = readFileSync(new URL("../src/index.ts", import.meta.url), "utf8").matchAll(/^export (type )?\{([^}]*)\} from/gm);
  const names = [...statements].flatMap(([, types, list]) =>
    (list ?? "")
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== "")
      .map((name) => (types && !name.startsWith("type ") ? `type ${name}` : name)),
  );
  expect(names.sort()).toEqual(PUBLIC);
});
