/** `session-bridge watch`, as a process and as text. */
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { runCommand, serveProcess, spawnCommand, temporaryDirectory } from "./support/command.ts";
import { commandLine } from "./support/command-line.ts";
import { testServer } from "./support/test-server.ts";

/** Starts to watch; `next` gives one line after another. */
function watchCommand(address: string, ...args: readonly string[]) {
  const { child, ended } = spawnCommand(["watch", "s", "--address", address, ...args]);
  const lines = (createInterface({ input: child.stdout as NonNullable<typeof child.stdout> }) as Interface)[Symbol.asyncIterator]();
  const next = async (count = 1): Promise<Record<string, unknown>[]> => {
    const texts: string[] = [];
    while (texts.length < count) texts.push(String((await lines.next()).value));
    return texts.map((text) => JSON.parse(text) as Record<string, unknown>);
  };
  return { child, ended, next };
}

const command = (address: string, ...args: readonly string[]) => commandLine([...args, "--address", address], {});

test("what is there, what is known up to then, and every change come as lines of JSON until an interrupt, which ends it with 130", async () => {
  const { address } = await testServer();
  await command(address, "set", "s", "a", '{"long": 12345678901234567890, "float": 1.0}');
  await command(address, "set", "s", "b", '{"$bytes": "AP8="}');
  const { child, ended, next } = watchCommand(address);
  const revision = expect.any(Number);
  const [a, b, caughtUp] = await next(3);
  expect(a).toEqual({ kind: "set", name: "a", value: expect.anything(), revision, last: false });
  expect(b).toEqual({ kind: "set", name: "b", value: { $bytes: "AP8=" }, revision, last: false });
  expect(caughtUp).toEqual({ kind: "caught_up", revision: b?.revision, last: true });
  await command(address, "set", "s", "c", "null");
  await command(address, "delete", "s", "a");
  await command(address, "sessions", "delete", "s");
  await command(address, "set", "s", "d", "true");
  expect(await next(5)).toEqual([
    { kind: "set", name: "c", value: null, revision, last: true },
    { kind: "delete", name: "a", revision, last: true },
    { kind: "session_deleted", revision, last: true },
    { kind: "session_created", revision, last: false },
    { kind: "set", name: "d", value: true, revision, last: true },
  ]);
  child.kill("SIGINT");
  expect(await ended).toMatchObject({ code: 130, stderr: "" });
});

test("a value is printed as `get` prints it, digit by digit", async () => {
  const { address } = await testServer();
  const json = '{"long":12345678901234567890,"float":1.0,"at":{"$timestamp":"2024-01-01T00:00:00Z"}}';
  await command(address, "set", "s", "a", json);
  const [line] = await watched(address, 1);
  expect(line).toContain(`"value":${(await command(address, "get", "s", "a")).out.trim()},`);
});

/** The first lines of a watch in this process. */
async function watched(address: string, count: number, { args = [] as readonly string[], colours = false } = {}): Promise<string[]> {
  const lines: string[] = [];
  const enough = new Error("enough");
  const { err } = await commandLine(["watch", "s", "--address", address, ...args], {}, "", {
    colours,
    async printLive(text) {
      lines.push(text);
      if (lines.length === count) throw enough;
    },
  });
  expect(err).toBe("session-bridge: enough\n");
  return lines;
}

test("names, a prefix, a revision to go on after, and no values, as asked", async () => {
  const { address } = await testServer();
  const revisions = [];
  for (const name of ["a/1", "a/2", "b"]) {
    const { out } = await command(address, "set", "s", name, '"secret"');
    revisions.push((JSON.parse(out) as { revision: number }).revision);
  }
  const kinds = async (count: number, ...args: readonly string[]) =>
    (await watched(address, count, { args })).map((line) => {
      const { kind, name } = JSON.parse(line) as Record<string, unknown>;
      return name ?? kind;
    });
  // Without anybody who follows it, nothing is known of what was before.
  expect(await kinds(2, "--since", String(revisions[0]))).toEqual(["resync", "a/1"]);
  expect(await kinds(1, "--since", String(revisions[2]))).toEqual(["caught_up"]);
  expect(await kinds(3, "--prefix", "a/")).toEqual(["a/1", "a/2", "caught_up"]);
  expect(await kinds(3, "--name", "b", "--name", "a/2", "--name", "none")).toEqual(["a/2", "b", "caught_up"]);
  const lines = await watched(address, 4, { args: ["--no-values"] });
  expect(lines.join("")).not.toContain("secret");
  expect(JSON.parse(lines[0] as string)).toEqual({ kind: "set", name: "a/1", revision: revisions[0], last: false });
});

test("colours change nothing but the look", async () => {
  const { address } = await testServer();
  await command(address, "set", "s", "a", "1");
  const [plain, coloured] = [await watched(address, 2), await watched(address, 2, { colours: true })];
  expect(coloured).not.toEqual(plain);
  expect(coloured.map(stripVTControlCharacters)).toEqual(plain);
});

test("what cannot be asked for is a usage error, and a server that is not there is told with 5", async () => {
  const { address } = await testServer();
  for (const [args, message] of [
    [["--name", "a", "--prefix", "b"], "not both"],
    [["--since", "yesterday"], "--since: expected a revision"],
    [["--name", ""], "name"],
  ] as const) {
    const { code, err, out } = await command(address, "watch", "s", ...args);
    expect(code, err).toBe(2);
    expect(err).toContain(message);
    expect(out).toBe("");
  }
  expect(await runCommand(["watch", "s", "--address", "127.0.0.1:1", "--timeout", "0.5"])).toMatchObject({ code: 5, stdout: "" });
});

test("[P15] a server that is killed and started again is found, and what came between is told or begins anew", async () => {
  const store = ["--store", `sqlite:${join(temporaryDirectory(), "sessions.db")}`];
  const server = await serveProcess(store);
  const { address } = server;
  await command(address, "set", "s", "a", "1");
  const { child, ended, next } = watchCommand(address);
  expect((await next(2)).map(({ kind }) => kind)).toEqual(["set", "caught_up"]);
  server.child.kill("SIGKILL");
  await server.ended;
  await serveProcess([...store, "--listen", address]);
  await command(address, "set", "s", "a", "2");
  const told = await next(1);
  const [last] = told[0]?.kind === "resync" ? await next(1) : told;
  expect(last).toMatchObject({ kind: "set", name: "a", value: 2 });
  child.kill("SIGINT");
  expect((await ended).code).toBe(130);
});
