import { once } from "node:events";
import http2 from "node:http2";
import { memoryUsage } from "node:process";
import { setTimeout as delay, setImmediate as turn } from "node:timers/promises";
import {
  CompactedError,
  LimitExceededError,
  type LocalWatchPort,
  StoreUnavailableError,
  subscribed,
  systemClock,
  systemRandom,
  type WatchPort,
  type WatchRequest,
} from "@session-bridge/core/internal";
import { manualClock } from "@session-bridge/core/testing";
import { expect, onTestFinished, test } from "vitest";
import { serveCarriers } from "../src/carriers.ts";
import { DEFAULT_REQUEST_LIMITS, type RequestLimits } from "../src/service/server-info.ts";
import type { SessionFunctions } from "../src/service/sessions.ts";
import type { VariableFunctions } from "../src/service/variables.ts";
import { watchMessages } from "../src/service/watch.ts";
import { rawClient, refusalOf } from "./support/raw-client.ts";
import { rawWatch } from "./support/raw-watch.ts";
import { tcpProxy } from "./support/tcp-proxy.ts";
import { recordingLogger } from "./support/test-server.ts";

type Watch = WatchPort["watch"];

/** A gRPC server whose sessions are watched by `watch`; `open` counts the watches that have begun and not ended. */
async function serverOf(watch: Watch, { clock = systemClock, limits = {} as Partial<RequestLimits>, keepaliveMs = 20_000 } = {}) {
  const counts = { open: 0, begun: 0 };
  const counted: Watch = async function* (...args) {
    counts.open += 1;
    counts.begun += 1;
    try {
      yield* watch(...args);
    } finally {
      counts.open -= 1;
    }
  };
  const port: LocalWatchPort = { follow: (id, request, subscriber) => subscribed(counted(id, request, subscriber), subscriber) };
  const requestLimits = { ...DEFAULT_REQUEST_LIMITS, ...limits };
  const messages = watchMessages(requestLimits.messageBytes);
  const { logger, records } = recordingLogger();
  const server = await serveCarriers({
    sessions: {} as SessionFunctions,
    variables: {
      watchVariables: (request: never, caller: never) => messages.watch(port, request, caller),
      getVariable: () => ({ found: false, value: new Uint8Array(0), encoding: "", sessionRevision: 0n }),
    } as unknown as VariableFunctions,
    listen: { host: "127.0.0.1", port: 0 },
    limits: requestLimits,
    clock,
    random: systemRandom,
    logger,
    keepaliveMs,
  });
  const connect = () => {
    const client = rawClient(server.address);
    onTestFinished(() => client.close());
    return client;
  };
  const client = connect();
  onTestFinished(async () => {
    await server.stop(0);
  });
  return { client, connect, server, counts, records };
}

/** Says that it has caught up, and then nothing until its signal is aborted. */
const quiet: Watch = async function* (_id, _request, { signal }) {
  yield { kind: "caught_up", revision: 1 };
  await new Promise<void>((resolve) => (signal?.aborted ? resolve() : signal?.addEventListener("abort", resolve)));
};

const variable = (name: string, bytes: Uint8Array = new Uint8Array(1)) => ({
  name,
  bytes,
  encoding: "",
  type: "string",
  revision: 5,
  createdAtMs: 1,
  updatedAtMs: 2,
  expiresAtMs: undefined,
});

