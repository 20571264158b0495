import { memoryPersistence } from "@session-bridge/core";
import { faultyPersistence } from "@session-bridge/core/testing";
import { expect, test } from "vitest";
import type { ServerOptions } from "../src/server.ts";
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
