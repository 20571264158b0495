/** Telemetry of real servers under load: bounded, adding up, and never in the way. */
import { once } from "node:events";
import type { RequestListener } from "node:http";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { Client, credentials } from "@grpc/grpc-js";
import { packMap } from "@session-bridge/core/values";
import { expect, onTestFinished, test } from "vitest";
import { type PrometheusPage, parsePage } from "../../telemetry/test/prometheus-page.ts";
import { bytesOf } from "./support/bytes.ts";
import { collector } from "./support/collector.ts";
import { serveProcess, temporaryDirectory } from "./support/command.ts";
import { rawClient } from "./support/raw-client.ts";

const DURATION = "session_bridge_session_variable_operation_duration_count";
const MIB = 1024 * 1024;
const one = bytesOf("01");

function clientOf(address: string) {
  const client = rawClient(address);
  onTestFinished(() => client.close());
  return client;
}

const scrape = async (admin: unknown): Promise<PrometheusPage> => parsePage(await (await fetch(`http://${String(admin)}/metrics`)).text());

/** Tells the bytes of its heap that are in use, without garbage, at SIGUSR2. */
const SAYS_ITS_HEAP = encodeURIComponent(`
  import v8 from "node:v8";
  import vm from "node:vm";
  v8.setFlagsFromString("--expose-gc");
  const gc = vm.runInNewContext("gc");
  process.on("SIGUSR2", () => { gc(); process.stderr.write(process.memoryUsage().heapUsed + "\\n"); });
`);

/** 70,000 names and 7,000 sessions later; the names alone would be more than this. */
const MOST_GROWTH_MIB = 4;

/** Does `work` for each number below `count`, so many at once. */
async function atOnce(workers: number, count: number, work: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let i = next++; i < count; i = next++) await work(i);
  };
  await Promise.all(Array.from({ length: workers }, worker));
}

test("100,000 names in 10,000 sessions and 2,000 unknown methods: no more series, and no memory that grows with them", async () => {
  const store = `sqlite:${join(temporaryDirectory(), "s.db")}`;
  const flags = [
    "--store",
    store,
    "--durability",
    "commit",
    "--max-memory-bytes",
    "1000000",
    "--admin",
    "127.0.0.1:0",
    "--log-level",
    "error",
  ];
  const { address, ready, child } = await serveProcess(flags, { NODE_OPTIONS: `--import=data:text/javascript,${SAYS_ITS_HEAP}` });
  const client = clientOf(address);
  const bare = new Client(address, credentials.createInsecure(), { "grpc.enable_http_proxy": 0 });
  onTestFinished(() => bare.close());
  const asIs = (bytes: Buffer) => bytes;
  const unknown = (path: string) =>
    new Promise((resolve) => bare.makeUnaryRequest(path, asIs, asIs, Buffer.alloc(0), (error) => resolve(error?.code)));
  const session = async (i: number) => {
    const sessionId = `session-${i}-${Math.random()}`;
    const names = Array.from({ length: 10 }, (_, n) => ({ name: `name-${i}-${n}`, bytes: one }));
    await client.call("updateVariables", { sessionId, values: packMap(names) });
    if (i % 10 === 0) await client.call("getVariable", { sessionId, name: `missing-${i}` });
    if (i % 5 === 0) await unknown(`/service-${i}/Method${Math.random()}`);
  };
  const said = createInterface({ input: child.stderr as Readable });
  const heapMiB = async () => {
    const line = once(said, "line");
    child.kill("SIGUSR2");
    return Number(String((await line)[0])) / MIB;
  };
  const names = (page: PrometheusPage) => new Set(page.samples.map(({ name, labels }) => JSON.stringify([name, labels])));

  await atOnce(16, 3_000, session);
  const before = { series: names(await scrape(ready.admin)), mib: await heapMiB() };
  await atOnce(16, 7_000, (i) => session(i + 3_000));
  const page = await scrape(ready.admin);
  expect([...names(page)].filter((series) => !before.series.has(series))).toEqual([]);
  expect((await heapMiB()) - before.mib).toBeLessThan(MOST_GROWTH_MIB);
  expect(page.total(DURATION, { operation: "set", outcome: "ok" })).toBe(100_000);
  expect(page.total("rpc_server_call_duration_count", { rpc_method: "_OTHER", rpc_response_status_code: "UNIMPLEMENTED" })).toBe(2_000);
  const summary = await (await fetch(`http://${String(ready.admin)}/summary`)).text();
  expect(summary.length).toBeLessThan(MIB / 16);
  expect(JSON.parse(summary).mostWritten).toHaveLength(50);
}, 120_000);

