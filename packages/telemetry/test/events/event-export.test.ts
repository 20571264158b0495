import { EVENT_CATALOGUE } from "@session-bridge/core/internal";
import { manualClock } from "@session-bridge/core/testing";
import { describe, expect, test } from "vitest";
import { type EventExportOptions, type EventRecord, type TelemetryOptions, telemetry } from "../../src/index.ts";
import { parsePage } from "../prometheus-page.ts";
import { event, everyEvent, KINDS } from "../sample-events.ts";

async function exporting(events: Omit<EventExportOptions, "sink"> = {}, more: TelemetryOptions = {}) {
  const records: EventRecord[] = [];
  const clock = manualClock();
  const made = await telemetry({ otlp: false, clock, ...more, events: { sink: (record) => void records.push(record), ...events } });
  const count = async (name: string, labels = {}) =>
    parsePage(await made.prometheus()).total(`session_bridge_telemetry_${name}_total`, labels);
  return { ...made, clock, records, count };
}

describe("records", () => {
  test("there is one for every kind of event, with its public name and nothing but what core's catalogue says", async () => {
    const { observer, records } = await exporting();
    for (const one of everyEvent()) observer.observe(one);
    expect(records.map(({ name }) => name)).toEqual(KINDS.map((kind) => EVENT_CATALOGUE[kind].name));
    for (const [at, kind] of KINDS.entries()) {
      const { measurements, attributes } = EVENT_CATALOGUE[kind];
      const allowed = new Set<string>([...measurements, ...attributes, "session", "tenant"]);
      expect(Object.keys(records[at]?.attributes ?? {}).filter((name) => !allowed.has(name))).toEqual([]);
      expect(Object.keys(records[at]?.attributes ?? {})).toEqual(expect.arrayContaining([...measurements]));
    }
  });

  test("names are shown as the names mode says", async () => {
    const shown = async (names: "plain" | "hash" | "off") => {
      const { observer, records } = await exporting({}, { names });
      observer.observe(event("variable.set", { key: { tenant: "t", id: "session-1" } }));
      const { session, tenant, name } = records[0]?.attributes ?? {};
      return [session, tenant, name];
    };
    expect(await shown("plain")).toEqual(["session-1", "t", "temperature"]);
    for (const name of await shown("hash")) expect(name).toMatch(/^[0-9a-f]{16}$/);
    expect(await shown("off")).toEqual([undefined, undefined, undefined]);
  });

  test("carry neither traces nor causes", async () => {
    const { observer, records } = await exporting();
    observer.observe(event("commit", { outcome: "failed", cause: new Error("MARKER"), traces: ["MARKER"] }));
    expect(JSON.stringify(records)).not.toContain("MARKER");
  });
});

describe("the limiter", () => {
  test("lets a burst through, then what the time gives; the rest is counted, and the next record says so", async () => {
    const { observer, records, count, clock } = await exporting({ perSecond: 10, burst: 3 });
    for (let n = 0; n < 8; n++) observer.observe(event("variable.get"));
    expect(records.map(({ limiter }) => limiter)).toEqual(
      [2, 1, 0].map((tokensLeft) => ({ tokensLeft, droppedSinceLast: 0, sampleRatio: 1 })),
    );
    clock.advance(250);
    for (let n = 0; n < 2; n++) observer.observe(event("variable.get"));
    expect(records.slice(3).map(({ limiter }) => limiter.droppedSinceLast)).toEqual([5, 0]);
    expect([await count("events_exported"), await count("events_dropped", { cause: "rate_limit" })]).toEqual([5, 5]);
  });

  test("never limits metrics and summaries", async () => {
    const { observer, summary, prometheus } = await exporting({ perSecond: 1, burst: 1 });
    for (let n = 0; n < 1000; n++) observer.observe(event("variable.get"));
    expect(summary().reads.hits).toBe(1000);
    expect(parsePage(await prometheus()).total("session_bridge_session_variable_operation_duration_count")).toBe(1000);
  });

  test("samples each kind as it was told, and a record says how", async () => {
    const { observer, records, count } = await exporting({
      perSecond: 1e9,
      burst: 1e9,
      sample: { "variable.get": 0.2, "variable.set": 0 },
    });
    for (let n = 0; n < 5000; n++) for (const kind of ["variable.get", "variable.set"] as const) observer.observe(event(kind));
    observer.observe(event("commit"));
    expect(records.length).toBeGreaterThan(800);
    expect(records.length).toBeLessThan(1200);
    expect(new Set(records.map(({ name, limiter }) => `${name} ${limiter.sampleRatio}`))).toEqual(
      new Set(["session_bridge.session.variable.get 0.2", "session_bridge.commit 1"]),
    );
    expect(await count("events_dropped")).toBe(0);
  });
});

test("a sink that throws loses its records, and they are counted", async () => {
  const sink = () => {
    throw new Error("full");
  };
  const { observer, prometheus, close } = await telemetry({ otlp: false, events: { sink } });
  observer.observe(event("variable.get"));
  const page = parsePage(await prometheus());
  expect(page.total("session_bridge_telemetry_events_dropped_total", { cause: "sink_failed" })).toBe(1);
  expect(page.total("session_bridge_session_variable_operation_duration_count")).toBe(1);
  await close();
});
