import { readFileSync } from "node:fs";
import { metrics, propagation, type Span, SpanKind, SpanStatusCode, type Tracer, type TracerProvider, trace } from "@opentelemetry/api";
import type { Session } from "@session-bridge/core";
import { startServer } from "@session-bridge/server";
import { describe, expect, test } from "vitest";
import { type Bridge, connect } from "../src/index.ts";
import { CARRIERS } from "./support/carriers.ts";
import { fakeServer } from "./support/fake-server.ts";
import { later, rejection } from "./support/scope.ts";
import { configured, unconfigured } from "./support/telemetry.ts";

const CALLS = "rpc.client.call.duration";
const SERIALIZATION = "session_bridge.client.serialization.duration";
const VARIABLES = "session_bridge.v1.VariableService/";
const SESSIONS = "session_bridge.v1.SessionService/";
const ENCODED = ["session_bridge.codec.encode.duration", "session_bridge.codec.encode.size"];
const DECODED = ["session_bridge.codec.decode.duration", "session_bridge.codec.decode.size"];

interface Operation {
  /** `revision` is that of "x". */
  readonly call: (session: Session, revision: number) => Promise<unknown>;
  readonly methods: readonly string[];
  readonly codec: readonly string[];
}

const operation = (call: Operation["call"], methods: readonly string[], ...codec: readonly (readonly string[])[]): Operation => ({
  call,
  methods,
  codec: codec.flat(),
});

const readAndWrite =
  (method: "transaction" | "transact"): Operation["call"] =>
  (s) =>
    s[method](async (t) => {
      t.set("x", await t.get("x"));
      t.set("y", 1);
    });

const OPERATIONS: Readonly<Record<string, Operation>> = {
  get: operation((s) => s.get("x"), [`${VARIABLES}GetVariable`], DECODED),
  getEntry: operation((s) => s.getEntry("x"), [`${VARIABLES}GetVariable`], DECODED),
  getMany: operation((s) => s.getMany(["x"]), [`${VARIABLES}GetVariables`], DECODED),
  getAll: operation((s) => s.getAll(), [`${VARIABLES}GetVariables`], DECODED),
  set: operation((s) => s.set("y", 1), [`${VARIABLES}SetVariable`], ENCODED),
  setMany: operation((s) => s.setMany({ a: 1, b: 2 }), [`${VARIABLES}UpdateVariables`], ENCODED),
  delete: operation((s) => s.delete("x"), [`${VARIABLES}DeleteVariable`]),
  has: operation((s) => s.has("x"), [`${VARIABLES}GetVariable`]),
  list: operation((s) => s.list(), [`${VARIABLES}ListVariables`]),
  increment: operation((s) => s.increment("n"), [`${VARIABLES}UpdateVariables`], ENCODED, DECODED),
  append: operation((s) => s.append("l", [1]), [`${VARIABLES}UpdateVariables`], ENCODED),
  merge: operation((s) => s.merge("m", { a: 1 }), [`${VARIABLES}UpdateVariables`], ENCODED),
  pop: operation((s) => s.pop("x"), [`${VARIABLES}DeleteVariable`], DECODED),
  setDefault: operation((s) => s.setDefault("x", 1), [`${VARIABLES}SetVariable`], ENCODED, DECODED),
  clear: operation((s) => s.clear(), [`${VARIABLES}UpdateVariables`]),
  updateVariable: operation(
    (s) => s.updateVariable("x", (old) => old),
    [`${VARIABLES}GetVariable`, `${VARIABLES}SetVariable`],
    ENCODED,
    DECODED,
  ),
  edit: operation(
    (s) => s.edit("x", (list: number[]) => list.push(4)),
    [`${VARIABLES}GetVariable`, `${VARIABLES}SetVariable`],
    ENCODED,
    DECODED,
  ),
  transaction: operation(readAndWrite("transaction"), [`${VARIABLES}GetVariable`, `${VARIABLES}UpdateVariables`], ENCODED, DECODED),
  transact: operation(readAndWrite("transact"), [`${VARIABLES}GetVariable`, `${VARIABLES}UpdateVariables`], ENCODED, DECODED),
  history: operation(
    async (s) => {
      for await (const _ of s.history("x"));
    },
    [`${VARIABLES}GetVariableHistory`],
  ),
  expire: operation((s) => s.expire("x", 60_000), [`${VARIABLES}UpdateVariables`]),
  restore: operation((s, revision) => s.restore("x", revision), [`${VARIABLES}UpdateVariables`]),
  checkpoint: operation((s) => s.checkpoint("c"), [`${VARIABLES}UpdateVariables`]),
  listCheckpoints: operation((s) => s.listCheckpoints(), [`${SESSIONS}ListCheckpoints`]),
  deleteCheckpoint: operation((s) => s.deleteCheckpoint("c"), [`${VARIABLES}UpdateVariables`]),
  rollback: operation((s) => s.rollback("c"), [`${VARIABLES}UpdateVariables`]),
  declare: operation((s) => s.declare("x", { type: "array" }), [`${VARIABLES}UpdateVariables`], ENCODED),
  declarations: operation((s) => s.declarations(), [`${VARIABLES}ListDeclarations`], DECODED),
  fork: operation((s) => s.fork(), [`${SESSIONS}ForkSession`]),
  touch: operation((s) => s.touch(), [`${SESSIONS}TouchSession`]),
  info: operation((s) => s.info(), [`${SESSIONS}GetSession`]),
  destroy: operation((s) => s.destroy(), [`${SESSIONS}DeleteSession`]),
};

