import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import { DataLossError, memoryPersistence } from "@session-bridge/core";
import { expect, onTestFinished, test } from "vitest";
import { bytesOf } from "./support/bytes.ts";
import { runCommand, serveProcess, spawnCommand, temporaryDirectory } from "./support/command.ts";
import { commandLine } from "./support/command-line.ts";
import { rawClient } from "./support/raw-client.ts";
import { testServer } from "./support/test-server.ts";

const recordsOf = (text: string) =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

async function stored() {
  const file = join(temporaryDirectory(), "s.db");
  const start = async () => {
    const served = await serveProcess(["--store", `sqlite:${file}`]);
    const client = rawClient(served.address);
    onTestFinished(() => client.close());
    return { ...served, client };
  };
  return { file, start };
}

test("[P21] damaged variables are named and left out, everything else is exported, and the file says what is missing", async () => {
  const { file, start } = await stored();
  const first = await start();
  const set = (sessionId: string, name: string, value: Buffer) => first.client.call("setVariable", { sessionId, name, value });
  const noise = Buffer.from(Array.from({ length: 9_000 }, (_, i) => (i * i * 31 + (i >> 3)) % 251));
  await set("s", "a", Buffer.from("\xa8a marker", "latin1"));
  await set("s", "b", bytesOf("02"));
  await set("s", "large", Buffer.concat([bytesOf("c5 2331"), noise, Buffer.from("large one")]));
  await set("s", "z", bytesOf("03"));
  await set("t", "a", bytesOf("04"));
  first.child.kill("SIGTERM");
  await first.ended;
  const content = readFileSync(file);
  for (const text of ["a marker", "large one"]) {
    const at = content.indexOf(text);
    expect(at).toBeGreaterThan(0);
    content[at + 3] = (content[at + 3] as number) ^ 1;
  }
  writeFileSync(file, content);
  const { address } = await start();
  const { code, stdout, stderr } = await runCommand(["export", "--address", address]);
  expect(code).toBe(1);
  expect(stderr).toBe(
    'session-bridge: variable "a" of session "s" is damaged and not exported\n' +
      'session-bridge: variable "large" of session "s" is damaged and not exported\n',
  );
  expect(recordsOf(stdout).slice(1)).toMatchObject([
    { kind: "session", id: "s", variables: 2, damaged: ["a", "large"] },
    { kind: "variable", name: "b", value: "Ag==" },
    { kind: "variable", name: "z", value: "Aw==" },
    { kind: "session", id: "t", variables: 1, damaged: [] },
    { kind: "variable", name: "a", value: "BA==" },
    { kind: "trailer", sessions: 2, variables: 3, damaged_variables: 2, lost_sessions: 0 },
  ]);
});

test("[P21] a session of which nothing can be read is named, and stands in the file as lost", async () => {
  const persistence = memoryPersistence();
  const first = await testServer({ persistence: { ...persistence, close: async () => {} } });
  for (const sessionId of ["a", "b", "c"]) await first.client.call("setVariable", { sessionId, name: "x", value: bytesOf("01") });
  await first.server.stop();
  const load: typeof persistence.load = async (key) => {
    if (key.id === "b") throw new DataLossError("its pages are damaged");
    return persistence.load(key);
  };
  const { address } = await testServer({ persistence: { ...persistence, load } });
  const { code, out, err } = await commandLine(["export"], { SESSION_BRIDGE_ADDRESS: address });
  expect([code, err]).toEqual([1, 'session-bridge: session "b" is not exported: its pages are damaged\n']);
  expect(recordsOf(out).filter(({ kind }) => kind !== "variable")).toMatchObject([
    { kind: "header" },
    { kind: "session", id: "a" },
    { kind: "lost_session", id: "b", why: "its pages are damaged" },
    { kind: "session", id: "c" },
    { kind: "trailer", sessions: 2, lost_sessions: 1 },
  ]);
});

test("a value that no message can carry fails the export, which names the session and leaves no file", async () => {
  const persistence = memoryPersistence();
  const wide = await testServer({ persistence: { ...persistence, close: async () => {} } });
  await wide.client.call("setVariable", { sessionId: "s", name: "large", value: bytesOf("c6 00020000 00*131072") });
  await wide.server.stop();
  const { address } = await testServer({ persistence, requestLimits: { messageBytes: 65_536 }, limits: { valueBytes: 60_000 } });
  const directory = temporaryDirectory();
  const result = await commandLine(["export", join(directory, "out.jsonl")], { SESSION_BRIDGE_ADDRESS: address });
  expect(result).toMatchObject({ code: 1, out: "", err: expect.stringMatching(/^session-bridge: session "s": the value does not fit/) });
  expect(readdirSync(directory)).toEqual([]);
});

