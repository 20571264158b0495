import { expect, test } from "vitest";
import { bytesOf } from "./support/bytes.ts";
import { refusalOf } from "./support/raw-client.ts";
import { testServer } from "./support/test-server.ts";

const S = "s-1";
const requestId = Buffer.from("000102030405060708090a0b0c0d0e0f", "hex");
const increment = (by: string) => ({ name: "n", change: { $case: "increment" as const, value: { by: bytesOf(by) } } });

const checkpoint = { name: "", change: { $case: "checkpoint" as const, value: { label: "c" } } };
const rollback = { name: "", change: { $case: "rollback" as const, value: { label: "c" } } };
const declaration = { name: "n", change: { $case: "declare" as const, value: { schema: bytesOf("c3") } } };

test("[P6] every mutation that is repeated under its id changes nothing and gets the same answer", async () => {
  const { client } = await testServer();
  const id = (last: number) => Buffer.concat([requestId.subarray(0, 15), Buffer.from([last])]);
  const calls = [
    () => client.call("createSession", { sessionId: S, requestId: id(1) }),
    () => client.call("setVariable", { sessionId: S, name: "v", value: bytesOf("c0"), ifRevision: 0n, requestId: id(2) }),
    () => client.call("updateVariables", { sessionId: S, operations: [increment("01")], requestId: id(3) }),
    () => client.call("touchSession", { sessionId: S, ttl: { kind: { $case: "ttlMs", value: 60_000n } }, requestId: id(4) }),
    () => client.call("updateVariables", { sessionId: S, operations: [checkpoint, declaration], requestId: id(7) }),
    () => client.call("forkSession", { sessionId: S, newSessionId: "copy", requestId: id(8) }),
    () => client.call("deleteVariable", { sessionId: S, name: "v", wantPrevious: true, requestId: id(5) }),
    () => client.call("updateVariables", { sessionId: S, operations: [rollback], requestId: id(9) }),
    () => client.call("deleteSession", { sessionId: S, requestId: id(6) }),
  ];
  const answers: unknown[] = [];
  for (const call of calls) {
    const answer = await call();
    answers.push(answer);
    expect(await call()).toEqual(answer);
  }
  for (const [i, call] of calls.entries()) expect(await call()).toEqual(answers[i]);
  expect((await client.call("getVariable", { sessionId: S, name: "n" })).found).toBe(false);
});

test("[P6] a session whose id the server makes is the same one for a repeat", async () => {
  const { client } = await testServer();
  const first = await client.call("createSession", { requestId });
  expect(first.session?.sessionId).toMatch(/^[\w-]{22}$/);
  expect(await client.call("createSession", { requestId, resentAfterMs: 5n })).toEqual(first);
  expect((await client.call("listSessions", {})).sessions).toHaveLength(1);
});

test("[P6] [P7] a copy whose id the server makes is the same one for a repeat, whatever has become of the source", async () => {
  const { client } = await testServer();
  await client.call("setVariable", { sessionId: S, name: "v", value: bytesOf("01") });
  const first = await client.call("forkSession", { sessionId: S, requestId });
  expect(first.session?.sessionId).toMatch(/^[\w-]{22}$/);
  await client.call("setVariable", { sessionId: S, name: "v", value: bytesOf("02") });
  expect(await client.call("forkSession", { sessionId: S, requestId, resentAfterMs: 5n })).toEqual(first);
  await client.call("deleteSession", { sessionId: S });
  expect(await client.call("forkSession", { sessionId: S, requestId, resentAfterMs: 5n })).toEqual(first);
  expect((await client.call("listSessions", {})).sessions).toHaveLength(1);
  const copied = { sessionId: first.session?.sessionId ?? "", name: "v" };
  expect(await client.call("getVariable", copied)).toMatchObject({ value: bytesOf("01") });
});

test("[P6] an id that was used for another request is refused, whatever differs", async () => {
  const { client } = await testServer();
  const set = { sessionId: S, name: "v", value: bytesOf("01"), requestId };
  await client.call("setVariable", set);
  for (const other of [{ value: bytesOf("02") }, { name: "w" }, { wantPrevious: true }]) {
    expect(await refusalOf(client.call("setVariable", { ...set, ...other }))).toMatchObject({ code: 3, reason: "REQUEST_ID_REUSED" });
  }
  expect(await refusalOf(client.call("deleteVariable", { sessionId: S, name: "v", requestId }))).toMatchObject({
    reason: "REQUEST_ID_REUSED",
  });
  expect(await client.call("getVariable", { sessionId: S, name: "v" })).toMatchObject({ value: bytesOf("01") });
});

test("[P6] a repeat that says it was first sent before the server remembers is not applied", async () => {
  const { client } = await testServer();
  const set = { sessionId: S, name: "v", value: bytesOf("01"), requestId, resentAfterMs: 3_600_000n };
  expect(await refusalOf(client.call("setVariable", set))).toMatchObject({
    code: 10,
    reason: "OUTCOME_UNKNOWN",
    metadata: { outcome: "unknown" },
  });
  expect((await client.call("getVariable", { sessionId: S, name: "v" })).found).toBe(false);
});

test.each([
  ["of 15 bytes", { requestId: Buffer.alloc(15) }],
  ["of 17 bytes", { requestId: Buffer.alloc(17) }],
  ["sent again before it was first sent", { requestId, resentAfterMs: -1n }],
  ["sent again, but without an id", { resentAfterMs: 1n }],
])("an identity %s is INVALID_ARGUMENT", async (_, identity) => {
  const { client } = await testServer();
  const set = { sessionId: S, name: "v", value: bytesOf("01"), ...identity };
  expect(await refusalOf(client.call("setVariable", set))).toMatchObject({ code: 3, reason: "INVALID_ARGUMENT" });
  expect((await client.call("getVariable", { sessionId: S, name: "v" })).found).toBe(false);
});
