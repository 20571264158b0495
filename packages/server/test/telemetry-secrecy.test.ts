/** What nobody but a session's readers may see, and what is seen only where it is documented: a real server with everything switched on. */

import { join } from "node:path";
import { Metadata } from "@grpc/grpc-js";
import { packMap } from "@session-bridge/core/values";
import { expect, onTestFinished, test } from "vitest";
import { collector } from "./support/collector.ts";
import { runCommand, serveProcess, temporaryDirectory } from "./support/command.ts";
import { REQUESTS, rawClient } from "./support/raw-client.ts";

const MARKER = "MARKERc0ffee";
const SESSION = "the-session-id";
const NAME = "the-variable-name";
const marker = Buffer.concat([Buffer.of(0xa0 | MARKER.length), Buffer.from(MARKER)]);
const markerMap = packMap([{ name: NAME, bytes: marker }]);
const CRASH = "process.on('SIGUSR2',()=>{throw(new(Error)('boom'))})";
const SAMPLED = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

async function everythingOn(names: string) {
  const spans = await collector();
  const environment = {
    OTEL_EXPORTER_OTLP_ENDPOINT: spans.endpoint,
    OTEL_METRIC_EXPORT_INTERVAL: "200",
    NODE_OPTIONS: `--import=data:text/javascript,${CRASH}`,
  };
  const store = `sqlite:${join(temporaryDirectory(), "s.db")}`;
  const flags = ["--store", store, "--admin", "127.0.0.1:0", "--telemetry-names", names, "--telemetry-events", "100000"];
  const server = await serveProcess([...flags, "--trace-ratio", "1", "--max-variables-per-session", "8"], environment);
  const client = rawClient(server.address);
  onTestFinished(() => client.close());
  const page = async (path: string) => (await fetch(`http://${String(server.ready.admin)}${path}`)).text();
  return { ...server, spans, client, page };
}

/** Stores the marker, alone and in batches, has it refused in every way, and gives the errors. */
async function putMarkerEverywhere({ client }: Awaited<ReturnType<typeof everythingOn>>): Promise<string> {
  const S = { sessionId: SESSION, name: NAME };
  const errors: string[] = [];
  const metadata = new Metadata();
  metadata.set("traceparent", SAMPLED);
  const ask = (...[method, request]: Parameters<typeof client.call>) =>
    client.call(method, request, {}, metadata).catch((error: { details: string; metadata: { toJSON(): object } }) => {
      errors.push(error.details + JSON.stringify(error.metadata.toJSON()));
    });
  await ask("setVariable", { ...S, value: marker });
  await ask("updateVariables", { sessionId: SESSION, values: markerMap });
  for (const method of Object.keys(REQUESTS) as (keyof typeof REQUESTS)[])
    if (method !== "deleteSession") await ask(method, { ...S, value: marker, values: markerMap } as never);
  await ask("setVariable", { ...S, value: marker });
  await ask("setVariable", { ...S, value: marker, ifRevision: 1n });
  await ask("setVariable", { ...S, value: Buffer.concat([marker, marker]) });
  await ask("setVariable", { ...S, value: Buffer.concat([Buffer.of(0xc1), marker]) });
  await ask("updateVariables", { sessionId: SESSION, operations: [{ name: NAME, change: { $case: "increment", value: { by: marker } } }] });
  await ask("getVariables", { sessionId: SESSION, includeInfo: true });
  // A full batch of spans is sent at once.
  for (let i = 0; i < 100; i++) await ask("getVariable", S);
  expect(errors.length).toBeGreaterThanOrEqual(4);
  return errors.join("\n");
}

test.for([
  ["plain", true],
  ["hash", false],
  ["off", false],
] as const)(
  "a marker is in no metric, span, summary, event, log line or error, and ids and names are told with --telemetry-names %s: %s",
  async ([names, shown]) => {
    const server = await everythingOn(names);
    const errors = await putMarkerEverywhere(server);
    const [metrics, summary] = [await server.page("/metrics"), await server.page("/summary")];
    const stats = (await runCommand(["stats", "--admin", String(server.ready.admin)])).stdout;
    await expect.poll(() => server.spans.got("/v1/traces"), { timeout: 10_000 }).toContain("session_bridge.session.variable.set");
    await expect.poll(() => server.spans.got("/v1/metrics"), { timeout: 10_000 }).toContain("rpc.server.call.duration");
    server.child.kill("SIGUSR2");
    const { code, stdout, stderr } = await server.ended;
    expect(code).toBe(1);
    expect(stderr).toContain("uncaught error");
    const [spans, sentMetrics] = [server.spans.got("/v1/traces"), server.spans.got("/v1/metrics")];
    const events = stderr.split("\n").filter((line) => line.includes('"event":'));
    const all = { errors, metrics, summary, stats, stdout, stderr, spans, sentMetrics };
    for (const [where, text] of Object.entries(all)) {
      expect(text, where).not.toContain(MARKER);
      for (const encoding of ["hex", "base64"] as const)
        expect(text, where).not.toContain(Buffer.from(MARKER).toString(encoding).slice(0, 12));
    }
    expect(spans).toContain(Buffer.from("0af7651916cd43dd8448eb211c80319c", "hex").toString("latin1"));
    expect(events.length).toBeGreaterThan(10);
    for (const secret of [SESSION, NAME]) {
      for (const text of [metrics, sentMetrics]) expect(text).not.toContain(secret);
      for (const [where, text] of Object.entries({ summary, stats, spans, events: events.join("\n") }))
        expect(text.includes(secret), `${secret} in ${where}`).toBe(shown);
      if (!shown) expect(stderr + stdout).not.toContain(secret);
    }
  },
);

test("a server that is killed leaves nothing of the marker in what it said", async () => {
  const server = await everythingOn("plain");
  await putMarkerEverywhere(server);
  await expect.poll(() => server.spans.got("/v1/traces"), { timeout: 10_000 }).not.toBe("");
  server.child.kill("SIGKILL");
  const { stdout, stderr } = await server.ended;
  expect(stdout + stderr + server.spans.got("/v1/traces") + server.spans.got("/v1/metrics")).not.toContain(MARKER);
});
