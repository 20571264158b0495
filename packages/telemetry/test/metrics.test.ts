import { describe, expect, test } from "vitest";
import { METRIC_ATTRIBUTES, METRICS, type TelemetryOptions, telemetry } from "../src/index.ts";
import { MAX_SERIES } from "../src/series.ts";
import { parsePage } from "./prometheus-page.ts";
import { event, everyEvent } from "./sample-events.ts";

const METHOD = "session_bridge.v1.VariableService/GetVariable";
const options: TelemetryOptions = { otlp: false, methods: [METHOD], dbSystem: "sqlite" };
const outcome = { status: "OK", reason: "", durationMs: 3, decodeMs: 0.02, encodeMs: 0.03, requestBytes: 40, responseBytes: 90 };

describe("what comes out", () => {
  test("every metric of the catalogue, with its unit, only the attributes that it says, and no other metric", async () => {
    const { observer, rpc, prometheus, watch, close } = await telemetry({ ...options, events: { sink: () => {}, perSecond: 1, burst: 1 } });
    for (const one of everyEvent()) observer.observe(one);
    rpc.begin(METHOD).end(outcome);
    watch(() => ({ sessionsInMemory: 5, memoryBytes: 1000 }));
    const text = await prometheus();
    const page = parsePage(text);
    const inPrometheus = (name: string) => name.replaceAll(/[^a-zA-Z0-9]/g, "_");
    const rendered = Object.values(METRICS).map(({ name, kind }) => [inPrometheus(name) + (kind === "counter" ? "_total" : ""), kind]);
    expect(new Map([...page.types].filter(([name]) => name !== "target_info"))).toEqual(new Map(rendered as [string, string][]));
    for (const { name, kind, unit, attributes } of Object.values(METRICS)) {
      const shown = inPrometheus(name);
      expect(text).toContain(`# UNIT ${shown}${kind === "counter" ? "_total" : ""} ${unit}\n`);
      const samples = page.samples.filter((sample) => sample.name.startsWith(shown));
      expect(samples.length, name).toBeGreaterThan(0);
      const allowed = new Set(["le", ...attributes.map(inPrometheus)]);
      const own = samples.filter(({ name }) => [shown, `${shown}_total`, `${shown}_count`, `${shown}_bucket`].includes(name));
      expect(own.flatMap(({ labels }) => Object.keys(labels)).filter((label) => !allowed.has(label))).toEqual([]);
    }
    expect(Object.keys(METRIC_ATTRIBUTES).sort()).toEqual([...new Set(Object.values(METRICS).flatMap((row) => row.attributes))].sort());
    await close();
  });

  test("durations are in seconds, sizes in bytes, and a failure carries its reason", async () => {
    const { observer, prometheus, close } = await telemetry(options);
    observer.observe(event("variable.set", { durationMs: 250, sizeBytes: 1000, type: "map" }));
    observer.observe(event("variable.set", { reason: "REVISION_MISMATCH", found: false, applied: false, type: "", sizeBytes: 0 }));
    observer.observe(event("variable.get", { found: false, type: "", sizeBytes: 0 }));
    observer.observe(event("variable.set", { applied: false }));
    const page = parsePage(await prometheus());
    const name = "session_bridge_session_variable_operation_duration";
    expect(page.total(`${name}_sum`, { operation: "set", type: "map", outcome: "ok" })).toBe(0.25);
    expect(page.total(`${name}_count`, { operation: "set", outcome: "failed", error_type: "REVISION_MISMATCH" })).toBe(1);
    expect(page.total(`${name}_count`, { operation: "get", outcome: "missing" })).toBe(1);
    expect(page.total(`${name}_count`, { operation: "set", outcome: "unchanged" })).toBe(1);
    expect(page.total("session_bridge_session_variable_size_sum", { operation: "set", type: "map" })).toBe(1000);
    await close();
  });

  test("calls follow OpenTelemetry's conventions: only what the server did wrong is an error, and only methods that it has have names", async () => {
    const { rpc, prometheus, close } = await telemetry(options);
    rpc.begin(METHOD).end({ ...outcome, status: "NOT_FOUND", reason: "SESSION_NOT_FOUND" });
    rpc.begin(METHOD).end({ ...outcome, status: "UNAVAILABLE", reason: "STORE_UNAVAILABLE" });
    rpc.begin("evil/Method").end({ status: "UNIMPLEMENTED", reason: "", durationMs: 1 });
    const page = parsePage(await prometheus());
    const of = (labels: Record<string, string>) => page.total("rpc_server_call_duration_count", { rpc_system_name: "grpc", ...labels });
    expect(of({ rpc_method: METHOD, rpc_response_status_code: "NOT_FOUND" })).toBe(1);
    expect(of({ error_type: "NOT_FOUND" })).toBe(0);
    expect(of({ rpc_method: METHOD, error_type: "UNAVAILABLE" })).toBe(1);
    expect(of({ rpc_method: "_OTHER", error_type: "UNIMPLEMENTED" })).toBe(1);
    expect(page.total("session_bridge_rpc_serialization_duration_count", { direction: "decode", rpc_method: METHOD })).toBe(2);
    await close();
  });

  test("a call counts once, however often its end is told", async () => {
    const { rpc, prometheus, close } = await telemetry(options);
    const call = rpc.begin(METHOD);
    call.end(outcome);
    call.end(outcome);
    expect(parsePage(await prometheus()).total("rpc_server_call_duration_count")).toBe(1);
    await close();
  });

  test("a store that is memory alone has no db metrics", async () => {
    const { observer, prometheus, close } = await telemetry({ otlp: false });
    observer.observe(event("commit"));
    expect(await prometheus()).not.toContain("db_client");
    await close();
  });
});

