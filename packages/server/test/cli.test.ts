import { beforeEach, describe, expect, test } from "vitest";
import { VERSION } from "../src/version.ts";
import { bytesOf } from "./support/bytes.ts";
import { runCommand, serveProcess, spawnCommand } from "./support/command.ts";
import { commandLine, type Result } from "./support/command-line.ts";
import { testServer } from "./support/test-server.ts";

describe("against a server", () => {
  let server: Awaited<ReturnType<typeof testServer>>;
  beforeEach(async () => {
    server = await testServer();
  });
  const cli = (...args: string[]) => commandLine(args, { SESSION_BRIDGE_ADDRESS: server.address });
  const piped = (stdin: string, ...args: string[]) => commandLine(args, { SESSION_BRIDGE_ADDRESS: server.address }, stdin);

  test.for([
    ["1.0", "cb 3ff0000000000000"],
    ["-5", "fb"],
    ["18446744073709551616", "c7 09 01 010000000000000000"],
    ['{"2":1.10,"1":[null,true]}', "82 a1 32 cb 3ff199999999999a a1 31 92 c0 c3"],
    ['{"$bytes":"AP8="}', "c4 02 00ff"],
  ] as const)("set %s stores %s, and what get prints stores the same again", async ([json, bytes]) => {
    const set = await cli("set", "s", "a", json);
    expect(set).toEqual({ code: 0, out: expect.stringMatching(/^\{"revision":\d+\}\n$/), err: "" });
    expect((await server.client.call("getVariable", { sessionId: "s", name: "a" })).value).toEqual(bytesOf(bytes));
    const got = await cli("get", "s", "a");
    expect(got.code).toBe(0);
    await piped(got.out, "set", "s", "b", "-");
    expect((await server.client.call("getVariable", { sessionId: "s", name: "b" })).value).toEqual(bytesOf(bytes));
  });

  test("--string takes any text as it is", async () => {
    expect((await cli("set", "s", "a", "--string", "1.0")).code).toBe(0);
    expect((await cli("get", "s", "a")).out).toBe('"1.0"\n');
    expect((await cli("set", "s", "a", "--string", "")).code).toBe(0);
    expect((await cli("get", "s", "a")).out).toBe('""\n');
  });

  test("custom encodings print and read back", async () => {
    await server.client.call("setVariable", { sessionId: "s", name: "a", value: bytesOf("c1"), encoding: "raw" });
    const { out } = await cli("get", "s", "a");
    expect((await piped(out, "set", "s", "b", "-")).code).toBe(0);
    expect(await server.client.call("getVariable", { sessionId: "s", name: "b" })).toMatchObject({ value: bytesOf("c1"), encoding: "raw" });
  });

  test("--ttl sets, keeps and clears a deadline", async () => {
    const deadline = async () =>
      (await server.client.call("getVariable", { sessionId: "s", name: "a", includeInfo: true })).info?.expiresAtMs;
    const before = Date.now();
    await cli("set", "s", "a", "1", "--ttl", "90.5");
    const first = Number(await deadline());
    expect(first).toBeGreaterThanOrEqual(before + 90_500);
    expect(first).toBeLessThan(before + 100_000);
    await cli("set", "s", "a", "2", "--ttl", "keep");
    expect(Number(await deadline())).toBe(first);
    await cli("set", "s", "a", "3", "--ttl", "never");
    expect(await deadline()).toBeUndefined();
  });

  test("--if-revision decides, with exit code 4 when it does not hold", async () => {
    const { out } = await cli("set", "s", "a", "1", "--if-revision", "0");
    const { revision } = JSON.parse(out) as { revision: number };
    const refused = await cli("set", "s", "a", "2", "--if-revision", "0");
    expect(refused).toMatchObject({ code: 4, out: "", err: expect.stringMatching(/^session-bridge: .*revision/) });
    expect((await cli("delete", "s", "a", "--if-revision", "1")).code).toBe(4);
    expect((await cli("delete", "s", "a", "--if-revision", String(revision))).code).toBe(0);
  });

  test("what is not there is exit code 3", async () => {
    expect(await cli("get", "s", "a")).toEqual({ code: 3, out: "", err: 'session-bridge: session "s" has no variable "a"\n' });
    expect(await cli("delete", "s", "a")).toEqual({ code: 3, out: '{"deleted":false}\n', err: "" });
    expect(await cli("sessions", "show", "s")).toMatchObject({ code: 3, out: "" });
    expect(await cli("sessions", "delete", "s")).toEqual({ code: 3, out: '{"deleted":false}\n', err: "" });
    expect(await cli("list", "s")).toEqual({ code: 0, out: "", err: "" });
  });

  test("list and sessions list print one JSON line each", async () => {
    for (const name of ["b", "a", "ab"]) await cli("set", "s-1", name, '"x"');
    const labels = new Map([["team", "x=y"]]) as never;
    await server.client.call("createSession", { sessionId: "s-2", labels });
    const lines = ({ out }: Result) =>
      out
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines(await cli("list", "s-1", "--prefix", "a"))).toMatchObject([
      { name: "a", type: "string", sizeBytes: 2, encoding: "", revision: expect.any(Number), createdAtMs: expect.any(Number) },
      { name: "ab" },
    ]);
    expect(lines(await cli("sessions", "list"))).toMatchObject([{ id: "s-1", variableCount: 3, labels: {} }, { id: "s-2" }]);
    expect(lines(await cli("sessions", "list", "--label", "team=x=y", "--prefix", "s"))).toMatchObject([
      { id: "s-2", labels: { team: "x=y" } },
    ]);
    expect(lines(await cli("sessions", "show", "s-1"))).toMatchObject([{ id: "s-1", sizeBytes: 10 }]);
    expect(await cli("sessions", "delete", "s-1")).toEqual({ code: 0, out: '{"deleted":true}\n', err: "" });
    expect(lines(await cli("sessions", "list"))).toMatchObject([{ id: "s-2" }]);
  });

  test("a session with more pages than one is listed whole", async () => {
    for (let i = 0; i < 130; i++) await server.client.call("createSession", { sessionId: `s-${i}` });
    expect((await cli("sessions", "list")).out.trim().split("\n")).toHaveLength(130);
  });

  test.for([
    [["set", "s", "a"], /either a JSON value/],
    [["set", "s", "a", "1", "--string", "x"], /either a JSON value/],
    [["set", "s", "a", "hello"], /the value: not JSON .*--string/],
    [["set", "s", "a", '{"$nope":1}'], /\$map/],
    [["set", "s", "a", "1", "--ttl", "0"], /--ttl/],
    [["set", "s", "a", "1", "--ttl", "soon"], /--ttl/],
    [["set", "s", "a", "1", "--if-revision", "-1"], /--if-revision/],
    [["set", "s", "", "1"], /name is empty/],
    [["get", "a\nb", "a"], /session id/],
    [["get", "s"], /missing required argument/],
    [["get", "s", "a", "b"], /too many arguments/],
    [["get", "s", "a", "--nope"], /unknown option/],
    [["get", "s", "a", "--timeout", "0"], /--timeout: expected seconds/],
    [["sessions", "list", "--label", "x"], /--label: expected key=value/],
    [["nope"], /unknown command/],
  ] as const)("%j is exit code 2", async ([args, message]) => {
    expect(await cli(...args)).toMatchObject({ code: 2, out: "", err: expect.stringMatching(message) });
    expect((await server.client.call("listSessions")).sessions).toEqual([]);
  });

  test("an increment's type error of the server is exit code 4, another refusal 1 or 2 as its status says", async () => {
    expect((await cli("set", "s", "a", `"${"x".repeat(1024 * 1024)}"`)).code).toBe(1);
    expect((await cli("set", "s", "x".repeat(257), "1")).code).toBe(2);
  });
});

