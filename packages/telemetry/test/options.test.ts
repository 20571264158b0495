import { InvalidArgumentError } from "@session-bridge/core";
import { expect, test } from "vitest";
import { type TelemetryOptions, telemetry } from "../src/index.ts";

const sink = () => {};

test.each<[string, unknown]>([
  ["names", { names: "hashed" }],
  ["traceRatio", { traceRatio: 1.5 }],
  ["traceRatio", { traceRatio: Number.NaN }],
  ["admin port", { admin: { port: -1 } }],
  ["admin port", { admin: { port: 70_000 } }],
  ["otlp endpoint", { otlp: { endpoint: "localhost:4318" } }],
  ["sink", { events: {} }],
  ["events per second", { events: { sink, perSecond: 0 } }],
  ["burst", { events: { sink, burst: 0.5 } }],
  ["variable.gett", { events: { sink, sample: { "variable.gett": 0.5 } } }],
  ["sample of commit", { events: { sink, sample: { commit: 2 } } }],
])("a bad %s is refused by name: %j", async (name, options) => {
  const refused = telemetry(options as TelemetryOptions);
  await expect(refused).rejects.toThrow(InvalidArgumentError);
  await expect(refused).rejects.toThrow(name);
});