test("the request reaches the port as core says it, and what it delivers reaches the reader in messages", async () => {
  let asked: unknown[] = [];
  const { client } = await serverOf(async function* (id, request) {
    asked = [id, request];
    yield { kind: "snapshot", variables: [variable("a"), variable("b")] };
    yield { kind: "caught_up", revision: 7 };
    yield {
      kind: "commit",
      revision: 8,
      changes: [
        { kind: "session_created" },
        { kind: "set", variable: variable("c") },
        { kind: "delete", name: "a" },
        { kind: "expire", name: "b" },
      ],
    };
    yield { kind: "commit", revision: 9, changes: [{ kind: "session_deleted" }] };
    yield { kind: "commit", revision: 10, changes: [{ kind: "session_expired" }] };
    yield { kind: "heartbeat", revision: 11 };
  });
  const { messages, ended } = rawWatch(client, { sessionId: "s", prefix: "p", since: 3n, withoutValues: true });
  expect(await ended).toMatchObject({ code: 0 });
  expect(asked).toEqual(["s", { selection: { prefix: "p" }, since: 3, withoutValues: true } satisfies WatchRequest]);
  const info = { type: "string", sizeBytes: 1n, revision: 5n, createdAtMs: 1n, updatedAtMs: 2n, expiresAtMs: undefined, encoding: "" };
  const set = (name: string, revision: bigint) => ({
    kind: 1,
    name,
    revision,
    variable: { info: { ...info, name }, value: Buffer.alloc(1) },
    last: false,
  });
  const other = (kind: number, name: string, revision: bigint, last: boolean) => ({ kind, name, revision, variable: undefined, last });
  expect(messages).toEqual([
    { changes: [set("a", 5n), set("b", 5n)], revision: undefined, caughtUp: false },
    { changes: [], revision: 7n, caughtUp: true },
    {
      changes: [other(4, "", 8n, false), set("c", 8n), other(2, "a", 8n, false), other(3, "b", 8n, true)],
      revision: 8n,
      caughtUp: false,
    },
    { changes: [other(5, "", 9n, true)], revision: 9n, caughtUp: false },
    { changes: [other(6, "", 10n, true)], revision: 10n, caughtUp: false },
    { changes: [], revision: 11n, caughtUp: false },
  ]);
});

test("a commit of 16 MiB spans messages, and only the last of them has its end and its revision", async () => {
  const values = Array.from({ length: 16 }, (_, i) => variable(`v${i}`, new Uint8Array(1024 * 1024).fill(i)));
  const { client } = await serverOf(async function* () {
    yield { kind: "commit", revision: 8, changes: values.map((each) => ({ kind: "set", variable: each })) };
    yield { kind: "commit", revision: 9, changes: Array.from({ length: 20_000 }, (_, i) => ({ kind: "delete", name: `name ${i}` })) };
  });
  const { messages, ended } = rawWatch(client, { sessionId: "s" });
  expect(await ended).toMatchObject({ code: 0 });
  const changes = messages.flatMap((message) => message.changes);
  expect(changes).toHaveLength(16 + 20_000);
  expect(changes.flatMap(({ last }, i) => (last ? [i] : []))).toEqual([15, 20_015]);
  expect(messages.flatMap(({ revision }) => revision ?? [])).toEqual([8n, 9n]);
  expect(messages.findIndex(({ revision }) => revision === 8n)).toBe(15);
  expect(messages.length).toBeGreaterThan(20);
  expect(changes.slice(0, 16).map(({ variable }) => variable?.value[7])).toEqual(values.map((_, i) => i));
});

test.for([
  ["names and a prefix", { names: ["a"], prefix: "b" }],
  ["a negative since", { since: -1n }],
] as const)("%s are refused before anything is watched", async ([, request]) => {
  const { client, counts } = await serverOf(quiet);
  const { ended, messages } = rawWatch(client, { sessionId: "s", ...request, names: [...("names" in request ? request.names : [])] });
  expect(await ended).toMatchObject({ code: 3, reason: "INVALID_ARGUMENT", metadata: { outcome: "not_applied" } });
  expect(messages).toEqual([]);
  expect(counts.begun).toBe(0);
});

