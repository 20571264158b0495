import { connect } from "@session-bridge/client";
import { memoryPersistence } from "@session-bridge/core";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { bytesOf } from "./support/bytes.ts";
import { refusalOf } from "./support/raw-client.ts";
import { testServer } from "./support/test-server.ts";

const S = "s-1";
const info = (name: string, rest: object = {}) => expect.objectContaining({ name, ...rest });

test("GetVariable answers found, the bytes and the session's committed revision; absence is an answer [P2]", async () => {
  const { client } = await testServer();
  expect(await client.call("getVariable", { sessionId: S, name: "a" })).toMatchObject({
    found: false,
    sessionRevision: 0n,
    info: undefined,
  });
  const { revision } = await client.call("setVariable", { sessionId: S, name: "a", value: bytesOf("c0") });
  const reading = await client.call("getVariable", { sessionId: S, name: "a", includeInfo: true });
  expect(reading).toMatchObject({ found: true, value: bytesOf("c0"), encoding: "", sessionRevision: revision });
  expect(reading.info).toEqual(info("a", { type: "null", sizeBytes: 1n, revision, encoding: "" }));
  expect(await client.call("getVariable", { sessionId: S, name: "b", includeInfo: true })).toMatchObject({
    found: false,
    sessionRevision: revision,
  });
});

test("SetVariable gives previous values, if_missing and if_revision their meaning", async () => {
  const { client } = await testServer();
  const first = await client.call("setVariable", { sessionId: S, name: "a", value: bytesOf("01"), ifRevision: 0n, wantPrevious: true });
  expect(first).toMatchObject({ applied: true, previous: undefined });
  const second = await client.call("setVariable", {
    sessionId: S,
    name: "a",
    value: bytesOf("02"),
    ifRevision: first.revision,
    wantPrevious: true,
  });
  expect(second).toMatchObject({ applied: true, previous: { value: bytesOf("01"), info: info("a", { revision: first.revision }) } });
  const kept = await client.call("setVariable", { sessionId: S, name: "a", value: bytesOf("03"), ifMissing: true });
  expect(kept).toMatchObject({ applied: false, revision: second.revision, previous: { value: bytesOf("02") } });
});

test("a ttl shows as a deadline, keep keeps it, a plain set clears it", async () => {
  const { client } = await testServer();
  const set = (ttl?: object) =>
    client.call("setVariable", { sessionId: S, name: "a", value: bytesOf("01"), ...(ttl && { ttl: ttl as never }) });
  const deadline = async () => (await client.call("getVariable", { sessionId: S, name: "a", includeInfo: true })).info?.expiresAtMs;
  await set({ kind: { $case: "ttlMs", value: 60_000n } });
  const first = await deadline();
  expect(first).toBeTypeOf("bigint");
  await set({ kind: { $case: "keep", value: true } });
  expect(await deadline()).toBe(first);
  await set();
  expect(await deadline()).toBeUndefined();
});

test("custom encodings are carried as bytes and named", async () => {
  const { client } = await testServer();
  await client.call("setVariable", { sessionId: S, name: "a", value: bytesOf("c1"), encoding: "my.codec" });
  expect(await client.call("getVariable", { sessionId: S, name: "a", includeInfo: true })).toMatchObject({
    encoding: "my.codec",
    value: bytesOf("c1"),
    info: { type: "custom" },
  });
});

test("DeleteVariable says whether there was something, and makes no revision when not", async () => {
  const { client } = await testServer();
  const { revision } = await client.call("setVariable", { sessionId: S, name: "a", value: bytesOf("01") });
  expect(await client.call("deleteVariable", { sessionId: S, name: "x" })).toMatchObject({ deleted: false, sessionRevision: revision });
  const deleted = await client.call("deleteVariable", { sessionId: S, name: "a", wantPrevious: true });
  expect(deleted).toMatchObject({ deleted: true, previous: { value: bytesOf("01") } });
  expect(deleted.sessionRevision).toBeGreaterThan(revision);
  expect(await client.call("deleteVariable", { sessionId: "none", name: "a" })).toMatchObject({ deleted: false, sessionRevision: 0n });
});

