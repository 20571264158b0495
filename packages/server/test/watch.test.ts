/** WatchVariables of a real server, as a stranger's client sees it. */
import { memoryUsage } from "node:process";
import { manualClock } from "@session-bridge/core/testing";
import type { VariableChange } from "@session-bridge/protocol/session_bridge/v1/variables";
import fc from "fast-check";
import { expect, test } from "vitest";
import { bytesOf } from "./support/bytes.ts";
import { type RawClient, rawClient } from "./support/raw-client.ts";
import { type RawWatch, rawWatch } from "./support/raw-watch.ts";
import { testServer } from "./support/test-server.ts";

const ONE = bytesOf("01");
const [SET, DELETE, EXPIRE, CREATED, DELETED, EXPIRED] = [1, 2, 3, 4, 5, 6];

const set = (client: RawClient, name: string, value: Uint8Array = ONE, sessionId = "s") =>
  client.call("setVariable", { sessionId, name, value: Buffer.from(value) });

/** A watch that has caught up. */
async function watching(client: RawClient, request: Parameters<typeof rawWatch>[1]): Promise<RawWatch> {
  const watch = rawWatch(client, request);
  await watch.caughtUp;
  return watch;
}

const short = ({ kind, name, revision, last }: VariableChange) => [kind, name, Number(revision), last];
const changesOf = ({ messages }: RawWatch) => messages.flatMap(({ changes }) => changes.map(short));
/** What came after it had caught up. */
const since = ({ messages }: RawWatch) => messages.slice(messages.findIndex(({ caughtUp }) => caughtUp) + 1);

test("[P15] what is there comes first, then every commit: names, a prefix and a whole session see what concerns them", async () => {
  const { client } = await testServer();
  const first = Number((await set(client, "a")).revision);
  const second = Number((await set(client, "b/1")).revision);
  const [all, prefixed, named] = await Promise.all([
    watching(client, { sessionId: "s" }),
    watching(client, { sessionId: "s", prefix: "b/" }),
    watching(client, { sessionId: "s", names: ["b/1", "c", "absent"] }),
  ]);
  for (const [watch, there] of [
    [
      all,
      [
        ["a", first],
        ["b/1", second],
      ],
    ],
    [prefixed, [["b/1", second]]],
    [named, [["b/1", second]]],
  ] as const) {
    expect(changesOf(watch)).toEqual(there.map(([name, revision]) => [SET, name, revision, false]));
    expect(watch.messages.map(({ revision }) => revision)).toEqual([undefined, BigInt(second)]);
  }
  const { sessionRevision } = await client.call("updateVariables", {
    sessionId: "s",
    operations: [
      { name: "b/2", change: { $case: "set", value: { value: ONE } } },
      { name: "c", change: { $case: "set", value: { value: ONE } } },
      { name: "a", change: { $case: "delete", value: {} } },
    ],
  });
  const revision = Number(sessionRevision);
  await expect.poll(() => [all, prefixed, named].map((watch) => since(watch).length)).toEqual([1, 1, 1]);
  const told = (watch: RawWatch) => since(watch).map((message) => ({ ...message, changes: message.changes.map(short) }));
  const message = (...changes: unknown[]) => [{ changes, revision: sessionRevision, caughtUp: false }];
  expect(told(all)).toEqual(message([SET, "b/2", revision, false], [SET, "c", revision, false], [DELETE, "a", revision, true]));
  expect(told(prefixed)).toEqual(message([SET, "b/2", revision, true]));
  expect(told(named)).toEqual(message([SET, "c", revision, true]));
});

test("a set comes with the variable as GetVariable gives it, and without values with nothing but its value left out", async () => {
  const { client } = await testServer();
  await set(client, "before", bytesOf("a162"));
  const [full, bare] = await Promise.all([watching(client, { sessionId: "s" }), watching(client, { sessionId: "s", withoutValues: true })]);
  await client.call("setVariable", {
    sessionId: "s",
    name: "after",
    value: bytesOf("00ff"),
    encoding: "own",
    ttl: { kind: { $case: "ttlMs", value: 60_000n } },
  });
  await expect.poll(() => [since(full).length, since(bare).length]).toEqual([1, 1]);
  for (const name of ["before", "after"]) {
    const { info, value } = await client.call("getVariable", { sessionId: "s", name, includeInfo: true });
    const seen = (watch: RawWatch) => watch.messages.flatMap(({ changes }) => changes).find((change) => change.name === name)?.variable;
    expect(seen(full)).toEqual({ info, value });
    expect(seen(bare)).toEqual({ info: { ...info, sizeBytes: 0n }, value: new Uint8Array(0) });
  }
});

test("[P15] a session's creation, end and new creation are events of a watch that stays open, each with its revision", async () => {
  const { client } = await testServer();
  const watch = await watching(client, { sessionId: "s", prefix: "none of this" });
  await client.call("createSession", { sessionId: "s" });
  await set(client, "a");
  await client.call("deleteSession", { sessionId: "s" });
  await set(client, "b");
  await expect.poll(() => changesOf(watch).map(([kind]) => kind)).toEqual([CREATED, DELETED, CREATED]);
  const revisions = changesOf(watch).map(([, , revision]) => Number(revision));
  expect(revisions).toEqual([...revisions].sort((a, b) => a - b));
  expect(new Set(revisions).size).toBe(3);
  expect(since(watch).map(({ revision }) => Number(revision))).toEqual(revisions);
});