test.for([
  ["compacted", () => new CompactedError("gone"), { code: 11, reason: "COMPACTED" }],
  ["too slow", () => new LimitExceededError("WATCH_TOO_SLOW", "slow"), { code: 8, reason: "WATCH_TOO_SLOW" }],
  ["a failing store", () => new StoreUnavailableError("disk"), { code: 14, reason: "STORE_UNAVAILABLE" }],
  ["a bug", () => new TypeError("secret cause"), { code: 13, reason: "INTERNAL" }],
] as const)("a watch that fails (%s) ends after what it delivered, with the same status as a call", async ([, make, expected]) => {
  const { client, records, counts } = await serverOf(async function* () {
    yield { kind: "caught_up", revision: 1 };
    throw make();
  });
  const { ended, messages } = rawWatch(client, { sessionId: "s" });
  const refusal = await ended;
  expect(refusal).toMatchObject(expected);
  expect(refusal.message).not.toContain("secret");
  expect(messages).toHaveLength(1);
  expect(counts.open).toBe(0);
  if (expected.reason === "INTERNAL")
    expect(records()).toContainEqual(expect.objectContaining({ incidentId: refusal.metadata.incident_id, sessionId: "s" }));
});

test("bytes that are no request are refused", async () => {
  const { client } = await serverOf(quiet);
  const path = "/session_bridge.v1.VariableService/WatchVariables";
  const asIs = (bytes: Buffer) => bytes;
  const stream = client.variables.makeServerStreamRequest(path, asIs, asIs, Buffer.from([0xff]));
  const error = await new Promise<Error>((resolve) => stream.on("error", resolve));
  expect(await refusalOf(Promise.reject(error))).toMatchObject({ code: 3, reason: "INVALID_ARGUMENT" });
});

test("a watch ends with its reader: cancelled, past its deadline, or disconnected", async () => {
  const { client, connect, counts } = await serverOf(quiet);
  const cancelled = rawWatch(client, { sessionId: "s" });
  const late = rawWatch(client, { sessionId: "s" }, { deadline: Date.now() + 300 });
  const gone = connect();
  const lost = rawWatch(gone, { sessionId: "s" });
  await Promise.all([cancelled.caughtUp, late.caughtUp, lost.caughtUp]);
  expect(counts.open).toBe(3);
  cancelled.stream.cancel();
  await expect.poll(() => counts.open).toBe(2);
  expect(await late.ended).toMatchObject({ code: 4 });
  await expect.poll(() => counts.open).toBe(1);
  gone.close();
  lost.stream.cancel();
  await expect.poll(() => counts.open).toBe(0);
});

test("a watch ends when its reader's machine is silent, although no connection was closed", async () => {
  const { server, counts } = await serverOf(quiet, { keepaliveMs: 200 });
  const proxy = await tcpProxy(() => server.address);
  const client = rawClient(proxy.address);
  onTestFinished(() => client.close());
  await rawWatch(client, { sessionId: "s" }).caughtUp;
  await delay(1_000);
  expect(counts.open).toBe(1);
  proxy.freeze();
  await expect.poll(() => counts.open).toBe(0);
});

test("watches that are cancelled at once leave nothing behind", async () => {
  const { client, counts } = await serverOf(quiet);
  for (let i = 0; i < 300; i++) {
    const { stream } = rawWatch(client, { sessionId: "s" });
    // A call that is cancelled before it was sent is sent all the same by grpc-js, and never cancelled.
    for (let turns = 0; turns <= i % 3; turns++) await turn();
    stream.cancel();
  }
  expect(await client.call("getVariable")).toMatchObject({ found: false });
  await expect.poll(() => counts.open).toBe(0);
});

test("a call that is over before its request is complete is not watched for nobody", async () => {
  const { client, server, counts } = await serverOf(quiet);
  const session = http2.connect(`http://${server.address}`);
  onTestFinished(() => session.destroy());
  const stream = session.request({
    ":method": "POST",
    ":path": "/session_bridge.v1.VariableService/WatchVariables",
    "content-type": "application/grpc",
    te: "trailers",
    "grpc-timeout": "50m",
  });
  stream.write(Buffer.from([0, 0, 0, 0, 3, 0x0a, 1, 0x73]));
  const [headers] = (await once(stream, "response")) as [http2.IncomingHttpHeaders];
  expect(headers["grpc-status"]).toBe("4");
  stream.end();
  await once(stream, "close");
  await client.call("getVariable");
  expect(counts.begun).toBe(0);
});

