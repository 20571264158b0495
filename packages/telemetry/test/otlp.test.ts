import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { telemetry } from "../src/index.ts";
import { event, everyEvent } from "./sample-events.ts";

const METHOD = "session_bridge.v1.VariableService/SetVariable";
const SAMPLED = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
/** The promised 2 seconds, and what a busy machine may add; an exporter's own patience is 5 and 10 seconds. */
const MAX_CLOSE_MS = 4000;
const outcome = { status: "OK", reason: "", durationMs: 3 };

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A collector that treats what it gets in this way; gives its address. */
async function collector(treat: RequestListener): Promise<string> {
  const server = createServer(treat);
  servers.push(server);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Observes a lot, closes, and gives what was logged, the metrics and how long closing took. */
async function work(endpoint: string) {
  const lines: { fields: object; message: string }[] = [];
  const log = { warn: (fields: object, message: string) => void lines.push({ fields, message }) };
  const made = await telemetry({ otlp: { endpoint }, methods: [METHOD], traceRatio: 1, log });
  for (let n = 0; n < 5000; n++) {
    const call = made.rpc.begin(METHOD, { traceparent: SAMPLED });
    made.observer.observe(event("variable.set", { trace: call.trace, key: { tenant: "", id: `s-${n}` } }));
    call.end(outcome);
  }
  for (const one of everyEvent()) made.observer.observe(one);
  const page = await made.prometheus();
  const begun = performance.now();
  await made.close();
  return { lines, page, closedInMs: performance.now() - begun };
}

describe("a collector", () => {
  test("gets metrics and spans, in protobuf, before close ends", async () => {
    const got: { url: string; type: string; body: string }[] = [];
    const endpoint = await collector((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk) => chunks.push(chunk));
      request.on("end", () => {
        got.push({ url: request.url ?? "", type: request.headers["content-type"] ?? "", body: Buffer.concat(chunks).toString("latin1") });
        response.end();
      });
    });
    const { lines, page } = await work(endpoint);
    expect(new Set(got.map(({ url }) => url))).toEqual(new Set(["/v1/metrics", "/v1/traces"]));
    expect(got.every(({ type }) => type === "application/x-protobuf")).toBe(true);
    const sent = got.map(({ body }) => body).join("");
    expect(sent).toContain("session_bridge.session.variable.operation.duration");
    expect(sent).toContain("session_bridge.session.variable.set");
    expect(page).toContain("rpc_server_call_duration_count");
    // All the spans at once are more than may wait; that is said, once.
    expect(lines.length).toBeLessThanOrEqual(1);
  });

  test.each<[string, RequestListener]>([
    ["never answers", () => {}],
    ["hangs up", (request) => request.socket.destroy()],
    ["is broken", (_, response) => response.writeHead(500).end("x".repeat(10_000))],
    ["is busy for ever", (_, response) => response.writeHead(503, { "retry-after": "3600" }).end()],
    ["talks nonsense", (_, response) => response.end(Buffer.alloc(1000, 255))],
  ])("that %s changes nothing: all is counted, close takes 2 s at most, one line in the log at most", async (_, treat) => {
    const { lines, page, closedInMs } = await work(await collector(treat));
    expect(page).toMatch(/^rpc_server_call_duration_count\{.*\} 5000$/m);
    expect(page).toMatch(/^session_bridge_telemetry_errors_total 0$/m);
    expect(closedInMs).toBeLessThan(MAX_CLOSE_MS);
    expect(lines.length).toBeLessThanOrEqual(1);
  });

  test("that is not there changes nothing either, and is complained about once", async () => {
    const { lines, closedInMs } = await work("http://127.0.0.1:9");
    expect(closedInMs).toBeLessThan(MAX_CLOSE_MS);
    expect(lines.map(({ message }) => message)).toEqual(["telemetry is not delivered"]);
  });
});