test("the page adds up, and never goes back, while it is scraped under load", async () => {
  const { address, ready } = await serveProcess(["--store", "memory", "--admin", "127.0.0.1:0"]);
  const client = clientOf(address);
  let working = true;
  let done = 0;
  const load = atOnce(8, 4_000, async (i) => {
    const variable = { sessionId: `s${i % 7}`, name: `v${i % 11}` };
    if (i % 2 === 0) await client.call("setVariable", { ...variable, value: one });
    else await client.call("getVariable", variable);
    done += 1;
  }).finally(() => {
    working = false;
  });
  let scrapes = 0;
  let last = 0;
  while (working) {
    const doneBefore = done;
    const page = await scrape(ready.admin);
    const counted = page.total(DURATION);
    expect(counted).toBeGreaterThanOrEqual(Math.max(last, doneBefore));
    last = counted;
    scrapes += 1;
  }
  await load;
  expect(scrapes).toBeGreaterThan(5);
  const page = await scrape(ready.admin);
  expect(page.total(DURATION, { operation: "set", outcome: "ok" })).toBe(2_000);
  expect(page.total(DURATION, { operation: "get" })).toBe(2_000);
  expect(page.total("rpc_server_call_duration_count", { rpc_response_status_code: "OK" })).toBe(4_000);
  for (const direction of ["decode", "encode"])
    expect(page.total("session_bridge_rpc_serialization_duration_count", { direction })).toBe(4_000);
});

const BACK_ENDS: readonly (readonly [string, RequestListener | "down"])[] = [
  ["hangs", () => {}],
  ["answers 500", (_, response) => response.writeHead(500).end()],
  ["hangs up", (request) => request.socket.destroy()],
  ["is down", "down"],
];

test.for(BACK_ENDS)(
  "a collector that %s changes no answer, delays none, and lets the server stop",
  { timeout: 60_000 },
  async ([, treat]) => {
    const endpoint = treat === "down" ? "http://127.0.0.1:9" : (await collector(treat)).endpoint;
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_METRIC_EXPORT_INTERVAL: "100" };
    const plain = await serveProcess(["--store", "memory", "--log-level", "warn"]);
    const observed = await serveProcess(["--store", "memory", "--log-level", "warn", "--trace-ratio", "1"], environment);
    const measure = async (address: string) => {
      const client = clientOf(address);
      const timesMs: number[] = [];
      for (let i = 0; i < 500; i++) {
        const begun = performance.now();
        await client.call("setVariable", { sessionId: "s", name: `v${i % 10}`, value: one });
        timesMs.push(performance.now() - begun);
      }
      expect(await client.call("getVariables", { sessionId: "s" })).toMatchObject({ custom: [] });
      return timesMs.sort((a, b) => a - b)[250] ?? 0;
    };
    // Warm, then measured, one after the other.
    for (const { address } of [plain, observed]) await measure(address);
    const [plainMs, observedMs] = [await measure(plain.address), await measure(observed.address)];
    expect(observedMs).toBeLessThan(2 * plainMs + 0.5);
    const begun = performance.now();
    observed.child.kill("SIGTERM");
    const { code, stderr } = await observed.ended;
    expect(code).toBe(0);
    expect(performance.now() - begun).toBeLessThan(6_000);
    expect(stderr.split("\n").filter((line) => line.includes("telemetry is not delivered")).length).toBeLessThanOrEqual(1);
    plain.child.kill("SIGTERM");
    expect((await plain.ended).code).toBe(0);
  },
);
