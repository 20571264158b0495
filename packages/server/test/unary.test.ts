import { once } from "node:events";
import net from "node:net";
import { InternalServerError, SessionNotFoundError, StoreUnavailableError, systemClock, systemRandom } from "@session-bridge/core/internal";
import { expect, onTestFinished, test } from "vitest";
import { serveCarriers } from "../src/carriers.ts";
import type { Caller } from "../src/service/caller.ts";
import { DEFAULT_REQUEST_LIMITS, type RequestLimits } from "../src/service/server-info.ts";
import type { SessionFunctions } from "../src/service/sessions.ts";
import type { VariableFunctions } from "../src/service/variables.ts";
import { rawClient, refusalOf } from "./support/raw-client.ts";
import { recordingLogger } from "./support/test-server.ts";

/** A gRPC server whose getVariable is `serve`. */
async function serverOf(serve: (caller: Caller) => unknown, limits: Partial<RequestLimits> = {}) {
  const { logger, records } = recordingLogger();
  const server = await serveCarriers({
    sessions: {} as SessionFunctions,
    variables: { getVariable: (_request: unknown, caller: Caller) => serve(caller) } as unknown as VariableFunctions,
    listen: { host: "127.0.0.1", port: 0 },
    limits: { ...DEFAULT_REQUEST_LIMITS, ...limits },
    clock: systemClock,
    random: systemRandom,
    logger,
  });
  const client = rawClient(server.address);
  onTestFinished(async () => {
    client.close();
    await server.stop(0);
  });
  return { client, server, records };
}

const hostileProxy = new Proxy(
  {},
  {
    get: () => {
      throw new Error("trap");
    },
  },
);

test.for([
  [
    "an Error",
    () => {
      throw new Error("secret cause");
    },
  ],
  ["a rejection", () => Promise.reject(new TypeError("secret cause"))],
  ["undefined", () => Promise.reject(undefined)],
  [
    "a string",
    () => {
      throw "secret cause";
    },
  ],
  [
    "our own internal error",
    () => {
      throw new InternalServerError("secret cause");
    },
  ],
  ["no function at all", undefined],
] as const)(
  "whatever a handler throws (%s) is INTERNAL with a fixed text and an incident id that names the log line",
  async ([, serve]) => {
    const { client, records } = await serverOf(serve ?? (null as never));
    const refusal = await refusalOf(client.call("getVariable", { sessionId: "s", name: "a" }));
    const incidentId = refusal.metadata.incident_id as string;
    expect(refusal).toMatchObject({ code: 13, reason: "INTERNAL", metadata: { outcome: "unknown" } });
    expect(refusal.message).toBe(`an internal error; the server's log has its cause under incident ${incidentId}`);
    expect(incidentId).toMatch(/^[0-9a-f]{16}$/);
    const line = records().find((record) => record.incidentId === incidentId);
    expect(line).toMatchObject({ level: "error", sessionId: "s", err: { message: expect.any(String) } });
  },
);

test("an answer that cannot be written is an error for its caller alone", async () => {
  let answer: unknown = hostileProxy;
  const { client } = await serverOf(() => answer);
  expect(await refusalOf(client.call("getVariable"))).toMatchObject({ code: 13 });
  answer = { found: true, value: new Uint8Array(0), encoding: "", sessionRevision: 1n };
  expect(await client.call("getVariable")).toMatchObject({ found: true });
});

test("the causes of store failures are logged and never sent", async () => {
  const { client, records } = await serverOf(() => {
    throw new StoreUnavailableError("the store failed", { outcome: "unknown", cause: new Error("disk I/O error") });
  });
  const refusal = await refusalOf(client.call("getVariable"));
  expect(refusal).toMatchObject({ code: 14, reason: "STORE_UNAVAILABLE", message: "the store failed", metadata: { outcome: "unknown" } });
  expect(records().at(-1)).toMatchObject({ level: "error", err: { message: "disk I/O error" } });
});

test("requests beyond the limit in flight are refused and counted off again", async () => {
  const waiting: (() => void)[] = [];
  const { client } = await serverOf(() => new Promise((_, reject) => waiting.push(() => reject(new SessionNotFoundError("x")))), {
    requestsInFlight: 2,
  });
  const first = [1, 2].map(() => refusalOf(client.call("getVariable")));
  await expect.poll(() => waiting.length).toBe(2);
  const refusal = await refusalOf(client.call("getVariable"));
  expect(refusal).toMatchObject({
    code: 8,
    reason: "OVERLOADED",
    metadata: { outcome: "not_applied", limit: "requestsInFlight", limit_value: "2" },
  });
  for (const end of waiting) end();
  for (const each of await Promise.all(first)) expect(each.code).toBe(5);
  const next = refusalOf(client.call("getVariable"));
  await expect.poll(() => waiting.length).toBe(3);
  waiting[2]?.();
  expect((await next).code).toBe(5);
});

test("a caller's deadline reaches the function, cut to the server's own", async () => {
  const seen: (number | undefined)[] = [];
  const { client } = await serverOf(
    ({ timeoutMs }) => {
      seen.push(timeoutMs);
      throw new SessionNotFoundError("x");
    },
    { deadlineMs: 30_000 },
  );
  for (const deadline of [Date.now() + 3_000, Date.now() + 90_000, Number.POSITIVE_INFINITY])
    await refusalOf(client.call("getVariable", {}, { deadline }));
  expect(seen[0]).toBeGreaterThan(0);
  expect(seen[0]).toBeLessThanOrEqual(3_000);
  expect(seen.slice(1)).toEqual([30_000, 30_000]);
});

test("a call that its caller cancels aborts the signal", async () => {
  let signal: Caller["signal"];
  const aborted = Promise.withResolvers<void>();
  const { client } = await serverOf((caller) => {
    signal = caller.signal;
    signal?.addEventListener("abort", aborted.resolve);
    return new Promise(() => {});
  });
  const call = client.variables.getVariable({ sessionId: "s", name: "a", includeInfo: false }, () => {});
  await expect.poll(() => signal).toBeDefined();
  expect(signal?.aborted).toBe(false);
  call.cancel();
  await aborted.promise;
  expect(signal?.aborted).toBe(true);
  expect(signal?.reason).toBeInstanceOf(Error);
});

test("a connection too many is closed and logged, and one fewer lets the next in", async () => {
  const { server, records } = await serverOf(() => undefined, { connections: 1 });
  const connect = () => {
    const socket = net.connect(Number(server.address.split(":")[1]), "127.0.0.1");
    socket.on("error", () => {});
    socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    return { socket, served: once(socket, "data").then(() => true), closed: once(socket, "close").then(() => false) };
  };
  const first = connect();
  expect(await Promise.race([first.served, first.closed])).toBe(true);
  const second = connect();
  expect(await Promise.race([second.served, second.closed])).toBe(false);
  expect(records()).toContainEqual(expect.objectContaining({ level: "warn", limit: "connections", limitValue: 1 }));
  first.socket.destroy();
  await expect
    .poll(() => {
      const next = connect();
      return Promise.race([next.served, next.closed]).finally(() => next.socket.destroy());
    })
    .toBe(true);
});
