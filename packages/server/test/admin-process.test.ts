/** The built command with its admin pages. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Client, credentials } from "@grpc/grpc-js";
import { expect, onTestFinished, test } from "vitest";
import { parsePage } from "../../telemetry/test/prometheus-page.ts";
import { bytesOf } from "./support/bytes.ts";
import { BIN, runCommand, serveProcess, temporaryDirectory } from "./support/command.ts";
import { rawClient } from "./support/raw-client.ts";

const write = { sessionId: "s", name: "a", value: bytesOf("01") };

function clientOf(address: string) {
  const client = rawClient(address);
  onTestFinished(() => client.close());
  return client;
}

const page = async (admin: unknown, path: string) => {
  const response = await fetch(`http://${String(admin)}${path}`);
  return { status: response.status, text: await response.text() };
};

async function served(args: readonly string[] = [], environment: NodeJS.ProcessEnv = {}) {
  const server = await serveProcess(["--store", "memory", "--admin", "127.0.0.1:0", ...args], environment);
  return { ...server, admin: server.ready.admin, client: clientOf(server.address) };
}

test("--admin serves its pages, and the ready line says where", async () => {
  const { admin, client, child, ended } = await served();
  expect(admin).toMatch(/^127\.0\.0\.1:\d+$/);
  await client.call("setVariable", write);
  expect(await page(admin, "/livez")).toEqual({ status: 200, text: "ok\n" });
  expect(await page(admin, "/readyz")).toEqual({ status: 200, text: "ok\n" });
  expect(JSON.parse((await page(admin, "/summary")).text)).toMatchObject({ operations: { set: { count: 1, failed: 0 } } });
  const metrics = parsePage((await page(admin, "/metrics")).text);
  const rpc = { rpc_method: "session_bridge.v1.VariableService/SetVariable", rpc_response_status_code: "OK" };
  expect(metrics.total("rpc_server_call_duration_count", rpc)).toBe(1);
  expect(metrics.total("session_bridge_session_variable_operation_duration_count", { operation: "set", outcome: "ok" })).toBe(1);
  for (const direction of ["decode", "encode"])
    expect(metrics.total("session_bridge_rpc_serialization_duration_count", { direction })).toBe(1);
  child.kill("SIGTERM");
  expect((await ended).code).toBe(0);
});

test("[P14] loads, evictions and what sessions take in memory are on the page, so that lazy loading is seen to work", async () => {
  const store = `sqlite:${join(temporaryDirectory(), "s.db")}`;
  const { admin, client } = await served(["--store", store, "--max-memory-bytes", "100000"]);
  const value = bytesOf("c5 0fa0 61*4000");
  for (let i = 0; i < 50; i++) await client.call("setVariable", { ...write, sessionId: `s${i}`, value });
  for (let i = 0; i < 50; i++) expect(await client.call("getVariable", { sessionId: `s${i}`, name: "a" })).toMatchObject({ found: true });
  const metrics = parsePage((await page(admin, "/metrics")).text);
  const inMemory = metrics.total("session_bridge_sessions_in_memory");
  expect(inMemory).toBeGreaterThan(0);
  expect(inMemory).toBeLessThan(50);
  expect(metrics.total("session_bridge_sessions_memory")).toBeGreaterThan(4_000);
  expect(metrics.total("session_bridge_sessions_memory")).toBeLessThanOrEqual(100_000);
  const loaded = metrics.total("session_bridge_session_loaded_total");
  const evicted = metrics.total("session_bridge_session_evicted_total");
  expect(loaded).toBeGreaterThanOrEqual(50 - inMemory);
  expect(50 + loaded - evicted).toBe(inMemory);
  expect(metrics.total("session_bridge_load_duration_count", { what: "session", outcome: "found" })).toBe(loaded);
  expect(metrics.total("db_client_operation_duration_count", { db_system_name: "sqlite", db_operation_name: "save" })).toBe(50);
});

test("while it stops it is alive and not ready", async () => {
  const { address, admin, child, ended } = await served(["--drain-ms", "60000"]);
  const bare = new Client(address, credentials.createInsecure(), { "grpc.enable_http_proxy": 0 });
  onTestFinished(() => bare.close());
  // A request whose message never ends keeps its connection open.
  const asIs = (bytes: Buffer) => bytes;
  const open = bare.makeClientStreamRequest("/session_bridge.v1.VariableService/GetVariable", asIs, asIs, () => {});
  open.on("error", () => {});
  await new Promise<void>((resolve) => bare.waitForReady(Date.now() + 5_000, () => resolve()));
  open.write(Buffer.alloc(0));
  await clientOf(address).call("getServerInfo");
  child.kill("SIGTERM");
  await expect.poll(() => page(admin, "/readyz")).toEqual({ status: 503, text: "not ready\n" });
  expect((await page(admin, "/livez")).status).toBe(200);
  open.cancel();
  bare.close();
  expect((await ended).code).toBe(0);
  await expect(page(admin, "/livez")).rejects.toThrow();
});

test("stats prints the summary for a person, or as JSON", async () => {
  const { admin, client } = await served();
  await client.call("setVariable", write);
  const text = await runCommand(["stats", "--admin", String(admin)]);
  expect(text).toMatchObject({ code: 0, stderr: "" });
  expect(text.stdout).toMatch(/^Since .*\n\nOperations on variables\n/);
  expect(text.stdout).toMatch(/Variables written most\n.*\n {2}a +1\n/);
  const json = await runCommand(["stats", "--json"], { environment: { SESSION_BRIDGE_ADMIN: String(admin) } });
  expect(JSON.parse(json.stdout)).toMatchObject({ names: "plain", mostWritten: [{ name: "a", count: 1, error: 0 }] });
});

test.for([
  ["nobody listens", undefined],
  ["something else answers", (_: unknown, response: { end(text: string): void }) => response.end("hello")],
  ["nobody answers in time", () => {}],
] as const)("stats says clearly that there are no admin pages where %s, with exit code 5", async ([, listener]) => {
  const other = createServer(listener);
  await new Promise<void>((listening) => other.listen(0, "127.0.0.1", listening));
  const { port } = other.address() as AddressInfo;
  if (listener === undefined) other.close();
  onTestFinished(() => {
    other.closeAllConnections();
    other.close();
  });
  const { code, stdout, stderr } = await runCommand(["stats", "--admin", `127.0.0.1:${port}`, "--timeout", "1"]);
  expect({ code, stdout }).toEqual({ code: 5, stdout: "" });
  expect(stderr).toMatch(new RegExp(`^session-bridge: no session-bridge admin pages at http://127\\.0\\.0\\.1:${port}; .*--admin.*\n$`));
});

test("an admin port in use is one clear line and exit code 1", async () => {
  const { admin } = await served();
  const args = ["serve", "--listen", "127.0.0.1:0", "--store", "memory", "--admin", String(admin), "--log-level", "silent"];
  const { code, stdout, stderr } = await runCommand(args);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(new RegExp(`^session-bridge: --admin: cannot listen on ${String(admin)}: .*EADDRINUSE.*\n$`));
});

test("admin pages beyond this machine are warned of", async () => {
  const { child, ended } = await served(["--admin", "0.0.0.0:0"]);
  child.kill("SIGTERM");
  const warned = (await ended).stderr.split("\n").filter((line) => line.includes('"warn"'));
  expect(warned).toHaveLength(1);
  expect(JSON.parse(warned[0] ?? "")).toMatchObject({
    address: expect.stringMatching(/^0\.0\.0\.0:\d+$/),
    msg: expect.stringContaining("admin"),
  });
});

test("events are lines of the log, with the limiter's state and the names as they are to be shown", async () => {
  const sample = "session_bridge.sweep=0,session_bridge.load=0";
  const { client, child, ended } = await served([
    "--telemetry-events",
    "3",
    "--telemetry-events-sample",
    sample,
    "--telemetry-names",
    "off",
  ]);
  for (let i = 0; i < 50; i++) await client.call("setVariable", { ...write, sessionId: "secret-session", name: "secret-name" });
  child.kill("SIGTERM");
  const { stderr } = await ended;
  const events = stderr.split("\n").flatMap((line) => (line.includes('"event":') ? [JSON.parse(line).event] : []));
  expect(events.length).toBeGreaterThanOrEqual(6);
  expect(events.length).toBeLessThan(50);
  expect(events.map(({ name }) => name)).toContain("session_bridge.session.variable.set");
  expect(events.map(({ name }) => name)).not.toContain("session_bridge.sweep");
  expect(events[0].limiter).toEqual({ tokensLeft: 5, droppedSinceLast: 0, sampleRatio: 1 });
  expect(stderr).not.toMatch(/secret-/);
});

test("a log that nobody reads holds up nothing, and what it does not take is counted", async () => {
  const args = ["serve", "--listen", "127.0.0.1:0", "--store", "memory", "--admin", "127.0.0.1:0", "--telemetry-events", "1000000"];
  const child = spawn(process.execPath, [BIN, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [first] = await once(child.stdout, "data");
  const { address, admin } = JSON.parse(String(first)) as { readonly address: string; readonly admin: string };
  const client = clientOf(address);
  const long = { sessionId: "s".repeat(100), name: "n".repeat(200), value: bytesOf("01") };
  for (let i = 0; i < 3_000; i++) await client.call("setVariable", long);
  const metrics = parsePage((await page(admin, "/metrics")).text);
  expect(metrics.total("session_bridge_session_variable_operation_duration_count", { outcome: "ok" })).toBe(3_000);
  expect(metrics.total("session_bridge_telemetry_events_dropped_total", { cause: "sink_failed" })).toBeGreaterThan(0);
  const ended = once(child, "exit");
  child.stderr.resume();
  child.kill("SIGTERM");
  expect(await ended).toEqual([0, null]);
});

/** Says on standard error which modules of telemetry a process loads. NODE_OPTIONS takes no spaces. */
const SAYS_WHAT_IT_LOADS =
  "import{registerHooks}from'node:module';registerHooks({load(url,context,next){if(/opentelemetry|packages.telemetry/.test(url))process.stderr.write('LOADED');return(next(url,context))}})";

test("a server without telemetry loads nothing of it", async () => {
  const environment = { NODE_OPTIONS: `--import=data:text/javascript,${SAYS_WHAT_IT_LOADS}` };
  for (const [args, loaded] of [
    [[], false],
    [["--admin", "127.0.0.1:0"], true],
  ] as const) {
    const { child, ended } = await serveProcess(["--store", "memory", "--log-level", "silent", ...args], environment);
    child.kill("SIGTERM");
    expect((await ended).stderr.includes("LOADED")).toBe(loaded);
  }
});
