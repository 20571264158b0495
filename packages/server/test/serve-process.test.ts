import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { bytesOf } from "./support/bytes.ts";
import { runCommand, serveProcess, temporaryDirectory } from "./support/command.ts";
import { rawClient } from "./support/raw-client.ts";

const write = { sessionId: "s", name: "a", value: bytesOf("01") };

function clientOf(address: string) {
  const client = rawClient(address);
  onTestFinished(() => client.close());
  return client;
}

test("one ready line on standard output, logs as JSON lines on standard error, SIGTERM ends with 0", async () => {
  const { child, ready, ended, address } = await serveProcess();
  expect(ready).toEqual({
    ready: true,
    address: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
  });
  await clientOf(address).call("setVariable", write);
  child.kill("SIGTERM");
  const { code, stdout, stderr } = await ended;
  expect(code).toBe(0);
  expect(stdout).toBe(`${JSON.stringify(ready)}\n`);
  const logged = stderr
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { level: string; msg: string });
  expect(logged.map(({ level, msg }) => [level, msg])).toEqual([
    ["info", "serving"],
    ["info", "stopping"],
    ["info", "stopped"],
  ]);
});

test("SIGINT stops as SIGTERM does", async () => {
  const { child, ended } = await serveProcess(["--store", "memory", "--log-level", "silent"]);
  child.kill("SIGINT");
  expect(await ended).toMatchObject({ code: 0, stderr: "" });
});

test("a stop under load answers every acknowledged write, and they are there after a restart", async () => {
  const store = `sqlite:${join(temporaryDirectory(), "s.db")}`;
  const first = await serveProcess(["--store", store]);
  const client = clientOf(first.address);
  const acknowledged: number[] = [];
  const writes = Array.from({ length: 8 }, async (_, worker) => {
    for (let i = 0; ; i++) {
      await client.call("setVariable", { ...write, name: `${worker}-${i}` });
      acknowledged.push(1);
    }
  }).map((writer) => writer.catch((error: { code: number }) => error.code));
  await expect.poll(() => acknowledged.length).toBeGreaterThan(20);
  first.child.kill("SIGTERM");
  expect((await first.ended).code).toBe(0);
  for (const code of await Promise.all(writes)) expect(code).toBe(14);
  const second = await serveProcess(["--store", store]);
  const { session } = await clientOf(second.address).call("getSession", write);
  expect(Number(session?.variableCount)).toBeGreaterThanOrEqual(acknowledged.length);
});

test.for([
  ["fsync", "power"],
  ["commit", "process"],
] as const)("--durability %s opens the store so, and the log says what answered changes survive: %s", async ([durability, survives]) => {
  const store = `sqlite:${join(temporaryDirectory(), "s.db")}`;
  const first = await serveProcess(["--store", store, "--durability", durability]);
  await clientOf(first.address).call("setVariable", write);
  first.child.kill("SIGKILL");
  expect((await first.ended).stderr).toContain(`"survives":"${survives}"`);
  const second = await serveProcess(["--store", store, "--durability", durability]);
  expect(await clientOf(second.address).call("getVariable", write)).toMatchObject({ found: true });
});

test("[P12] --durability write-behind answers before it saves, and a clean stop saves everything", async () => {
  const args = [
    "--store",
    `sqlite:${join(temporaryDirectory(), "s.db")}`,
    "--durability",
    "write-behind",
    "--write-behind-window-ms",
    "600000",
  ];
  const killed = await serveProcess(args);
  await clientOf(killed.address).call("setVariable", write);
  expect(await clientOf(killed.address).call("getVariable", write)).toMatchObject({ found: true });
  killed.child.kill("SIGKILL");
  expect((await killed.ended).stderr).toContain('"survives":"stop"');
  const stopped = await serveProcess(args);
  expect(await clientOf(stopped.address).call("getVariable", write)).toMatchObject({ found: false });
  await clientOf(stopped.address).call("setVariable", write);
  stopped.child.kill("SIGTERM");
  expect((await stopped.ended).code).toBe(0);
  const last = await serveProcess(args);
  expect(await clientOf(last.address).call("getVariable", write)).toMatchObject({ found: true });
});