test("no server is exit code 5 at once, and the message says the address", async () => {
  const started = Date.now();
  const result = await commandLine(["get", "s", "a", "--address", "127.0.0.1:1"], {});
  expect(result).toMatchObject({ code: 5, out: "", err: expect.stringContaining("127.0.0.1:1") });
  expect(Date.now() - started).toBeLessThan(4_000);
});

test.for([
  ["serve"],
  ["get"],
  ["set"],
  ["delete"],
  ["list"],
  ["sessions"],
  ["sessions", "list"],
  ["sessions", "show"],
  ["sessions", "delete"],
  ["export"],
  ["import"],
  ["check"],
  ["backup"],
  [],
])("--help and --version work for %j", async (command) => {
  expect(await commandLine([...command, "--version"], {})).toEqual({ code: 0, out: `${VERSION}\n`, err: "" });
  expect(await commandLine([...command, "--help"], {})).toEqual({
    code: 0,
    out: expect.stringContaining("Usage: session-bridge"),
    err: "",
  });
});

test("--print-config says which server would be asked, and asks none", async () => {
  const { code, out } = await commandLine(["get", "s", "a", "--timeout", "1.5", "--print-config"], { SESSION_BRIDGE_ADDRESS: "h:1" });
  expect({ code, out }).toEqual({ code: 0, out: '{"address":"h:1","timeout":1.5}\n' });
});

test("the built command does all of it as processes, standard input included", async () => {
  const { address } = await serveProcess();
  const environment = { SESSION_BRIDGE_ADDRESS: address };
  expect((await runCommand(["set", "s", "a", "-"], { environment, stdin: '{"temperature": 0.8}\n' })).code).toBe(0);
  expect(await runCommand(["get", "s", "a"], { environment })).toMatchObject({ code: 0, stdout: '{"temperature":0.8}\n', stderr: "" });
  expect(await runCommand(["list", "s"], { environment })).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('"name":"a","type":"map"'),
  });
  expect(await runCommand(["sessions", "list", "--address", address])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('"id":"s"'),
  });
  expect(await runCommand(["delete", "s", "a"], { environment })).toMatchObject({ code: 0, stdout: '{"deleted":true}\n' });
  expect(await runCommand(["get", "s", "a"], { environment })).toMatchObject({ code: 3 });
});

test("an interrupted command ends with 130", async () => {
  const { createServer } = await import("node:net");
  const silent = createServer(() => {}).listen(0, "127.0.0.1");
  await new Promise((resolve) => silent.once("listening", resolve));
  const connected = new Promise((resolve) => silent.once("connection", resolve));
  const address = `127.0.0.1:${(silent.address() as { port: number }).port}`;
  const { child, ended } = spawnCommand(["get", "s", "a", "--address", address, "--timeout", "60"]);
  await connected;
  child.kill("SIGINT");
  expect((await ended).code).toBe(130);
  silent.close();
});
