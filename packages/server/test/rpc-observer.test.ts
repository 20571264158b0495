/** What a server tells of its calls, whoever answers them. */
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { memoryPersistence } from "@session-bridge/core";
import { faultyPersistence } from "@session-bridge/core/testing";
import { SetVariableRequest } from "@session-bridge/protocol/session_bridge/v1/variables";
import { expect, onTestFinished, test } from "vitest";
import type { RpcObserver, RpcOutcome, TraceHeaders } from "../src/carrier/rpc-observer.ts";
import { bytesOf } from "./support/bytes.ts";
import { refusalOf } from "./support/raw-client.ts";
import { testServer } from "./support/test-server.ts";

const VARIABLES = "session_bridge.v1.VariableService";
const write = { sessionId: "s", name: "a", value: bytesOf("01") };

interface Told {
  readonly method: string;
  readonly headers: TraceHeaders | undefined;
  readonly outcome: RpcOutcome;
}

/** An observer that remembers; `trace` of each call is the number of the call. */
function recorder() {
  const told: Told[] = [];
  const traces: unknown[] = [];
  let begun = 0;
  const rpcObserver: RpcObserver = {
    begin(method, headers) {
      begun += 1;
      return { trace: begun, end: (outcome) => void told.push({ method, headers, outcome }) };
    },
  };
  const observer = { observe: (event: object) => void ("trace" in event && traces.push(event.trace)) };
  const next = async (count: number) => {
    await expect.poll(() => told.length).toBeGreaterThanOrEqual(count);
    expect(told).toHaveLength(count);
    return told.at(-1) as Told;
  };
  return { rpcObserver, observer, told, traces, next };
}

/** A client that sends and receives bytes as they are. */
function bareClient(address: string) {
  const client = new Client(address, credentials.createInsecure(), { "grpc.enable_http_proxy": 0, "grpc.max_send_message_length": -1 });
  onTestFinished(() => client.close());
  const asIs = (bytes: Buffer) => bytes;
  const call = (path: string, bytes: Buffer) =>
    new Promise<number>((resolve) => client.makeUnaryRequest(path, asIs, asIs, bytes, (error) => resolve(error?.code ?? 0)));
  return { call };
}

test("a call is told once, when its answer is known: method, status, sizes, and the times of decoding and encoding apart", async () => {
  const { rpcObserver, observer, traces, next } = recorder();
  const { client } = await testServer({ rpcObserver, observer });
  await client.call("setVariable", write);
  const { method, headers, outcome } = await next(1);
  expect(method).toBe(`${VARIABLES}/SetVariable`);
  expect(headers).toEqual({});
  expect(outcome).toEqual({
    status: "OK",
    reason: "",
    durationMs: expect.any(Number),
    decodeMs: expect.any(Number),
    encodeMs: expect.any(Number),
    requestBytes: expect.any(Number),
    responseBytes: expect.any(Number),
  });
  for (const number of [outcome.durationMs, outcome.decodeMs, outcome.encodeMs]) expect(number).toBeGreaterThan(0);
  expect(outcome.requestBytes).toBe(3 + 3 + 3);
  expect(outcome.decodeMs).toBeLessThan(outcome.durationMs);
  expect(new Set(traces)).toEqual(new Set([1]));
});