test("ListVariables and GetVariables answer in byte order, by prefix or by names, custom encodings beside the packed map", async () => {
  const { client } = await testServer();
  await client.call("updateVariables", { sessionId: S, values: bytesOf("82 a2 6232 02 a2 6231 01") });
  await client.call("setVariable", { sessionId: S, name: "a", value: bytesOf("00"), encoding: "raw" });
  expect((await client.call("listVariables", { sessionId: S })).variables.map(({ name }) => name)).toEqual(["a", "b1", "b2"]);
  const all = await client.call("getVariables", { sessionId: S, includeInfo: true });
  expect(all.values).toEqual(bytesOf("82 a2 6231 01 a2 6232 02"));
  expect(all.custom).toMatchObject([{ value: bytesOf("00"), info: { name: "a", encoding: "raw" } }]);
  expect(all.infos.map(({ name }) => name)).toEqual(["a", "b1", "b2"]);
  const named = await client.call("getVariables", { sessionId: S, names: ["b2", "zz", "b2"] });
  expect(named).toMatchObject({
    values: bytesOf("81 a2 6232 02"),
    custom: [],
    infos: [],
    nextPageToken: "",
    sessionRevision: all.sessionRevision,
  });
  expect((await client.call("getVariables", { sessionId: S, prefix: "b1" })).values).toEqual(bytesOf("81 a2 6231 01"));
  expect(await client.call("getVariables", { sessionId: "none" })).toMatchObject({ values: bytesOf("80"), sessionRevision: 0n });
});

test("UpdateVariables runs every kind of change under one revision, packed sets first", async () => {
  const { client } = await testServer();
  const answer = await client.call("updateVariables", {
    sessionId: S,
    values: bytesOf("83 a1 61 01 a1 6c 91 01 a1 6d 81 a1 78 01"),
    operations: [
      { name: "a", change: { $case: "increment", value: { by: bytesOf("29") } } },
      { name: "n", change: { $case: "increment", value: {} } },
      { name: "l", change: { $case: "append", value: { value: bytesOf("92 02 03"), keepLast: 2n } } },
      { name: "m", change: { $case: "merge", value: { values: bytesOf("81 a1 79 02"), remove: ["x"] } } },
      { name: "s", change: { $case: "set", value: { value: bytesOf("c3") } } },
      { name: "s", wantPrevious: true, change: { $case: "delete", value: {} } },
      { name: "none", ifRevision: 0n },
      { change: { $case: "popLast", value: {} } },
      { change: { $case: "clear", value: { prefix: "m" } } },
    ],
  });
  expect(answer.results.map(({ applied, number, count, error }) => ({ applied, number: number.toString(), count, error }))).toMatchObject([
    { applied: true, number: bytesOf("2a").toString() },
    { applied: true, number: bytesOf("01").toString() },
    { applied: true, count: 2n },
    { applied: true },
    { applied: true },
    { applied: true },
    { applied: false },
    { applied: true },
    { applied: true, count: 1n },
  ]);
  expect(answer.results[5]?.previous).toMatchObject({ value: bytesOf("c3") });
  expect(answer.results[7]?.previous?.info?.name).toBe("n");
  const { values, sessionRevision } = await client.call("getVariables", { sessionId: S });
  expect(values).toEqual(bytesOf("82 a1 61 2a a1 6c 92 02 03"));
  expect(sessionRevision).toBe(answer.sessionRevision);
});

test("in an independent update each operation fails by itself, bad ttl and bad name included, packed ones in value_errors", async () => {
  const { client } = await testServer({ limits: { valueBytes: 4 } });
  const answer = await client.call("updateVariables", {
    sessionId: S,
    independent: true,
    values: bytesOf("82 a3 626967 a5 6161616161 a2 6f6b 01"),
    operations: [
      { name: "", change: { $case: "set", value: { value: bytesOf("01") } } },
      { name: "t", change: { $case: "set", value: { value: bytesOf("01"), ttl: { kind: { $case: "ttlMs", value: 0n } } } } },
      { name: "ok", change: { $case: "increment", value: {} } },
      { name: "ok", ifRevision: 1n, change: { $case: "delete", value: {} } },
    ],
  });
  expect(answer.valueErrors).toMatchObject([{ code: 8, reason: "VALUE_TOO_LARGE" }]);
  expect(answer.valueErrors[0]?.metadata.get("name")).toBe("big");
  expect(answer.results.map(({ error }) => error?.reason)).toEqual(["INVALID_NAME", "INVALID_TTL", undefined, "REVISION_MISMATCH"]);
  expect(answer.results[3]?.error?.metadata.get("current_revision")).toBe(String(answer.results[2]?.revision));
  const bad = { name: "", change: { $case: "delete" as const, value: {} } };
  const nothing = await client.call("updateVariables", { sessionId: S, independent: true, operations: [bad] });
  expect(nothing).toMatchObject({ sessionRevision: answer.sessionRevision, results: [{ error: { reason: "INVALID_NAME" } }] });
});

