/** The real engine in memory, and everything that telemetry makes of it. */
import { InMemorySpanExporter } from "@opentelemetry/sdk-trace";
import { memoryPersistence, SessionManager } from "@session-bridge/core";
import { sessionEngine } from "@session-bridge/core/internal";
import { expect, test } from "vitest";
import { type EventRecord, formatSummary, telemetry } from "../src/index.ts";
import { parsePage } from "./prometheus-page.ts";

const MARKER = "MARKER-7c1f";

test("a marker that is stored, sent in a batch or refused appears in no metric, summary or event; names appear where they may", async () => {
  const records: EventRecord[] = [];
  const made = await telemetry({
    otlp: false,
    events: { sink: (record) => void records.push(record) },

    dbSystem: "other_sql",
  });
  const manager = new SessionManager({ persistence: memoryPersistence(), observer: made.observer });
  const session = manager.session("the-session");
  await session.set("a-name", MARKER);
  await session.setMany({ one: { [MARKER]: MARKER }, two: [MARKER] });
  await session.get("a-name");
  await session.get("no-such-name");
  await session.append("a-name", MARKER);
  await session.delete("two");
  await expect(session.set("large", MARKER.repeat(200_000))).rejects.toThrow();
  await expect(session.increment("a-name")).rejects.toThrow();
  await expect(session.set("a-name", MARKER, { ifRevision: 1 })).rejects.toThrow();
  await manager.close();

  const page = await made.prometheus();
  const summary = made.summary();
  await made.close();
  const shown = [page, JSON.stringify(summary), formatSummary(summary), JSON.stringify(records)];
  expect(shown.filter((text) => text.includes(MARKER))).toEqual([]);
  expect(page).not.toMatch(/the-session|a-name/);
  expect(JSON.stringify(records)).toContain("a-name");
  expect(summary.mostWritten.map(({ name }) => name)).toContain("a-name");

  const counts = parsePage(page);
  const operations = (labels: Record<string, string>) => counts.total("session_bridge_session_variable_operation_duration_count", labels);
  expect(operations({ operation: "set", outcome: "ok" })).toBe(3);
  expect(operations({ operation: "set", error_type: "VALUE_TOO_LARGE" })).toBe(1);
  expect(operations({ operation: "increment", error_type: "TYPE_MISMATCH" })).toBe(1);
  expect(operations({ operation: "get", outcome: "missing" })).toBe(1);
  expect(counts.total("db_client_operation_duration_count", { db_operation_name: "save" })).toBeGreaterThan(0);
  expect(counts.total("session_bridge_telemetry_errors_total")).toBe(0);
  expect(summary.reads).toMatchObject({ hits: 1, misses: 1 });
});

test("a traced call has a span for what the engine did, and one for its commit below it, and the marker is in none", async () => {
  const exporter = new InMemorySpanExporter();
  // What an exporter keeps is gone when it is shut down.
  const spanExporter = { export: exporter.export.bind(exporter), shutdown: async () => {} };
  const made = await telemetry({ otlp: false, traceRatio: 1, spanExporter, methods: ["service/Update"] });
  const engine = sessionEngine({ persistence: memoryPersistence(), observer: made.observer });
  const call = made.rpc.begin("service/Update");
  const value = { bytes: new Uint8Array([0xab, ...Buffer.from(MARKER)]), encoding: "" };
  const operations = ["one", "two"].map((name) => ({ kind: "set", name, value }) as const);
  await engine.port("").update("the-session", { operations }, { trace: call.trace });
  call.end({ status: "OK", reason: "", durationMs: 5 });
  await engine.close();
  await made.close();

  const spans = exporter.getFinishedSpans();
  const below = (name: string) => {
    const parent = spans.find((span) => span.name === name)?.spanContext().spanId;
    return spans.filter((span) => span.parentSpanContext?.spanId === parent).map((span) => span.name);
  };
  const set = "session_bridge.session.variable.set";
  const batch = "session_bridge.session.variable.batch";
  expect(below("service/Update")).toEqual([batch]);
  expect(below(batch).sort()).toEqual(["session_bridge.commit", set, set]);
  for (const { attributes, events, name, status } of spans)
    expect(JSON.stringify([attributes, events, name, status])).not.toContain(MARKER);
});
