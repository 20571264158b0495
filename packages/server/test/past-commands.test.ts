/** history, checkpoint, checkpoints, rollback, declare, declarations and `sessions fork`, as text. */
import { beforeEach, expect, test } from "vitest";
import { commandLine } from "./support/command-line.ts";
import { testServer } from "./support/test-server.ts";

let address: string;
beforeEach(async () => {
  ({ address } = await testServer({ limits: { historyEntries: 4 } }));
});

const cli = (...args: string[]) => commandLine(args, { SESSION_BRIDGE_ADDRESS: address });
const piped = (stdin: string, ...args: string[]) => commandLine(args, { SESSION_BRIDGE_ADDRESS: address }, stdin);
const done = async (...args: string[]) => {
  const { code, out, err } = await cli(...args);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  return out.split("\n").slice(0, -1);
};
const told = async (...args: string[]): Promise<Record<string, unknown>[]> => (await done(...args)).map((line) => JSON.parse(line));
const revision = expect.any(Number);

test("history prints what was, newest first, values digit by digit as get does", async () => {
  const json = '{"long":12345678901234567890,"float":1.0}';
  await done("set", "s", "x", json, "--ttl", "60");
  await done("set", "s", "x", "2");
  await done("delete", "s", "x");
  const lines = await done("history", "s", "x");
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { kind: "delete", name: "x", revision, atMs: revision },
    { kind: "set", name: "x", value: 2, type: "integer", sizeBytes: 1, revision, atMs: revision },
    { kind: "set", name: "x", value: expect.anything(), type: "map", sizeBytes: 30, revision, atMs: revision, expiresAtMs: revision },
  ]);
  expect(lines[2]).toContain(`"value":${json},`);
  expect(await done("history", "s", "x", "--limit", "1")).toEqual(lines.slice(0, 1));
  expect(await done("history", "s", "absent")).toEqual([]);
  expect(await done("history", "missing", "x")).toEqual([]);
});

test("history --restore writes again what was, under a condition; exit code 3 for what is not kept", async () => {
  const [first] = await told("set", "s", "x", "1");
  const [second] = await told("set", "s", "x", "2");
  const restore = (at: unknown, ...more: string[]) => cli("history", "s", "x", "--restore", String(at), ...more);
  expect(await restore(first?.revision, "--if-revision", String(first?.revision))).toMatchObject({ code: 4, out: "" });
  const restored = await restore(first?.revision, "--if-revision", String(second?.revision));
  expect(restored).toEqual({ code: 0, out: expect.stringMatching(/^\{"revision":\d+\}\n$/), err: "" });
  expect(await done("get", "s", "x")).toEqual(["1"]);
  expect(await restore(5)).toEqual({ code: 3, out: "", err: "session-bridge: what the variable was at revision 5 is not kept\n" });
  expect((await restore("yesterday")).code).toBe(2);
  expect((await restore(1, "--limit", "2")).code).toBe(2);
  expect((await cli("history", "s", "x", "--if-revision", "1")).code).toBe(2);
  expect((await cli("history", "s", "x", "--limit", "0")).code).toBe(2);
});

test("checkpoint names a state, checkpoints lists them, rollback goes back; exit code 3 for what is not there", async () => {
  await done("set", "s", "x", "1");
  const [named] = await told("checkpoint", "s", "good");
  await done("set", "s", "x", "2");
  await done("set", "s", "y", "2");
  expect(await told("checkpoints", "s")).toEqual([
    { label: "good", revision: named?.revision, createdAtMs: revision, variableCount: 1, sizeBytes: 2 },
  ]);
  expect(await told("rollback", "s", "good")).toEqual([{ changed: 2 }]);
  expect([await done("get", "s", "x"), (await cli("get", "s", "y")).code]).toEqual([["1"], 3]);
  expect(await cli("rollback", "s", "bad")).toEqual({ code: 3, out: "", err: 'session-bridge: the session has no checkpoint "bad"\n' });
  expect(await told("checkpoint", "s", "good", "--delete")).toEqual([{ deleted: true }]);
  expect(await cli("checkpoint", "s", "good", "--delete")).toEqual({ code: 3, out: '{"deleted":false}\n', err: "" });
  expect(await done("checkpoints", "s")).toEqual([]);
  for (const command of ["checkpoint", "rollback"]) expect((await cli(command, "missing", "good")).code).toBe(3);
});

test("declare refuses what does not fit from then on, with exit code 4; --end ends it", async () => {
  const schema = '{"type":"number","maximum":2.5}';
  const [declared] = await told("declare", "s", "t", schema);
  expect(await piped(schema, "declare", "s", "t", "-")).toMatchObject({ code: 0, out: `${JSON.stringify(declared)}\n` });
  expect(await done("declarations", "s")).toEqual([`{"name":"t","schema":${schema},"revision":${declared?.revision}}`]);
  const refused = await cli("set", "s", "t", "3");
  expect(refused).toEqual({ code: 4, out: "", err: "session-bridge: t does not fit the declaration: maximum 2.5\n" });
  await done("set", "s", "t", "2");
  expect((await cli("declare", "s", "t", '{"type":"string"}')).code).toBe(4);
  expect(await cli("declare", "s", "t", '{"maxmum":2}')).toMatchObject({ code: 2, err: expect.stringContaining("#/maxmum") });
  expect(await told("declare", "s", "t", "--end")).toEqual([{ ended: true }]);
  expect(await cli("declare", "s", "t", "--end")).toMatchObject({ code: 3, out: "" });
  await done("set", "s", "t", "3");
  for (const args of [
    ["declare", "s", "t"],
    ["declare", "s", "t", "{}", "--end"],
    ["declare", "s", "t", "{"],
  ]) {
    expect((await cli(...args)).code).toBe(2);
  }
});

test("sessions fork copies a session, as it is or as it was, and prints what is known of the copy", async () => {
  const [then] = await told("set", "s", "x", "1");
  await done("set", "s", "x", "2");
  const [copy] = await told("sessions", "fork", "s", "copy", "--ttl", "60", "--label", "a=b");
  expect(copy).toMatchObject({ id: "copy", labels: { a: "b" }, ttlMs: 60_000, variableCount: 1 });
  expect(await done("get", "copy", "x")).toEqual(["2"]);
  const [old] = await told("sessions", "fork", "s", "--at-revision", String(then?.revision));
  expect(await done("get", String(old?.id), "x")).toEqual(["1"]);
  expect(await cli("sessions", "fork", "s", "copy")).toMatchObject({ code: 4, out: "", err: expect.stringContaining('"copy"') });
  expect((await cli("sessions", "fork", "missing")).code).toBe(3);
  expect((await cli("sessions", "fork", "s", "--at-revision", "1")).code).toBe(3);
  expect((await cli("sessions", "fork", "s", "--ttl", "keep")).code).toBe(2);
});