test("the caller's trace headers are passed on as they are, and the observer's trace reaches the events of the engine", async () => {
  const { rpcObserver, observer, traces, next } = recorder();
  const { client } = await testServer({ rpcObserver, observer });
  const metadata = new Metadata();
  metadata.set("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  metadata.set("tracestate", "vendor=1");
  await client.call("getVariable", write, {}, metadata);
  expect((await next(1)).headers).toEqual({
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    tracestate: "vendor=1",
  });
  await client.call("listSessions");
  await client.call("updateVariables", { sessionId: "s", values: bytesOf("81 a1 61 01") });
  expect(traces).toEqual(expect.arrayContaining([1, 2, 3]));
});

test.for([
  ["a refusal", "setVariable", { ...write, ifRevision: 9n }, "ABORTED", "REVISION_MISMATCH"],
  ["a missing session", "getSession", { sessionId: "none" }, "NOT_FOUND", "SESSION_NOT_FOUND"],
  ["a failing store", "deleteVariable", write, "UNAVAILABLE", "STORE_UNAVAILABLE"],
] as const)("%s has its status and its reason", async ([, method, request, status, reason]) => {
  const { rpcObserver, next } = recorder();
  let failing = false;
  const persistence = faultyPersistence(memoryPersistence(), ({ method: asked }) => (failing && asked === "save" ? "fail" : undefined));
  const { client } = await testServer({ rpcObserver, persistence });
  await client.call("setVariable", write);
  failing = true;
  await refusalOf(client.call(method, request as never));
  const { outcome } = await next(2);
  expect(outcome).toMatchObject({ status, reason, requestBytes: expect.any(Number), responseBytes: undefined, encodeMs: undefined });
});

test("what no handler sees is told too: unknown methods, what is too large, what is no message", async () => {
  const { rpcObserver, next } = recorder();
  const { address } = await testServer({ rpcObserver, limits: { valueBytes: 1_000 }, requestLimits: { messageBytes: 70_000 } });
  const bare = bareClient(address);
  expect(await bare.call("/no.such.Service/Method", Buffer.alloc(3))).toBe(12);
  expect(await next(1)).toMatchObject({ method: "no.such.Service/Method", outcome: { status: "UNIMPLEMENTED", reason: "" } });
  expect(await bare.call(`/${VARIABLES}/GetVariable`, Buffer.alloc(80_000))).toBe(8);
  expect(await next(2)).toMatchObject({ outcome: { status: "RESOURCE_EXHAUSTED", reason: "", requestBytes: undefined } });
  expect(await bare.call(`/${VARIABLES}/GetVariable`, Buffer.from([0xff]))).toBe(3);
  expect(await next(3)).toMatchObject({ outcome: { status: "INVALID_ARGUMENT", reason: "INVALID_ARGUMENT", requestBytes: 1 } });
});

test.for([
  ["whose deadline passes", 100, "DEADLINE_EXCEEDED"],
  ["that its caller cancels", 60_000, "CANCELLED"],
] as const)("a call %s while it works is told once, when it has ended, and the engine's event says the same", async ([, ms, reason]) => {
  const { rpcObserver, told } = recorder();
  let holding = true;
  const persistence = faultyPersistence(memoryPersistence(), ({ method }) => (holding && method === "save" ? "hold" : undefined));
  const events: { readonly reason: string; readonly toldBefore: number }[] = [];
  const observer = {
    observe: (event: object) =>
      void ("reason" in event && "operation" in event && events.push({ reason: String(event.reason), toldBefore: told.length })),
  };
  const { client } = await testServer({ rpcObserver, observer, persistence });
  const answered = Promise.withResolvers<number>();
  const message = { ...SetVariableRequest.fromPartial(write) };
  const options = { deadline: Date.now() + ms };
  const call = client.variables.setVariable(message, new Metadata(), options, (error) => answered.resolve(error?.code ?? 0));
  await expect.poll(() => persistence.calls("save")).toBe(1);
  if (reason === "CANCELLED") call.cancel();
  expect(await answered.promise).toBe(reason === "CANCELLED" ? 1 : 4);
  await expect.poll(() => told.length).toBe(1);
  expect(told[0]?.outcome).toMatchObject({ status: reason, reason });
  expect(events).toEqual([{ reason, toldBefore: 0 }]);
  holding = false;
  persistence.release();
  await client.call("getServerInfo");
  await expect.poll(() => told.length).toBe(2);
});

test("an observer that throws changes no answer", async () => {
  const fail = () => {
    throw new Error("observer");
  };
  const { client } = await testServer({ rpcObserver: { begin: fail } });
  await client.call("setVariable", write);
  const other = await testServer({ rpcObserver: { begin: () => ({ trace: 1, end: fail }) } });
  await other.client.call("setVariable", write);
  expect(await other.client.call("getVariable", write)).toMatchObject({ found: true });
});