test("sessions are created, looked at, listed by prefix and label, touched and deleted", async () => {
  const { client } = await testServer();
  const labels = new Map([
    ["team", "x"],
    ["__proto__", "y"],
  ]) as never;
  const created = await client.call("createSession", { sessionId: "a-1", labels, ttl: { kind: { $case: "ttlMs", value: 60_000n } } });
  expect(created.session).toMatchObject({ sessionId: "a-1", ttlMs: 60_000n, variableCount: 0n, sizeBytes: 0n });
  expect(created.session?.labels).toEqual(
    new Map([
      ["team", "x"],
      ["__proto__", "y"],
    ]),
  );
  const made = await client.call("createSession", { ttl: { kind: { $case: "never", value: true } } });
  expect(made.session?.sessionId).toMatch(/^[\w-]{22}$/);
  expect(made.session?.ttlMs).toBeUndefined();
  await client.call("setVariable", { sessionId: "a-2", name: "v", value: bytesOf("01"), defaults: { labels } });
  expect((await client.call("getSession", { sessionId: "a-2" })).session).toMatchObject({ variableCount: 1n, sizeBytes: 2n });
  const page = await client.call("listSessions", { prefix: "a-", labels, pageSize: 1 });
  expect(page.sessions.map(({ sessionId }) => sessionId)).toEqual(["a-1"]);
  const rest = await client.call("listSessions", { prefix: "a-", labels, pageSize: 1, pageToken: page.nextPageToken });
  expect(rest.sessions.map(({ sessionId }) => sessionId)).toEqual(["a-2"]);
  const touched = await client.call("touchSession", { sessionId: "a-1", ttl: { kind: { $case: "never", value: true } } });
  expect(touched.session?.expiresAtMs).toBeUndefined();
  expect(await client.call("deleteSession", { sessionId: "a-1" })).toEqual({ deleted: true });
  expect(await client.call("deleteSession", { sessionId: "a-1" })).toEqual({ deleted: false });
});

test("GetServerInfo says the version and the limits in force", async () => {
  const { client, server } = await testServer({ limits: { valueBytes: 77 }, requestLimits: { requestsInFlight: 9 } });
  const answer = await client.call("getServerInfo");
  expect(answer.version).toBe(server.version);
  expect(Object.fromEntries(answer.limits)).toMatchObject({
    valueBytes: 77n,
    requestsInFlight: 9n,
    messageBytes: 4_194_304n,
    valueDepth: 64n,
  });
});

test("a server says what its store keeps, and refuses what it does not with UNSUPPORTED", async () => {
  const all = ["watch", "fork", "history", "checkpoints", "declarations"];
  expect((await (await testServer()).client.call("getServerInfo")).features).toEqual(all);
  const inner = memoryPersistence();
  const persistence = { ...inner, capabilities: { ...inner.capabilities, sections: ["requests"] } };
  const { client } = await testServer({ persistence });
  expect((await client.call("getServerInfo")).features).toEqual(["watch", "fork"]);
  const { revision } = await client.call("setVariable", { sessionId: S, name: "a", value: bytesOf("01") });
  const changes = [
    { name: "a", change: { $case: "declare" as const, value: { schema: bytesOf("c3") } } },
    { change: { $case: "checkpoint" as const, value: { label: "c" } } },
    { change: { $case: "rollback" as const, value: { label: "c" } } },
  ];
  for (const operation of changes) {
    const refusal = await refusalOf(client.call("updateVariables", { sessionId: S, operations: [operation] }));
    expect(refusal).toMatchObject({ code: 12, reason: "UNSUPPORTED", metadata: { outcome: "not_applied" } });
  }
  expect(await refusalOf(client.call("createSession", { sessionId: "s-2", historyEntries: 1 }))).toMatchObject({ reason: "UNSUPPORTED" });
  expect((await client.call("getVariableHistory", { sessionId: S, name: "a" })).entries).toEqual([]);
  expect((await client.call("listCheckpoints", { sessionId: S })).checkpoints).toEqual([]);
  expect((await client.call("listDeclarations", { sessionId: S })).declarations).toEqual([]);
  const { session } = await client.call("forkSession", { sessionId: S, newSessionId: "copy" });
  expect([session?.sessionId, (await client.call("getVariable", { sessionId: "copy", name: "a" })).found]).toEqual(["copy", true]);
  expect((await client.call("getSession", { sessionId: S })).session?.revision).toBe(revision);
});

test("a validator of zod can be declared, and refuses on the server what it says in its JSON Schema", async () => {
  const { address } = await testServer();
  const bridge = connect(address);
  onTestFinished(() => bridge.close());
  const session = bridge.session(S);
  const Config = z.object({ temperature: z.number().max(2), tools: z.array(z.string()).optional(), mode: z.enum(["a", "b"]).default("a") });
  await session.declare("config", Config);
  await session.set("config", { temperature: 1, tools: [] });
  expect(await session.get("config", Config)).toEqual({ temperature: 1, tools: [], mode: "a" });
  for (const bad of [{ temperature: 3 }, {}, { temperature: 1, tools: [1] }, { temperature: 1, mode: "c" }]) {
    await expect(session.set("config", bad)).rejects.toMatchObject({ reason: "CONSTRAINT_VIOLATED" });
  }
  await expect(session.declare("at", z.date())).rejects.toMatchObject({ reason: "INVALID_ARGUMENT" });
});
