import { memoryPersistence } from "@session-bridge/core";
import { faultyPersistence, manualClock } from "@session-bridge/core/testing";
import { expect, onTestFinished, test } from "vitest";
import { type ServerOptions, startServer } from "../src/server.ts";
import { bytesOf } from "./support/bytes.ts";
import { rawClient, refusalOf } from "./support/raw-client.ts";
import { testServer } from "./support/test-server.ts";

const write = { sessionId: "s", name: "a", value: bytesOf("01") };

async function heldSave(options: ServerOptions = {}) {
  let hold = true;
  const persistence = faultyPersistence(memoryPersistence(), ({ method }) => (hold && method === "save" ? "hold" : undefined));
  const started = await testServer({ ...options, persistence });
  return {
    ...started,
    persistence,
    letGo() {
      hold = false;
      persistence.release();
    },
  };
}

test("a stop waits for the requests in flight, and takes no new connections", async () => {
  const { client, server, address, persistence, letGo } = await heldSave();
  const answer = client.call("setVariable", write);
  await expect.poll(() => persistence.held).toBe(1);
  const stopped = server.stop({ graceMs: 10_000 });
  const late = rawClient(address);
  expect(await refusalOf(late.call("getVariable", write))).toMatchObject({ code: 14 });
  late.close();
  letGo();
  expect(await answer).toMatchObject({ applied: true });
  expect(await stopped).toBe(true);
});

test("a request that does not end in time loses its connection, and the stop goes on", async () => {
  const { client, server, persistence, letGo } = await heldSave();
  const answer = refusalOf(client.call("setVariable", write));
  await expect.poll(() => persistence.held).toBe(1);
  const stopped = server.stop({ graceMs: 50 });
  expect(await answer).toMatchObject({ code: 14 });
  letGo();
  expect(await stopped).toBe(false);
});

test("a request that the store keeps waiting ends at the server's deadline, its outcome unknown, and counts no longer", async () => {
  const { client, letGo } = await heldSave({ requestLimits: { deadlineMs: 100, requestsInFlight: 1 } });
  const refusal = await refusalOf(client.call("setVariable", write, { deadline: Number.POSITIVE_INFINITY }));
  expect(refusal).toMatchObject({ code: 4, reason: "DEADLINE_EXCEEDED", metadata: { outcome: "unknown" } });
  expect(await client.call("getServerInfo")).toBeDefined();
  letGo();
});

test("[P12] a stop says so when answered changes could not be saved, and a server that is too far behind refuses more", async () => {
  const inner = memoryPersistence();
  const persistence = faultyPersistence({ ...inner, capabilities: { ...inner.capabilities, survives: "process" } }, ({ method }) =>
    method === "save" ? "fail" : undefined,
  );
  const clock = manualClock();
  const server = await startServer({ listen: "127.0.0.1:0", persistence, writeBehind: { backlogMs: 1_000 }, clock });
  const client = rawClient(server.address);
  onTestFinished(() => client.close());
  await client.call("setVariable", write);
  clock.advance(100);
  await expect.poll(() => persistence.calls("save")).toBe(1);
  clock.advance(1_000);
  expect(await refusalOf(client.call("setVariable", write))).toMatchObject({
    code: 8,
    reason: "OVERLOADED",
    metadata: { outcome: "not_applied", limit: "backlogMs", limit_value: "1000" },
  });
  const stopped = server.stop();
  const expected = expect(stopped).rejects.toThrow("1 acknowledged changes could not be saved");
  for (let passed = 0; passed < 20_000; passed += 500) {
    clock.advance(500);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await expected;
});

test("stopping twice is stopping once", async () => {
  const { server } = await testServer();
  expect(server.stop()).toBe(server.stop());
  expect(await server.stop()).toBe(true);
});

test("a server that cannot listen leaves nothing open", async () => {
  const { address } = await testServer();
  const persistence = faultyPersistence(memoryPersistence(), () => undefined);
  await expect(testServer({ listen: address, persistence })).rejects.toThrow(/EADDRINUSE/);
  expect(persistence.calls("close")).toBe(1);
});
