/** The direct carrier against those who do not keep to its rules: an error or the end, and nobody else notices. */
import { memoryUsage } from "node:process";
import { FRAME, frame, MAGIC } from "@session-bridge/client/frames";
import { WatchVariablesRequest, WatchVariablesResponse } from "@session-bridge/protocol/session_bridge/v1/variables";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type DirectClient, directClient, hello, numberOf, refusalIn, requestOf } from "./support/direct-client.ts";
import { testServer } from "./support/test-server.ts";

const GET = numberOf("GetVariable");
const kept = { sessionId: "kept", name: "a", value: Buffer.of(0x2a) };
const reading = requestOf("getVariable", kept);
const MiB = 1024 * 1024;

/** A server with one variable; `intact` says that everybody else reads it as if nothing were. */
async function target(requestLimits = {}) {
  const { address, client } = await testServer({ requestLimits });
  await client.call("setVariable", kept);
  const good = directClient(address);
  return {
    address,
    client,
    bad: (first?: Uint8Array) => directClient(address, first === undefined ? {} : { first }),
    async intact() {
      expect((await good.call(GET, reading)).kind).toBe(FRAME.answer);
      expect((await client.call("getVariable", kept)).value).toEqual(kept.value);
    },
  };
}

const head = (length: number, kind: number, call = 1): Buffer => {
  const bytes = frame({ kind, call, method: GET });
  bytes.writeUInt32LE(length, 0);
  return bytes;
};