describe("what is bounded", () => {
  test("100,000 names, 10,000 sessions, unknown methods, types and statuses add no series", async () => {
    const { observer, rpc, prometheus, close } = await telemetry(options);
    const hostile = (n: number) => {
      const key = { tenant: "", id: `session-${n % 10_000}` };
      observer.observe(event("variable.set", { key, name: `name-${n}`, type: `type-${n}` }));
      observer.observe(event("variable.get", { key, name: `name-${n}` }));
      rpc.begin(`method-${n}`).end({ status: `status-${n}`, reason: "", durationMs: 1 });
    };
    hostile(0);
    const before = parsePage(await prometheus()).samples.length;
    for (let n = 1; n < 100_000; n++) hostile(n);
    const after = parsePage(await prometheus());
    expect(after.samples.length).toBe(before);
    expect(after.total("rpc_server_call_duration_count", { rpc_method: "_OTHER", rpc_response_status_code: "_OTHER" })).toBe(100_000);
    expect(after.total("session_bridge_session_variable_size_count", { operation: "set", type: "other" })).toBe(100_000);
    await close();
  });

  test("even a label that was thought to have few values cannot have many: the rest goes into one series that says so", async () => {
    const { observer, prometheus, close } = await telemetry(options);
    for (let n = 0; n < 3 * MAX_SERIES; n++) observer.observe(event("session.call", { reason: `REASON_${n}` }));
    const page = parsePage(await prometheus());
    const counts = page.samples.filter(({ name }) => name === "session_bridge_session_operation_duration_count");
    expect(counts.length).toBeLessThanOrEqual(MAX_SERIES);
    expect(page.total("session_bridge_session_operation_duration_count")).toBe(3 * MAX_SERIES);
    expect(page.total("session_bridge_session_operation_duration_count", { otel_metric_overflow: "true" })).toBeGreaterThan(MAX_SERIES);
    await close();
  });
});

test("nonsense is counted as an error of telemetry and reaches nobody", async () => {
  const { observer, rpc, prometheus, close } = await telemetry(options);
  expect(() => observer.observe({ kind: "no such event" } as never)).not.toThrow();
  expect(() => rpc.begin(METHOD).end(undefined as never)).not.toThrow();
  observer.observe(event("variable.set", { durationMs: Number.NaN, sizeBytes: -1, sessionBytes: Number.POSITIVE_INFINITY }));
  const page = parsePage(await prometheus());
  expect(page.total("session_bridge_telemetry_errors_total")).toBeGreaterThanOrEqual(2);
  await close();
});