test("[P8] [P15] what expires is told within a second, the session, too, and a heartbeat comes after 15 seconds of nothing", async () => {
  const clock = manualClock();
  const { client } = await testServer({ clock });
  await client.call("createSession", { sessionId: "s", maxLifeMs: 60_000n });
  await client.call("setVariable", { sessionId: "s", name: "a", value: ONE, ttl: { kind: { $case: "ttlMs", value: 5_000n } } });
  const watch = await watching(client, { sessionId: "s" });
  const pass = async (ms: number, told: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 500) {
      clock.advance(500);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await expect.poll(() => since(watch).length).toBe(told);
  };
  await pass(6_000, 1);
  expect(changesOf(watch).at(-1)?.slice(0, 2)).toEqual([EXPIRE, "a"]);
  await pass(15_500, 2);
  expect(since(watch)[1]).toEqual({ changes: [], revision: since(watch)[0]?.revision, caughtUp: false });
  await pass(41_000, 5);
  expect(changesOf(watch).at(-1)?.slice(0, 2)).toEqual([EXPIRED, ""]);
});

test("[P15] a watch goes on after any revision that it was given, and after none that it was not", async () => {
  const { client } = await testServer();
  await set(client, "a");
  const watch = await watching(client, { sessionId: "s" });
  const { revision: start } = watch.messages.at(-1) ?? {};
  const revisions: bigint[] = [];
  for (const name of ["b", "c", "d"]) revisions.push((await set(client, name)).revision);
  for (const [position, missed] of [
    [start, ["b", "c", "d"]],
    [revisions[1], ["d"]],
    [revisions[2], []],
  ] as const) {
    const resumed = await watching(client, { sessionId: "s", since: position });
    expect(changesOf(resumed)).toEqual(missed.map((name, i) => [SET, name, Number(revisions[3 - missed.length + i]), true]));
    expect(resumed.messages.at(-1)).toEqual({ changes: [], revision: revisions[2], caughtUp: true });
  }
  for (const position of [0n, (start ?? 0n) + 1n, (revisions[2] ?? 0n) + 1n, 2n ** 53n - 1n]) {
    const refused = rawWatch(client, { sessionId: "s", since: position });
    expect(await refused.ended).toMatchObject({ code: 11, reason: "COMPACTED", metadata: { outcome: "not_applied" } });
    expect(refused.messages).toEqual([]);
  }
});

test("[P15] a commit of more than one message arrives whole and in order", async () => {
  const messageBytes = 32 * 1024 * 1024;
  const { client } = await testServer({ requestLimits: { messageBytes } });
  const watch = await watching(client, { sessionId: "s" });
  const values = Array.from({ length: 12 }, (_, i) => Buffer.concat([bytesOf("c6000fff00"), Buffer.alloc(0xfff00, i)]));
  const { sessionRevision } = await client.call("updateVariables", {
    sessionId: "s",
    operations: values.map((value, i) => ({ name: `v${String(i).padStart(2, "0")}`, change: { $case: "set", value: { value } } })),
  });
  await set(client, "after");
  await expect.poll(() => changesOf(watch).length).toBe(14);
  const messages = since(watch);
  expect(messages.length).toBeGreaterThan(10);
  expect(messages.slice(0, -1).map(({ revision }) => revision)).toEqual([...Array(messages.length - 2).fill(undefined), sessionRevision]);
  const changes = messages.slice(0, -1).flatMap((message) => message.changes);
  expect(changes.map(({ last }) => last)).toEqual([...Array(12).fill(false), true]);
  expect(
    changes.slice(1).map(({ variable }) => Buffer.from(variable?.value ?? []).equals(values[Number(variable?.info?.name.slice(1))] ?? ONE)),
  ).toEqual(Array(12).fill(true));
});

test("what no watch can be asked for is refused by name, and nothing is watched", async () => {
  const { client } = await testServer({ limits: { watches: 1 } });
  const long = (bytes: number) => "x".repeat(bytes);
  for (const [request, reason] of [
    [{ sessionId: "" }, "INVALID_SESSION_ID"],
    [{ sessionId: long(129) }, "INVALID_SESSION_ID"],
    [{ sessionId: "a\u0000b" }, "INVALID_SESSION_ID"],
    [{ sessionId: "s", names: ["a", ""] }, "INVALID_NAME"],
    [{ sessionId: "s", names: [long(257)] }, "INVALID_NAME"],
    [{ sessionId: "s", names: ["a\ufffd"] }, "INVALID_NAME"],
    [{ sessionId: "s", prefix: "\u0007" }, "INVALID_NAME"],
    [{ sessionId: "s", prefix: long(257) }, "INVALID_NAME"],
    [{ sessionId: "s", names: ["a"], prefix: "b" }, "INVALID_ARGUMENT"],
    [{ sessionId: "s", names: Array.from({ length: 1_001 }, (_, i) => `n${i}`) }, "INVALID_ARGUMENT"],
    [{ sessionId: "s", since: -1n }, "INVALID_ARGUMENT"],
    [{ sessionId: "s", since: -(2n ** 63n) }, "INVALID_ARGUMENT"],
    [{ sessionId: "s", since: 2n ** 63n - 1n }, "INVALID_ARGUMENT"],
  ] as const) {
    const { ended, messages } = rawWatch(client, { ...request, names: "names" in request ? [...request.names] : [] });
    expect(await ended, JSON.stringify(request, (_, part: unknown) => String(part)).slice(0, 80)).toMatchObject({ code: 3, reason });
    expect(messages).toEqual([]);
  }
  // The one that is allowed is still free.
  await watching(client, { sessionId: "s" });
});