test.for([
  ["text", Buffer.from("GET / HTTP/1.1\r\n\r\n")],
  ["zeros", Buffer.alloc(1_000)],
  ["a magic that is wrong at its end", Buffer.concat([MAGIC.subarray(0, 7), Buffer.of(0)])],
  ["a preface that is wrong at its end", Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\rX")],
] as const)("%s first ends the connection without a word", async ([, first]) => {
  const { bad, intact } = await target();
  const client = bad(first);
  await client.closed;
  expect(client.socket.bytesRead).toBe(0);
  await intact();
});

test.for([
  ["a hello of 4 GiB", head(2 ** 32 - 1, FRAME.hello, 0)],
  ["a hello of 64 KiB and a byte", head(65_537, FRAME.hello, 0)],
  ["no hello", frame({ kind: FRAME.call, call: 1, method: GET }, reading)],
  ["a hello that does not decode", frame({ kind: FRAME.hello }, Buffer.of(0xff))],
] as const)("%s after the magic is refused by name", async ([, first]) => {
  const { bad, intact } = await target();
  const client = bad(Buffer.concat([MAGIC, first]));
  expect(await client.welcome).toMatchObject({ code: 3, reason: "INVALID_FRAME" });
  await client.closed;
  await intact();
});

test.for([
  ["a frame of 4 GiB", head(2 ** 32 - 1, FRAME.call)],
  ["a frame of more than four messages", head(16 * MiB + 1, FRAME.call)],
  ["a kind that there is not", frame({ kind: 99, call: 1 })],
  ["a kind that only servers send", frame({ kind: FRAME.answer, call: 1 })],
  ["a second hello", hello()],
  ["a call of number 0", frame({ kind: FRAME.call, call: 0, method: GET })],
  ["unknown flags", frame({ kind: FRAME.call, call: 1, method: GET, flags: 2 })],
  ["metadata without an end", frame({ kind: FRAME.call, call: 1, method: GET, flags: 1 }, Buffer.of(9, 0, 1))],
  ["metadata longer than it may be", frame({ kind: FRAME.call, call: 1, method: GET, flags: 1 }, Buffer.alloc(5_000, 0x11))],
  ["metadata that does not decode", frame({ kind: FRAME.call, call: 1, method: GET, flags: 1 }, Buffer.of(1, 0, 0xff))],
  ["a ping of 5 KB", frame({ kind: FRAME.ping }, Buffer.alloc(5_000))],
  ["garbage", Buffer.from("what is this, and how long will it go on?")],
] as const)("%s after a good hello is refused by name, and the connection ends", async ([, bytes]) => {
  const { bad, intact } = await target();
  const client = bad();
  await client.welcome;
  client.socket.write(bytes);
  expect(refusalIn(await client.next(({ call, kind }) => call === 0 && kind === FRAME.error))).toMatchObject({
    code: 3,
    reason: "INVALID_FRAME",
  });
  await client.closed;
  await intact();
});

test("the number of an open call is no number for a new one", async () => {
  const { bad, intact } = await target();
  const client = bad();
  const watching = frame({ kind: FRAME.call, call: 5, method: numberOf("WatchVariables") }, reading);
  client.socket.write(Buffer.concat([watching, watching]));
  expect(refusalIn(await client.next(({ kind }) => kind === FRAME.error))).toMatchObject({ reason: "INVALID_FRAME" });
  await client.closed;
  await intact();
});

test("a request over the limit is refused by name and skipped, and the connection's next call is served", async () => {
  const { bad, intact } = await target();
  const client = bad();
  for (const size of [4 * MiB + 1, 16 * MiB]) {
    expect(refusalIn(await client.call(GET, Buffer.alloc(size)))).toMatchObject({
      code: 8,
      reason: "MESSAGE_TOO_LARGE",
      metadata: { outcome: "not_applied", limit: "messageBytes", limit_value: String(4 * MiB), actual: String(size) },
    });
  }
  expect((await client.call(GET, reading)).kind).toBe(FRAME.answer);
  await intact();
});

test("10,000 calls at once are answered, each once, whether they are answered at once or later", async () => {
  const { bad, intact } = await target();
  const client = bad();
  const count = 10_000;
  const set = numberOf("SetVariable");
  const writing = requestOf("setVariable", { sessionId: "kept", name: "b", value: Buffer.of(1) });
  const calls = Array.from({ length: count }, (_, i) =>
    i % 2 === 0
      ? frame({ kind: FRAME.call, call: i + 1, method: GET }, reading)
      : frame({ kind: FRAME.call, call: i + 1, method: set }, writing),
  );
  client.socket.write(Buffer.concat(calls));
  const answered = new Set<number>();
  while (answered.size < count) {
    const { call, kind } = await client.next(({ call }) => call > 0);
    expect(kind).toBe(FRAME.answer);
    expect(answered.has(call)).toBe(false);
    answered.add(call);
  }
  await intact();
});

/** Sends reads until no more of them is taken, at most `most`, and gives how many were sent. */
async function flooded(client: DirectClient, most: number): Promise<number> {
  // A field that nobody knows makes the requests large, so that what the system itself keeps of them is few.
  const large = Buffer.concat([reading, Buffer.of(0xfa, 0x7f, 0x80, 0x20), Buffer.alloc(4_096)]);
  const taken = (): Promise<boolean> =>
    new Promise((resolve) => {
      client.socket.once("drain", () => resolve(true));
      setTimeout(() => resolve(false), 300);
    });
  for (let sent = 0; sent < most; ) {
    sent += 1;
    const isFull = !client.socket.write(frame({ kind: FRAME.call, call: sent, method: GET }, large));
    if (isFull && !(await taken())) return sent;
  }
  return most;
}

test("a client that takes no answers is read no further: memory stays bounded, others are served, and it gets all of them later", async () => {
  const { bad, client: grpc, intact } = await target();
  await grpc.call("setVariable", { ...kept, value: Buffer.concat([Buffer.of(0xc5, 0x50, 0), Buffer.alloc(0x5000)]) });
  const slow = bad();
  await slow.welcome;
  slow.socket.pause();
  const before = memoryUsage.rss();
  const most = 20_000;
  const sent = await flooded(slow, most);
  expect(sent).toBeLessThan(most);
  // Their answers would be 400 MB.
  expect(memoryUsage.rss() - before).toBeLessThan(200 * MiB);
  await grpc.call("setVariable", kept);
  await intact();
  slow.socket.resume();
  for (let i = 0; i < sent; i++) await slow.next(({ kind }) => kind === FRAME.answer);
});

test("[P15] a watch without credit costs a bounded part of what is written meanwhile, and is cut when it reads on", async () => {
  const { address, client: grpc } = await testServer();
  const reader = directClient(address);
  reader.send(
    { kind: FRAME.call, call: 1, method: numberOf("WatchVariables") },
    WatchVariablesRequest.encode(WatchVariablesRequest.fromPartial({ sessionId: "s" })).finish(),
  );
  reader.send({ kind: FRAME.credit, call: 1, number: 1 });
  expect(WatchVariablesResponse.decode((await reader.next(({ kind }) => kind === FRAME.item)).payload).caughtUp).toBe(true);
  const value = Buffer.concat([Buffer.of(0xc6, 0, 0x0f, 0xff, 0), Buffer.alloc(0x0fff00)]);
  const before = memoryUsage();
  for (let i = 0; i < 60; i++) await grpc.call("setVariable", { sessionId: "s", name: "big", value });
  // What the log of a session may keep for watches that are behind, and the one message that waits.
  expect(memoryUsage().arrayBuffers - before.arrayBuffers).toBeLessThan(40 * MiB);
  reader.send({ kind: FRAME.credit, call: 1, number: 100 });
  expect(refusalIn(await reader.next(({ kind }) => kind === FRAME.error))).toMatchObject({ code: 8, reason: "WATCH_TOO_SLOW" });
  expect(reader.frames.filter(({ kind }) => kind === FRAME.item).length).toBeLessThan(20);
});

test("a hundred connections that stop in the middle of a frame hurt nobody", async () => {
  const { bad, intact } = await target();
  const clients = Array.from({ length: 100 }, () => bad());
  for (const client of clients) {
    await client.welcome;
    client.socket.write(head(4 * MiB, FRAME.call));
    client.socket.write(Buffer.alloc(1_000));
  }
  await intact();
  for (const client of clients) client.socket.resetAndDestroy();
  await intact();
});

test("whatever frames come, well formed or not, the server answers or closes, and stays as it was", async () => {
  const { bad, intact, client: grpc } = await target();
  const random = fc.record({
    kind: fc.nat(13),
    call: fc.nat(3),
    method: fc.constantFrom(0, 2, 3, 6, 7, 10, 11, 13, 99),
    flags: fc.nat(2),
    number: fc.nat(5),
  });
  const payload = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.constant(reading), fc.constant(new Uint8Array(0)));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(random, payload), { minLength: 1, maxLength: 8 }), async (frames) => {
      const client = bad();
      client.socket.write(Buffer.concat(frames.map(([each, bytes]) => frame(each, bytes))));
      client.socket.write(frame({ kind: FRAME.ping, number: 77 }));
      const alive = client
        .next(({ kind, number }) => kind === FRAME.pong && number === 77)
        .then(
          () => true,
          () => false,
        );
      if (await alive) client.socket.destroy();
      else expect(client.frames.at(-1)).toMatchObject({ kind: FRAME.error, call: 0 });
    }),
    { numRuns: 150, seed: 17 },
  );
  await intact();
  expect((await grpc.call("listSessions")).sessions).toHaveLength(1);
});