const explode = (): never => {
  throw new Error("telemetry is broken");
};
const brokenSpan = { spanContext: explode, setAttributes: explode, setStatus: explode, end: explode } as unknown as Span;
const tracersOf = (tracer: Partial<Tracer>): TracerProvider => ({ getTracer: () => tracer as Tracer });

describe.each(CARRIERS)("over %s,", (carrier) => {
  function bridgeTo(address: string): Bridge {
    const bridge = connect(address, { carrier });
    later(() => bridge.close());
    return bridge;
  }

  async function served() {
    const server = await startServer({ listen: "127.0.0.1:0" });
    later(() => server.stop({ graceMs: 0 }));
    const bridge = bridgeTo(server.address);
    const port = Number(server.address.split(":").at(-1));
    const where = { "rpc.system.name": "grpc", "server.address": "127.0.0.1", "server.port": port };
    return { bridge, session: bridge.session("test"), where };
  }

  describe("a call", () => {
    test.each(Object.entries(OPERATIONS))(
      "%s is one span, and each of its requests one measurement",
      async (name, { call, methods, codec }) => {
        const told = configured();
        const { session, where } = await served();
        const revision = await session.set("x", [1, 2, 3]);
        await session.declare("declared", true);
        await session.checkpoint("c");
        const counts = async () =>
          new Map((await told.points(CALLS)).map(({ attributes, value }) => [attributes["rpc.method"], value.count]));
        const before = await counts();
        told.forget();
        await call(session, revision);
        const [span, ...more] = told.spans();
        expect(more).toEqual([]);
        expect(span).toMatchObject({
          name: `session_bridge.client.${name}`,
          kind: SpanKind.CLIENT,
          events: [],
          status: { code: SpanStatusCode.UNSET },
        });
        const attributes = { ...span?.attributes };
        expect(
          Object.keys(attributes)
            .filter((key) => key.includes(".codec."))
            .sort(),
        ).toEqual([...codec].sort());
        for (const key of codec) {
          expect(attributes[key]).toBeGreaterThan(0);
          delete attributes[key];
        }
        expect(attributes).toEqual({
          ...where,
          "rpc.method": methods.at(-1),
          "rpc.response.status_code": "OK",
          "session_bridge.client.requests": methods.length,
          "session_bridge.client.attempts": methods.length,
        });
        for (const [method, count] of await counts()) {
          expect(count - (before.get(method) ?? 0)).toBe(methods.filter((asked) => asked === method).length);
        }
        for (const { attributes: series } of await told.points(CALLS)) {
          expect(series).toEqual({ ...where, "rpc.method": series["rpc.method"], "rpc.response.status_code": "OK" });
        }
      },
    );

    test("covers every method of a session that is a call", async () => {
      const { session } = await served();
      const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(session)).filter((name) => name !== "constructor");
      const streams = ["watch", "snapshots", "waitFor"];
      expect(methods.filter((name) => !streams.includes(name)).sort()).toEqual(Object.keys(OPERATIONS).sort());
    });

    test("of a copy is told like one of its source", async () => {
      const told = configured();
      const { session } = await served();
      await session.set("x", 1);
      const copy = await session.fork();
      told.forget();
      await copy.get("x");
      expect(told.spans().map(({ name }) => name)).toEqual(["session_bridge.client.get"]);
    });

    test("of a bridge is told like one of a session", async () => {
      const told = configured();
      const { bridge } = await served();
      await bridge.serverInfo();
      const other = await bridge.createSession({ id: "other" });
      for await (const _ of bridge.listSessions());
      await bridge.deleteSession(other.id);
      expect(told.spans().map(({ name, attributes }) => [name, attributes["rpc.method"]])).toEqual([
        ["session_bridge.client.serverInfo", `${SESSIONS}GetServerInfo`],
        ["session_bridge.client.createSession", `${SESSIONS}CreateSession`],
        ["session_bridge.client.listSessions", `${SESSIONS}ListSessions`],
        ["session_bridge.client.deleteSession", `${SESSIONS}DeleteSession`],
      ]);
    });

    test("that fails has the type and the reason of its error, and nothing else of it", async () => {
      const told = configured();
      const { session } = await served();
      await session.set("x", "text");
      const failing: readonly (readonly [() => Promise<unknown>, object])[] = [
        [
          () => session.set("x", 1, { ifRevision: 0 }),
          { "rpc.response.status_code": "ABORTED", "error.type": "ABORTED", "session_bridge.reason": "REVISION_MISMATCH" },
        ],
        [() => session.set("x", () => 1), { "error.type": "SerializationError", "session_bridge.reason": "UNSUPPORTED_TYPE" }],
        [
          () =>
            session.updateVariable("x", () => {
              throw new RangeError("of the program");
            }),
          { "rpc.response.status_code": "OK", "error.type": "RangeError" },
        ],
      ];
      for (const [call, expected] of failing) {
        await rejection(call());
        const span = told.spans().at(-1);
        const names = ["rpc.response.status_code", "error.type", "session_bridge.reason"];
        expect(Object.fromEntries(Object.entries(span?.attributes ?? {}).filter(([name]) => names.includes(name)))).toEqual(expected);
        expect(span).toMatchObject({ status: { code: SpanStatusCode.ERROR }, events: [] });
        expect(span?.status.message).toBeUndefined();
      }
      const failed = (await told.points(CALLS)).filter(({ attributes }) => attributes["error.type"] !== undefined);
      expect(failed.map(({ attributes }) => [attributes["error.type"], attributes["rpc.response.status_code"]])).toEqual([
        ["ABORTED", "ABORTED"],
      ]);
    });

    test("that is sent again is one request of several attempts, each with the trace of the call", async () => {
      const told = configured();
      const server = await fakeServer({ getVariable: (_, call) => (call < 4 && call > 1 ? { code: 14 } : { found: false }) }, carrier);
      later(() => server.kill());
      const session = bridgeTo(server.address).session("s");
      await session.get("x");
      told.forget();
      await session.get("x");
      const [span] = told.spans();
      expect(span?.attributes).toMatchObject({ "session_bridge.client.requests": 1, "session_bridge.client.attempts": 3 });
      const context = span?.spanContext();
      const traceparent = `00-${context?.traceId}-${context?.spanId}-${context?.traceFlags.toString(16).padStart(2, "0")}`;
      expect(server.headers.slice(1).map((headers) => headers.traceparent)).toEqual([traceparent, traceparent, traceparent]);
      expect((await told.points(CALLS)).map(({ value }) => value.count)).toEqual([2]);
    });

    test("goes on with the trace of its caller, and is the current span of what it runs", async () => {
      const told = configured();
      const { session } = await served();
      await session.set("x", 1);
      told.forget();
      await told.tracers.getTracer("program").startActiveSpan("program", async (program) => {
        await session.updateVariable("x", async (old) => {
          await session.get("x");
          return old;
        });
        program.end();
      });
      const [nested, outer, program] = told.spans();
      expect([nested?.name, outer?.name]).toEqual(["session_bridge.client.get", "session_bridge.client.updateVariable"]);
      expect(nested?.parentSpanContext?.spanId).toBe(outer?.spanContext().spanId);
      expect(outer?.parentSpanContext?.spanId).toBe(program?.spanContext().spanId);
      expect(nested?.attributes["session_bridge.client.requests"]).toBe(1);
      expect(outer?.attributes["session_bridge.client.requests"]).toBe(2);
    });

    test("beside others has its own requests and its own codec time", async () => {
      const told = configured();
      const { session } = await served();
      await Promise.all(Array.from({ length: 50 }, (_, i) => session.set(`v${i}`, "x".repeat(i))));
      const spans = told.spans();
      expect(spans.map(({ attributes }) => attributes["session_bridge.client.attempts"])).toEqual(spans.map(() => 1));
      const sizes = spans.map(({ attributes }) => attributes["session_bridge.codec.encode.size"] as number);
      expect(sizes.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i + (i < 32 ? 1 : 2)));
    });
  });

  test("the codec is measured apart from the network", async () => {
    const told = configured();
    const { session } = await served();
    const items = Array.from({ length: 90_000 }, (_, i) => i);
    await session.set("x", items);
    expect(await session.get("x")).toEqual(items);
    const [written, read] = told.spans().map(({ attributes }) => attributes);
    expect(written?.["session_bridge.codec.encode.size"]).toBe(read?.["session_bridge.codec.decode.size"]);
    for (const [direction, seconds] of [
      ["encode", written?.["session_bridge.codec.encode.duration"]],
      ["decode", read?.["session_bridge.codec.decode.duration"]],
    ]) {
      const [point, ...more] = (await told.points(SERIALIZATION)).filter(({ attributes }) => attributes.direction === direction);
      expect(more).toEqual([]);
      expect(point?.attributes).toEqual({ direction });
      expect(point?.value).toMatchObject({ count: 1, sum: seconds });
      expect(seconds).toBeGreaterThan(0);
    }
    const [span] = told.spans();
    const total = (span?.duration[0] ?? 0) + (span?.duration[1] ?? 0) / 1e9;
    const set = (await told.points(CALLS)).find(({ attributes }) => attributes["rpc.method"] === `${VARIABLES}SetVariable`);
    expect((set?.value.sum ?? 0) + (written?.["session_bridge.codec.encode.duration"] as number)).toBeLessThanOrEqual(total + 0.001);
  });

  test("everything that is told is documented", async () => {
    const told = configured();
    const { session } = await served();
    await session.set("x", 1);
    await session.get("x");
    await rejection(session.set("x", 1, { ifRevision: 0 }));
    const points = [...(await told.points(CALLS)), ...(await told.points(SERIALIZATION))];
    const names = new Set([...told.spans(), ...points].flatMap(({ attributes }) => Object.keys(attributes)));
    const document = readFileSync(new URL("../../../docs/telemetry.md", import.meta.url), "utf8");
    expect(names.size).toBe(14);
    expect([CALLS, SERIALIZATION, ...names].filter((name) => !document.includes(`\`${name}\``))).toEqual([]);
  });

  test("no value, name or id is told", async () => {
    const told = configured();
    const MARKER = "marker-2b81c7";
    const { bridge } = await served();
    const session = bridge.session(MARKER, { labels: { [MARKER]: MARKER } });
    await session.setMany({ [MARKER]: MARKER, a: { [MARKER]: MARKER } });
    await session.merge("a", { [MARKER]: 1 }, { path: [`${MARKER}2`] });
    await session.getAll();
    for (const call of [
      () => session.increment(MARKER),
      () => session.set(MARKER, MARKER, { ifRevision: 0 }),
      () => session.set(MARKER, { [MARKER]: () => 1 }),
      () => session.set(MARKER, MARKER.repeat(100_000)),
      () => bridge.createSession({ id: MARKER }),
      () => session.updateVariable(MARKER, () => Promise.reject(new Error(MARKER))),
      () => session.edit(MARKER, () => MARKER),
      () => session.transaction((t) => t.increment(MARKER)),
      () => session.transact((t) => t.set(MARKER, MARKER, { ifRevision: 0 }), { attempts: 1 }),
    ]) {
      await rejection(call());
    }
    const everything = await told.everything();
    expect(everything).toContain("REVISION_MISMATCH");
    expect(everything).toContain(CALLS);
    expect(everything).not.toContain(MARKER);
  });

  describe("what is not configured", () => {
    test("is not told: spans alone, metrics alone, nothing at all", async () => {
      const { session } = await served();
      const spansAlone = configured({ metrics: false });
      await session.set("x", 1);
      expect(spansAlone.spans()).toHaveLength(1);
      unconfigured();
      const metricsAlone = configured({ spans: false });
      await session.set("x", 1);
      expect(metricsAlone.spans()).toEqual([]);
      expect(await metricsAlone.points(CALLS)).toHaveLength(1);
      unconfigured();
      await session.set("x", 1);
      expect((await metricsAlone.points(CALLS)).map(({ value }) => value.count)).toEqual([1]);
    });

    test("adds no header", async () => {
      const server = await fakeServer({ getVariable: () => ({ found: false }) }, carrier);
      later(() => server.kill());
      const session = bridgeTo(server.address).session("s");
      await session.get("x");
      configured({ spans: false });
      await session.get("x");
      expect(server.headers.map(({ traceparent }) => traceparent)).toEqual([undefined, undefined]);
    });
  });

  describe("whatever telemetry throws, no call is different", () => {
    const cases: Readonly<Record<string, () => void>> = {
      "a tracer provider": () => void trace.setGlobalTracerProvider({ getTracer: explode }),
      "a tracer": () => void trace.setGlobalTracerProvider(tracersOf({ startSpan: explode })),
      "a span": () => void trace.setGlobalTracerProvider(tracersOf({ startSpan: () => brokenSpan })),
      "a meter provider": () => void metrics.setGlobalMeterProvider({ getMeter: explode }),
      "a meter": () => void metrics.setGlobalMeterProvider({ getMeter: () => ({ createHistogram: explode }) as never }),
      "a histogram": () =>
        void metrics.setGlobalMeterProvider({ getMeter: () => ({ createHistogram: () => ({ record: explode }) }) as never }),
      "a propagator": () => {
        configured();
        propagation.disable();
        propagation.setGlobalPropagator({ inject: explode, extract: explode, fields: () => [] });
      },
    };
    test.each(Object.entries(cases))("%s", async (_, configure) => {
      const { session } = await served();
      configure();
      later(unconfigured);
      expect(await session.set("x", [1])).toBeGreaterThan(0);
      expect(await session.get("x")).toEqual([1]);
      expect(await session.updateVariable("x", () => [2])).toEqual([2]);
      expect(await rejection(session.set("x", 1, { ifRevision: 0 }))).toMatchObject({ reason: "REVISION_MISMATCH" });
    });

    test("what no header can carry is left out", async () => {
      configured();
      propagation.disable();
      const server = await fakeServer({ getVariable: () => ({ found: false }) }, carrier);
      later(() => server.kill());
      const session = bridgeTo(server.address).session("s");
      for (const odd of ["ü", "a\nb", "x".repeat(513), "", 5, null]) {
        const inject = (_context: unknown, carrier: unknown): void => {
          Object.assign(carrier as object, { traceparent: "fine", tracestate: odd, baggage: "secret=1" });
        };
        propagation.setGlobalPropagator({ inject, extract: explode, fields: () => [] });
        await session.get("x");
        propagation.disable();
        expect(server.headers.at(-1)).toMatchObject({ traceparent: "fine" });
        expect(server.headers.at(-1)).not.toHaveProperty("tracestate");
        expect(server.headers.at(-1)).not.toHaveProperty("baggage");
      }
    });
  });
});