test("a second signal ends at once", async () => {
  const { child, ended, address } = await serveProcess(["--store", "memory", "--drain-ms", "60000"]);
  const { Client, credentials } = await import("@grpc/grpc-js");
  const raw = new Client(address, credentials.createInsecure());
  onTestFinished(() => raw.close());
  // A request whose message never ends keeps its stream open.
  const asIs = (bytes: Buffer) => bytes;
  const stream = raw.makeClientStreamRequest("/session_bridge.v1.VariableService/GetVariable", asIs, asIs, () => {});
  await new Promise<void>((resolve) => raw.waitForReady(Date.now() + 5_000, () => resolve()));
  stream.write(Buffer.alloc(0));
  await rawClientAnswers(address);
  child.kill("SIGTERM");
  await expect.poll(() => connects(address)).toBe(false);
  expect(child.exitCode).toBeNull();
  child.kill("SIGTERM");
  expect((await ended).code).toBe(130);
});

async function rawClientAnswers(address: string): Promise<void> {
  await clientOf(address).call("getServerInfo");
}

async function connects(address: string): Promise<boolean> {
  const { connect } = await import("node:net");
  const [host, port] = address.split(":");
  return new Promise((resolve) => {
    const socket = connect(Number(port), host);
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

test("an error that nobody caught is logged and ends the server with 1", async () => {
  const throwing = "process.on('SIGUSR2',()=>{throw(new(Error)('boom'))})";
  const { child, ended } = await serveProcess(["--store", "memory"], { NODE_OPTIONS: `--import=data:text/javascript,${throwing}` });
  child.kill("SIGUSR2");
  const { code, stderr } = await ended;
  expect(code).toBe(1);
  expect(JSON.parse(stderr.trim().split("\n").at(-1) ?? "")).toMatchObject({
    level: "fatal",
    msg: "uncaught error",
    err: { message: "boom" },
  });
});

test("a port in use is one clear line and exit code 1", async () => {
  const { address } = await serveProcess();
  const { code, stdout, stderr } = await runCommand(["serve", "--store", "memory", "--listen", address, "--log-level", "silent"]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(new RegExp(`^session-bridge: cannot listen on ${address}: .*EADDRINUSE.*\n$`));
});

test("a store that another server has, that is no store, of a newer schema, or that cannot be written is one clear line and exit code 1", async () => {
  const directory = temporaryDirectory();
  const owned = join(directory, "owned.db");
  await serveProcess(["--store", `sqlite:${owned}`]);
  const text = join(directory, "text.db");
  writeFileSync(text, "this is no database, whatever its name says; ".repeat(100));
  const newer = join(directory, "newer.db");
  const { child, ended } = await serveProcess(["--store", `sqlite:${newer}`]);
  child.kill("SIGTERM");
  await ended;
  const database = new DatabaseSync(newer);
  database.exec("PRAGMA user_version = 999");
  database.close();
  for (const file of [owned, text, newer, join(directory, "missing", "s.db")]) {
    const { code, stdout, stderr } = await runCommand([
      "serve",
      "--listen",
      "127.0.0.1:0",
      "--store",
      `sqlite:${file}`,
      "--log-level",
      "silent",
    ]);
    expect({ code, stdout, stderr }).toEqual({
      code: 1,
      stdout: "",
      stderr: expect.stringMatching(/^session-bridge: --store sqlite:.*: the store cannot be opened: .+\n$/),
    });
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toContain(file);
  }
});

test("bad configuration is exit code 2, and says every bad value", async () => {
  const config = join(temporaryDirectory(), "c.json");
  writeFileSync(config, '{"listen": 5}');
  const { code, stdout, stderr } = await runCommand(["serve", "--config", config, "--store", "x"]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toBe(
    'session-bridge: "listen" in the configuration file: expected host:port or unix:path\nsession-bridge: --store: expected memory or sqlite:PATH\n',
  );
});

test("--print-config prints what is in force, by flag, environment and file, and starts nothing", async () => {
  const config = join(temporaryDirectory(), "c.json");
  writeFileSync(config, '{"drain-ms": 5, "log-level": "warn"}');
  const environment = { SESSION_BRIDGE_LOG_LEVEL: "debug", SESSION_BRIDGE_STORE: "memory" };
  const { code, stdout } = await runCommand(["serve", "--config", config, "--store", "sqlite:x.db", "--print-config"], { environment });
  expect(code).toBe(0);
  const printed = JSON.parse(stdout) as object;
  expect(printed).toMatchObject({ "drain-ms": 5, "log-level": "debug", store: "sqlite:x.db", listen: "127.0.0.1:50051" });
  writeFileSync(config, stdout);
  expect(JSON.parse((await runCommand(["serve", "--config", config, "--print-config"])).stdout)).toEqual(printed);
});