test("watches have limits of their own, and one that is over makes room for another", async () => {
  const { client } = await testServer({ limits: { watchesPerSession: 2, watches: 3 }, requestLimits: { requestsInFlight: 1 } });
  const [first] = await Promise.all([watching(client, { sessionId: "s" }), watching(client, { sessionId: "s" })]);
  expect(await rawWatch(client, { sessionId: "s" }).ended).toMatchObject({
    code: 8,
    reason: "TOO_MANY_WATCHES",
    metadata: { outcome: "not_applied", limit: "watchesPerSession", limit_value: "2", actual: "3" },
  });
  await watching(client, { sessionId: "t" });
  expect(await rawWatch(client, { sessionId: "u" }).ended).toMatchObject({ reason: "TOO_MANY_WATCHES", metadata: { limit: "watches" } });
  expect(await client.call("getServerInfo")).toMatchObject({ features: expect.arrayContaining(["watch"]) });
  first?.stream.cancel();
  await expect
    .poll(async () => {
      const again = rawWatch(client, { sessionId: "s" });
      return Promise.race([again.caughtUp.then(() => "watched"), again.ended.then(({ reason }) => reason)]);
    })
    .toBe("watched");
});

test("[P15] 300 watches are each told of every one of 50 commits in order", async () => {
  const { client, address } = await testServer();
  const other = rawClient(address);
  const watches = await Promise.all(
    [client, other].flatMap((each) => Array.from({ length: 150 }, () => watching(each, { sessionId: "s" }))),
  );
  const revisions = [];
  for (let i = 0; i < 50; i++) revisions.push((await set(client, `v${i % 7}`)).revision);
  for (const watch of watches) {
    await expect.poll(() => since(watch).length, { timeout: 10_000 }).toBe(50);
    expect(since(watch).map(({ revision }) => revision)).toEqual(revisions);
  }
  other.close();
});

test("a stop ends watches with SHUTTING_DOWN, and waits for none of them", async () => {
  const { client, server } = await testServer();
  const watches = await Promise.all(Array.from({ length: 20 }, () => watching(client, { sessionId: "s" })));
  const startedAt = performance.now();
  expect(await server.stop({ graceMs: 10_000 })).toBe(true);
  expect(performance.now() - startedAt).toBeLessThan(5_000);
  for (const { ended } of watches) expect(await ended).toMatchObject({ code: 14, reason: "SHUTTING_DOWN" });
});

test("[P15] a reader that stops reading while 100 MB are written costs a bounded part of them, and is cut after a whole commit when it reads on", async () => {
  const { client, address } = await testServer();
  const writer = rawClient(address);
  const stuck = rawWatch(client, { sessionId: "s" }, { read: false });
  const value = Buffer.concat([bytesOf("c6000fff00"), Buffer.alloc(0xfff00)]);
  await set(writer, "warm", value);
  const before = memoryUsage();
  for (let i = 0; i < 100; i++) await set(writer, "big", value);
  const after = memoryUsage();
  // What the log of a session may keep for watches that are behind, what is on its way, and what grpc-js reads ahead for this reader.
  expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(60 * 1024 * 1024);
  stuck.stream.resume();
  expect(await stuck.ended).toMatchObject({ code: 8, reason: "WATCH_TOO_SLOW", metadata: { outcome: "not_applied" } });
  const last = stuck.messages.at(-1);
  expect(last?.revision).toBeDefined();
  expect(last?.changes.every((change, i, { length }) => change.last === (i === length - 1)) ?? true).toBe(true);
  writer.close();
});

test("random bytes as requests are refused, or watched until their caller leaves", async () => {
  const { client } = await testServer({ limits: { watches: 5 } });
  const path = "/session_bridge.v1.VariableService/WatchVariables";
  const asIs = (bytes: Buffer) => bytes;
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 48 }), async (bytes) => {
      const stream = client.variables.makeServerStreamRequest(path, asIs, asIs, Buffer.from(bytes));
      const code = await new Promise<number>((resolve) => {
        stream.on("error", () => {});
        stream.on("status", (status) => resolve(status.code));
        stream.on("data", () => stream.cancel());
      });
      expect([1, 3, 8, 11]).toContain(code);
    }),
    { numRuns: 300, seed: 11 },
  );
  await watching(client, { sessionId: "s" });
});