test("a file gets its name when it is complete, is for its owner alone, and none is replaced without --force", async () => {
  const { address, client } = await testServer();
  await client.call("setVariable", { sessionId: "s", name: "a", value: bytesOf("01") });
  const directory = temporaryDirectory();
  const file = join(directory, "out.jsonl");
  const environment = { SESSION_BRIDGE_ADDRESS: address };
  const made = await runCommand(["export", file], { environment });
  expect(made).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(made.stdout)).toEqual({ export: file, sessions: 1, variables: 1, damagedVariables: 0, lostSessions: 0 });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const first = readFileSync(file, "utf8");
  await client.call("setVariable", { sessionId: "s", name: "a", value: bytesOf("02") });
  expect(await runCommand(["export", file], { environment })).toMatchObject({
    code: 1,
    stdout: "",
    stderr: `session-bridge: ${file} exists; --force replaces it\n`,
  });
  expect(readFileSync(file, "utf8")).toBe(first);
  expect((await runCommand(["export", file, "--force"], { environment })).code).toBe(0);
  expect(recordsOf(readFileSync(file, "utf8"))[2]).toMatchObject({ name: "a", value: "Ag==" });
  expect(readdirSync(directory)).toEqual(["out.jsonl"]);
  const there = await testServer();
  const imported = await runCommand(["import", file], { environment: { SESSION_BRIDGE_ADDRESS: there.address } });
  expect(imported).toMatchObject({ code: 0, stderr: "" });
  const piped = await runCommand(["import", "-", "--on-conflict", "skip"], {
    environment: { SESSION_BRIDGE_ADDRESS: there.address },
    stdin: readFileSync(file, "utf8"),
  });
  expect(JSON.parse(piped.stdout)).toMatchObject({ sessions: 0, skippedSessions: 1 });
  expect(await there.client.call("getVariable", { sessionId: "s", name: "a" })).toMatchObject({ value: bytesOf("02") });
});

test("an interrupted export ends with 130 and leaves no file", async () => {
  const { address, client } = await testServer();
  for (let i = 0; i < 2_000; i++) await client.call("setVariable", { sessionId: `s-${i}`, name: "a", value: bytesOf("01") });
  // The answers pass by here, so that the interruption comes in the middle of them.
  const ENOUGH_BYTES = 100_000;
  const directory = temporaryDirectory();
  let answered = 0;
  const relay = createServer((socket) => {
    const [host = "", port = ""] = address.split(":");
    const upstream = connect(Number(port), host).setNoDelay();
    socket.setNoDelay();
    socket.pipe(upstream).on("error", () => {});
    upstream.on("data", (data) => {
      const before = answered;
      answered += data.length;
      if (before < ENOUGH_BYTES && answered >= ENOUGH_BYTES) child.kill("SIGINT");
    });
    upstream.pipe(socket).on("error", () => {});
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => relay.once("listening", resolve));
  onTestFinished(() => void relay.close());
  const through = `127.0.0.1:${(relay.address() as AddressInfo).port}`;
  const { child, ended } = spawnCommand(["export", join(directory, "out.jsonl"), "--address", through]);
  expect((await ended).code).toBe(130);
  expect(readdirSync(directory)).toEqual([]);
});

test("a file that is not there, a directory, and a choice that there is not are told, and nothing is imported", async () => {
  const { address, client } = await testServer();
  const directory = temporaryDirectory();
  mkdirSync(join(directory, "folder"));
  const cli = (...args: string[]) => commandLine(args, { SESSION_BRIDGE_ADDRESS: address });
  expect(await cli("import", join(directory, "none"))).toMatchObject({ code: 1, err: expect.stringContaining("ENOENT") });
  expect(await cli("import", join(directory, "folder"))).toMatchObject({ code: 1, err: expect.stringContaining("EISDIR") });
  expect(await cli("import", "x", "--on-conflict", "merge")).toMatchObject({ code: 2, err: expect.stringContaining("--on-conflict") });
  expect(await cli("export", join(directory, "none", "out"))).toMatchObject({ code: 1, err: expect.stringContaining("ENOENT") });
  expect(await cli("export", "--label", "x")).toMatchObject({ code: 2, err: expect.stringContaining("--label") });
  expect((await client.call("listSessions")).sessions).toEqual([]);
  expect(existsSync(join(directory, "none"))).toBe(false);
});

test("at a terminal, and only there, progress is shown on standard error", async () => {
  const { address, client } = await testServer();
  await client.call("setVariable", { sessionId: "s", name: "a", value: bytesOf("01") });
  const shown: string[] = [];
  const showProgress = (line: string) => void shown.push(line);
  const { out } = await commandLine(["export"], { SESSION_BRIDGE_ADDRESS: address }, "", { showProgress });
  await client.call("deleteSession", { sessionId: "s" });
  await commandLine(["import"], { SESSION_BRIDGE_ADDRESS: address }, out, { showProgress });
  expect(shown).toEqual(["exported 1 sessions, 1 variables", "", "imported 1 sessions, 1 variables", ""]);
});
