import { InMemorySpanExporter, type ReadableSpan } from "@opentelemetry/sdk-trace";
import { manualClock } from "@session-bridge/core/testing";
import { describe, expect, test } from "vitest";
import { type TelemetryOptions, telemetry } from "../src/index.ts";
import { SPAN_ATTRIBUTES } from "../src/span-catalogue.ts";
import { event } from "./sample-events.ts";

const METHOD = "session_bridge.v1.VariableService/SetVariable";
const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const SPAN_ID = "b7ad6b7169203331";
const sampled = { traceparent: `00-${TRACE_ID}-${SPAN_ID}-01` };
const unsampled = { traceparent: `00-${TRACE_ID}-${SPAN_ID}-00` };
const ok = { status: "OK", reason: "", durationMs: 10, decodeMs: 1, encodeMs: 2, requestBytes: 30, responseBytes: 40 };

async function traced(options: TelemetryOptions = {}) {
  const kept: ReadableSpan[] = [];
  const memory = new InMemorySpanExporter();
  const spanExporter = {
    export: (spans: ReadableSpan[], done: Parameters<typeof memory.export>[1]) => {
      kept.push(...spans);
      memory.export(spans, done);
    },
    shutdown: () => memory.shutdown(),
  };
  const clock = manualClock();
  const made = await telemetry({ otlp: false, methods: [METHOD], traceRatio: 0, spanExporter, clock, ...options });
  /** The spans, by name; what waits is delivered on closing. */
  const spans = async () => {
    await made.close();
    return kept;
  };
  return { ...made, clock, spans };
}

const named = (spans: readonly ReadableSpan[], name: string) => spans.find((span) => span.name === name) as ReadableSpan;
const ms = ([seconds, nanos]: readonly [number, number]) => seconds * 1000 + nanos / 1e6;

describe("a call's spans", () => {
  test("are the call below its caller's span, what the engine did below the call, and the commit below that", async () => {
    const { observer, rpc, clock, spans } = await traced();
    const begunAtMs = clock.now();
    const call = rpc.begin(METHOD, sampled);
    const startedAtMs = clock.monotonic() + 2;
    clock.advance(10);
    observer.observe(event("commit", { startedAtMs: startedAtMs + 1, durationMs: 4, traces: [call.trace] }));
    observer.observe(event("variable.set", { startedAtMs, durationMs: 6, trace: call.trace }));
    call.end(ok);
    const all = await spans();
    const [server, set, commit] = [METHOD, "session_bridge.session.variable.set", "session_bridge.commit"].map((name) => named(all, name));
    expect(all).toHaveLength(3);
    expect(all.map((span) => span.spanContext().traceId)).toEqual([TRACE_ID, TRACE_ID, TRACE_ID]);
    expect(server?.parentSpanContext?.spanId).toBe(SPAN_ID);
    expect(set?.parentSpanContext?.spanId).toBe(server?.spanContext().spanId);
    expect(commit?.parentSpanContext?.spanId).toBe(set?.spanContext().spanId);
    expect(all.map(({ name, startTime, endTime }) => [name, ms(startTime) - begunAtMs, ms(endTime) - begunAtMs]).sort()).toEqual([
      ["session_bridge.commit", 3, 7],
      ["session_bridge.session.variable.set", 2, 8],
      [METHOD, 0, 10],
    ]);
    expect(server?.attributes).toMatchObject({ "rpc.method": METHOD, "session_bridge.rpc.decode.duration": 0.001 });
    expect(set?.attributes).toMatchObject({
      "session_bridge.session.id": "session-1",
      "session_bridge.session.variable.name": "temperature",
    });
  });

  test("have a batch between the call and its operations", async () => {
    const { observer, rpc, spans } = await traced();
    const call = rpc.begin(METHOD, sampled);
    const { trace } = call;
    for (let n = 0; n < 100; n++) observer.observe(event("variable.get", { trace, name: `n-${n}` }));
    observer.observe(event("variable.batch", { trace, operations: 100 }));
    call.end(ok);
    const all = await spans();
    const batch = named(all, "session_bridge.session.variable.batch");
    expect(batch.parentSpanContext?.spanId).toBe(named(all, METHOD).spanContext().spanId);
    const each = all.filter((span) => span.name === "session_bridge.session.variable.get");
    expect(new Set(each.map((span) => span.parentSpanContext?.spanId))).toEqual(new Set([batch.spanContext().spanId]));
    expect(each).toHaveLength(32);
    expect(named(all, METHOD).attributes[SPAN_ATTRIBUTES.spansDropped]).toBe(68);
  });

  test("are joined by a commit that comes after the answer", async () => {
    const { observer, rpc, spans } = await traced();
    const call = rpc.begin(METHOD, sampled);
    observer.observe(event("variable.set", { trace: call.trace }));
    call.end(ok);
    observer.observe(event("commit", { traces: [call.trace, "somebody else's", undefined] }));
    const all = await spans();
    const set = named(all, "session_bridge.session.variable.set");
    expect(named(all, "session_bridge.commit").parentSpanContext?.spanId).toBe(set.spanContext().spanId);
  });

  test("say that they failed, and why, in one word", async () => {
    const { observer, rpc, spans } = await traced();
    const call = rpc.begin(METHOD, sampled);
    observer.observe(event("commit", { outcome: "failed", traces: [call.trace], cause: new Error("MARKER") }));
    call.end({ ...ok, status: "UNAVAILABLE", reason: "STORE_UNAVAILABLE" });
    const all = await spans();
    expect(all.map((span) => span.status)).toEqual([{ code: 2 }, { code: 2 }]);
    expect(named(all, METHOD).attributes).toMatchObject({ "session_bridge.reason": "STORE_UNAVAILABLE" });
    expect(JSON.stringify(all.map(({ attributes, events, status }) => [attributes, events, status]))).not.toContain("MARKER");
  });

  test("have only the attributes of the catalogue", async () => {
    const { observer, rpc, spans } = await traced();
    const call = rpc.begin(METHOD, sampled);
    const { trace } = call;
    for (const kind of ["variable.update", "variable.batch", "session.call"] as const) observer.observe(event(kind, { trace }));
    observer.observe(event("commit", { traces: [trace] }));
    call.end(ok);
    const known = new Set<string>(Object.values(SPAN_ATTRIBUTES));
    expect((await spans()).flatMap(({ attributes }) => Object.keys(attributes)).filter((name) => !known.has(name))).toEqual([]);
  });
});