test("300 watches are no requests in flight", async () => {
  const { client, connect, counts } = await serverOf(quiet, { limits: { requestsInFlight: 1 } });
  const watches = [client, connect()].flatMap((each) => Array.from({ length: 150 }, () => rawWatch(each, { sessionId: "s" })));
  await Promise.all(watches.map(({ caughtUp }) => caughtUp));
  expect(counts.open).toBe(300);
  expect(await client.call("getVariable")).toMatchObject({ found: false });
});

/** Delivers as fast as it is asked, for ever, and counts the bytes. */
function flood() {
  const value = variable("v", new Uint8Array(60 * 1024));
  const taken = { bytes: 0, messageBytes: value.bytes.length, signalled: false };
  const watch: Watch = async function* (_id, _request, { signal }) {
    signal?.addEventListener("abort", () => {
      taken.signalled = true;
    });
    for (let revision = 1; taken.bytes < 1024 ** 3; revision++) {
      taken.bytes += value.bytes.length;
      yield { kind: "commit", revision, changes: [{ kind: "set", variable: value }] };
    }
  };
  return { taken, watch };
}

/** The number that `read` gives once it stands still. */
async function settled(read: () => number): Promise<number> {
  for (let before = -1; ; ) {
    const now = read();
    if (now === before) return now;
    before = now;
    for (let i = 0; i < 200; i++) await turn();
  }
}

test("a reader that takes nothing is sent what its window holds, and the port is asked for nothing more", async () => {
  const { taken, watch } = flood();
  const { client } = await serverOf(watch);
  const before = memoryUsage().rss;
  const watches = Array.from({ length: 20 }, () => rawWatch(client, { sessionId: "s" }, { read: false }));
  await expect.poll(() => taken.bytes).toBeGreaterThan(20 * 60 * 1024);
  const stood = await settled(() => taken.bytes);
  // Sixteen messages that grpc-js reads ahead, a window of one, one on its way and one behind it.
  expect(stood / taken.messageBytes / 20).toBeLessThan(24);
  expect(memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
  watches[0]?.stream.resume();
  await expect.poll(() => taken.bytes).toBeGreaterThan(stood + 50 * taken.messageBytes);
});

test("a reader that takes nothing for a minute is cut, at once gone for the port", async () => {
  const { taken, watch } = flood();
  const clock = manualClock();
  const { client, counts } = await serverOf(watch, { clock });
  const { ended } = rawWatch(client, { sessionId: "s" }, { read: false });
  await expect.poll(() => taken.bytes).toBeGreaterThan(0);
  await settled(() => taken.bytes);
  clock.advance(59_000);
  await turn();
  expect(counts.open).toBe(1);
  clock.advance(1_000);
  await expect.poll(() => counts.open).toBe(0);
  expect(taken.signalled).toBe(true);
  expect((await ended).code).toBe(8);
});

test("a stop ends watches at once with SHUTTING_DOWN, whether anybody reads them or not, and waits for none", async () => {
  const { taken, watch } = flood();
  const { client, server, counts } = await serverOf((id, request, call) => (id === "flood" ? watch : quiet)(id, request, call));
  const still = Array.from({ length: 10 }, () => rawWatch(client, { sessionId: "s" }));
  await Promise.all(still.map(({ caughtUp }) => caughtUp));
  const stuck = rawWatch(client, { sessionId: "flood" }, { read: false });
  await expect.poll(() => taken.bytes).toBeGreaterThan(0);
  await settled(() => taken.bytes);
  const startedAt = performance.now();
  expect(await server.stop(10_000)).toBe(true);
  expect(performance.now() - startedAt).toBeLessThan(5_000);
  for (const { ended } of still)
    expect(await ended).toMatchObject({ code: 14, reason: "SHUTTING_DOWN", metadata: { outcome: "not_applied" } });
  expect(await stuck.ended).toMatchObject({ code: 14 });
  expect(counts.open).toBe(0);
});