describe("which calls are traced", () => {
  test("those whose caller says so, whatever the ratio is", async () => {
    const { rpc } = await traced({ traceRatio: 0 });
    expect(rpc.begin(METHOD, sampled).trace).toBeDefined();
    const always = await traced({ traceRatio: 1 });
    expect(always.rpc.begin(METHOD, unsampled).trace).toBeUndefined();
  });

  test.each(["", "nonsense", `00-${"0".repeat(32)}-${SPAN_ID}-01`, `ff-${TRACE_ID}-${SPAN_ID}-01`, "x".repeat(10_000)])(
    "else the share that the ratio says, also when the header is %.20s",
    async (traceparent) => {
      const { rpc, close } = await traced({ traceRatio: 0.25 });
      const count = Array.from({ length: 4000 }, () => rpc.begin(METHOD, { traceparent }).trace).filter(
        (trace) => trace !== undefined,
      ).length;
      expect(count).toBeGreaterThan(800);
      expect(count).toBeLessThan(1200);
      await close();
    },
  );

  test("none when nobody takes spans", async () => {
    const { rpc, close } = await telemetry({ otlp: false, traceRatio: 1 });
    expect(rpc.begin(METHOD, sampled).trace).toBeUndefined();
    await close();
  });
});

describe("names", () => {
  const named = async (names: "hash" | "off") => {
    const { observer, rpc, spans } = await traced({ names, namesKey: "key" });
    const call = rpc.begin(METHOD, sampled);
    const { trace } = call;
    observer.observe(event("variable.set", { trace }));
    call.end(ok);
    const all = await spans();
    expect(JSON.stringify(all.map(({ attributes }) => attributes))).not.toMatch(/session-1|temperature/);
    return all.find(({ name }) => name.endsWith("variable.set"))?.attributes ?? {};
  };

  test("are hashed with hash", async () => {
    expect((await named("hash"))[SPAN_ATTRIBUTES.session]).toMatch(/^[0-9a-f]{16}$/);
  });

  test("are absent with off", async () => {
    expect(Object.keys(await named("off"))).not.toContain(SPAN_ATTRIBUTES.session);
  });
});
