/** The direct carrier as docs/direct-protocol.md says, frame by frame. */
import net from "node:net";
import { FRAME, frame, MAGIC } from "@session-bridge/client/frames";
import { InternalServerError, SessionNotFoundError } from "@session-bridge/core/internal";
import { manualClock } from "@session-bridge/core/testing";
import { DirectMetadata, DirectMethod } from "@session-bridge/protocol/session_bridge/v1/direct";
import { GetVariableResponse } from "@session-bridge/protocol/session_bridge/v1/variables";
import { describe, expect, onTestFinished, test } from "vitest";
import type { RpcObserver, RpcOutcome, TraceHeaders } from "../src/carrier/rpc-observer.ts";
import type { Caller } from "../src/service/caller.ts";
import { type DirectClient, directClient, hello, refusalIn, requestOf } from "./support/direct-client.ts";
import { counting, FOUND, GET, NOTHING, serving, WATCH } from "./support/direct-serving.ts";
import { rawClient, refusalOf } from "./support/raw-client.ts";
import { testServer } from "./support/test-server.ts";

describe("the first words", () => {
  test("are answered with the version, the limits and the methods that there are", async () => {
    const { address } = await testServer();
    const welcome = await directClient(address).welcome;
    expect(welcome).toMatchObject({ version: 1, maxMessageBytes: 4_194_304, maxCalls: 256, maxStreams: 256 });
    // Each number is a method's, and each method has one.
    const numbers = Object.values(DirectMethod).filter((number) => number > 0);
    expect(welcome).toMatchObject({ methods: numbers.toSorted((a, b) => a - b) });
  });

  test("may come in pieces, of gRPC's as of ours, and with calls behind them", async () => {
    const { direct: whole, server } = await serving({ get: () => FOUND });
    await whole.welcome;
    const bytes = Buffer.concat([MAGIC, hello(), frame({ kind: FRAME.call, call: 1, method: GET })]);
    const direct = directClient(server.address, { first: NOTHING });
    for (const byte of bytes) {
      direct.socket.write(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await direct.next(({ call }) => call === 1)).kind).toBe(FRAME.answer);
    const preface = net.connect(Number(server.address.split(":")[1]), "127.0.0.1");
    onTestFinished(() => void preface.destroy());
    const answered = new Promise((resolve) => preface.once("data", resolve));
    preface.setNoDelay(true);
    for (const byte of Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), Buffer.alloc(9).fill(4, 3, 4)])) {
      preface.write(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await answered;
  });

  test("of a version that the server does not speak are refused by name", async () => {
    const { address } = await testServer();
    const direct = directClient(address, { first: Buffer.concat([MAGIC, hello({ version: 2 })]) });
    expect(await direct.welcome).toMatchObject({ code: 12, reason: "UNSUPPORTED_VERSION", metadata: { outcome: "not_applied" } });
    await direct.closed;
  });

  test.for([
    ["nothing", NOTHING],
    ["half a magic", MAGIC.subarray(0, 4)],
    ["half a preface", Buffer.from("PRI * HT")],
    ["a magic without a hello", MAGIC],
    ["half a hello", Buffer.concat([MAGIC, hello().subarray(0, 20)])],
  ] as const)("have to come: after %s, a connection is closed in time", async ([, first]) => {
    const clock = manualClock();
    const { server } = await serving({}, {}, { clock });
    const direct = directClient(server.address, { first });
    await expect.poll(() => clock.scheduled).toBe(1);
    // Nobody knows when the bytes have been looked at.
    const passed = () => {
      clock.advance(10_000);
      return direct.socket.closed;
    };
    await expect.poll(passed).toBe(true);
  });
});

describe("a call", () => {
  test("is answered with the bytes that gRPC answers with, deadline and metadata or not", async () => {
    const { address, client } = await testServer();
    await client.call("setVariable", { sessionId: "s", name: "a", value: Buffer.of(1) });
    const direct = directClient(address);
    const request = requestOf("getVariable", { sessionId: "s", name: "a" });
    const { kind, payload } = await direct.call(GET, request, 1_000);
    expect(kind).toBe(FRAME.answer);
    expect(GetVariableResponse.decode(payload)).toEqual(await client.call("getVariable", { sessionId: "s", name: "a" }));
    const metadata = DirectMetadata.encode({ traceparent: "00-1-2-01", tracestate: "" }).finish();
    direct.send({ kind: FRAME.call, call: 9, method: GET, flags: 1 }, Buffer.concat([Buffer.of(metadata.length, 0), metadata, request]));
    expect((await direct.next(({ call }) => call === 9)).payload).toEqual(payload);
  });

  test("is one of many that are answered as they are done", async () => {
    const waiting: ((answer: unknown) => void)[] = [];
    const { direct } = await serving({ get: () => (waiting.length < 2 ? new Promise((resolve) => waiting.push(resolve)) : FOUND) });
    for (const call of [1, 2, 3]) direct.send({ kind: FRAME.call, call, method: GET });
    expect((await direct.next(({ call }) => call > 0)).call).toBe(3);
    waiting[1]?.(FOUND);
    expect((await direct.next(({ call }) => call > 0)).call).toBe(2);
    waiting[0]?.(FOUND);
    expect((await direct.next(({ call }) => call > 0)).call).toBe(1);
  });

  test("of a method that there is not is UNIMPLEMENTED, without details, as in gRPC", async () => {
    const { direct } = await serving({});
    expect(refusalIn(await direct.call(200, NOTHING))).toMatchObject({ code: 12, reason: "" });
    expect(refusalIn(await direct.call(0, NOTHING))).toMatchObject({ code: 12, reason: "" });
  });

  test.for([
    ["an Error", new Error("secret"), 13],
    ["undefined", undefined, 13],
    ["our own internal error", new InternalServerError("secret"), 13],
    ["a refusal", new SessionNotFoundError("there is none"), 5],
  ] as const)("whose function throws %s is refused as in gRPC, but for the incident", async ([, thrown, code]) => {
    const { direct, server } = await serving({
      get: () => {
        throw thrown;
      },
    });
    const grpc = rawClient(server.address);
    onTestFinished(() => grpc.close());
    const masked = (text: string) => text.replace(/[0-9a-f]{16}/, "…");
    const here = refusalIn(await direct.call(GET, NOTHING));
    const there = await refusalOf(grpc.call("getVariable"));
    const incident = code === 13 ? { incident_id: expect.stringMatching(/^[0-9a-f]{16}$/) } : {};
    expect(here).toMatchObject({ code, message: expect.not.stringContaining("secret") });
    expect(masked(here.message)).toBe(masked(there.message));
    expect({ ...here, message: "" }).toEqual({ ...there, message: "", metadata: { ...there.metadata, ...incident } });
  });

  test("whose answer cannot be written is an error for its caller alone", async () => {
    let answer: unknown = { ...FOUND, value: "no bytes" };
    const { direct } = await serving({ get: () => answer });
    expect(refusalIn(await direct.call(GET, NOTHING))).toMatchObject({ code: 13, reason: "INTERNAL" });
    answer = FOUND;
    expect((await direct.call(GET, NOTHING)).kind).toBe(FRAME.answer);
  });

  test("whose answer is larger than its caller takes is refused", async () => {
    const { server } = await serving({ get: async () => ({ ...FOUND, value: new Uint8Array(2_000) }) });
    const direct = directClient(server.address, { first: Buffer.concat([MAGIC, hello({ maxMessageBytes: 1_000 })]) });
    expect(refusalIn(await direct.call(GET, NOTHING))).toMatchObject({ code: 8, reason: "MESSAGE_TOO_LARGE" });
  });

  test("is counted with those of gRPC: beyond the limit in flight, both are refused in the same words", async () => {
    const waiting: (() => void)[] = [];
    const { direct, server } = await serving(
      { get: () => new Promise((resolve) => waiting.push(() => resolve(FOUND))) },
      { requestsInFlight: 2 },
    );
    const grpc = rawClient(server.address);
    onTestFinished(() => grpc.close());
    const first = [grpc.call("getVariable"), direct.call(GET, NOTHING)];
    await expect.poll(() => waiting.length).toBe(2);
    const here = refusalIn(await direct.call(GET, NOTHING));
    expect(here).toMatchObject({ code: 8, reason: "OVERLOADED", metadata: { limit: "requestsInFlight", limit_value: "2" } });
    expect(here).toEqual(await refusalOf(grpc.call("getVariable")));
    for (const end of waiting) end();
    await Promise.all(first);
    const next = direct.call(GET, NOTHING);
    await expect.poll(() => waiting.length).toBe(3);
    waiting[2]?.();
    expect((await next).kind).toBe(FRAME.answer);
  });

  test("has the deadline that its frame says, cut to the server's own", async () => {
    const seen: (number | undefined)[] = [];
    const { direct } = await serving({
      get({ timeoutMs }) {
        seen.push(timeoutMs);
        return FOUND;
      },
    });
    for (const ms of [1, 3_000, 90_000, 0]) await direct.call(GET, NOTHING, ms);
    expect(seen).toEqual([1, 3_000, 30_000, 30_000]);
  });

  test.for([
    ["cancelled", (direct: DirectClient): void => direct.send({ kind: FRAME.cancel, call: 1 })],
    ["lost with its connection", (direct: DirectClient): void => void direct.socket.destroy()],
    ["left by a client that closes its side", (direct: DirectClient): void => void direct.socket.end()],
  ] as const)("that is %s aborts its signal", async ([, leave]) => {
    let signal: Caller["signal"];
    const aborted = Promise.withResolvers<void>();
    const { direct } = await serving({
      get: (caller) => {
        signal = caller.signal;
        signal?.addEventListener("abort", aborted.resolve);
        return new Promise(() => {});
      },
    });
    direct.send({ kind: FRAME.call, call: 1, method: GET });
    await expect.poll(() => signal).toBeDefined();
    expect(signal?.aborted).toBe(false);
    leave(direct);
    await aborted.promise;
    expect(signal?.reason).toBeInstanceOf(Error);
  });

  test("whose caller leaves at its deadline is not aborted: whoever works on it knows the deadline", async () => {
    const clock = manualClock();
    let signal: Caller["signal"];
    const get = (caller: Caller) => {
      signal = caller.signal;
      return new Promise(() => {});
    };
    const { direct } = await serving({ get }, {}, { clock });
    direct.send({ kind: FRAME.call, call: 1, method: GET, number: 5_000 });
    await expect.poll(() => signal).toBeDefined();
    clock.advance(4_950);
    direct.send({ kind: FRAME.cancel, call: 1 });
    direct.send({ kind: FRAME.ping, number: 5 });
    expect(await direct.next(({ kind }) => kind === FRAME.pong)).toMatchObject({ number: 5 });
    expect(signal?.aborted).toBe(false);
  });

  test("gives its signal and its trace to whoever copies it, as the engine does for a change", async () => {
    const rpcObserver: RpcObserver = { begin: () => ({ trace: "mine", end: () => {} }) };
    let copy: Partial<Caller> = {};
    let aborted = false;
    const get = (caller: Caller) => {
      copy = { ...caller };
      copy.signal?.addEventListener("abort", () => {
        aborted = true;
      });
      return new Promise(() => {});
    };
    const { direct } = await serving({ get }, {}, { rpcObserver });
    direct.send({ kind: FRAME.call, call: 1, method: GET });
    await expect.poll(() => copy.trace).toBe("mine");
    direct.send({ kind: FRAME.cancel, call: 1 });
    await expect.poll(() => aborted).toBe(true);
  });

  test("is told to the observer as one of gRPC", async () => {
    const told: { method: string; headers: TraceHeaders | undefined; outcome: RpcOutcome }[] = [];
    const rpcObserver: RpcObserver = {
      begin: (method, headers) => ({ trace: undefined, end: (outcome) => void told.push({ method, headers, outcome }) }),
    };
    const { direct, server } = await serving({ get: () => FOUND }, {}, { rpcObserver });
    const grpc = rawClient(server.address);
    onTestFinished(() => grpc.close());
    const request = { sessionId: "s", name: "a" };
    await grpc.call("getVariable", request);
    await direct.call(GET, requestOf("getVariable", request));
    await direct.call(200, NOTHING);
    await expect.poll(() => told.length).toBe(3);
    const number = expect.any(Number);
    const same = { status: "OK", reason: "", durationMs: number, decodeMs: number, encodeMs: number, requestBytes: 6, responseBytes: 4 };
    const method = "session_bridge.v1.VariableService/GetVariable";
    expect(told.slice(0, 2)).toEqual([
      { method, headers: {}, outcome: same },
      { method, headers: {}, outcome: same },
    ]);
    expect(told[2]).toMatchObject({ outcome: { status: "UNIMPLEMENTED" } });
  });
});

describe("a stop", () => {
  test("says go away, ends streams, answers what has begun, refuses what comes later, and closes", async () => {
    const { watch } = counting();
    const waiting: ((answer: unknown) => void)[] = [];
    const { direct, server } = await serving({ watch, get: () => new Promise((resolve) => waiting.push(resolve)) });
    direct.send({ kind: FRAME.call, call: 1, method: GET });
    direct.send({ kind: FRAME.call, call: 2, method: WATCH });
    await expect.poll(() => waiting.length).toBe(1);
    const stopped = server.stop(10_000);
    expect(await direct.next(({ kind }) => kind === FRAME.goAway)).toMatchObject({ number: 1 });
    expect(refusalIn(await direct.next(({ call }) => call === 2))).toMatchObject({ code: 14, reason: "SHUTTING_DOWN" });
    direct.send({ kind: FRAME.call, call: 3, method: GET });
    expect(refusalIn(await direct.next(({ call }) => call === 3))).toMatchObject({ code: 14, reason: "SHUTTING_DOWN" });
    waiting[0]?.(FOUND);
    expect((await direct.next(({ call }) => call === 1)).kind).toBe(FRAME.answer);
    expect(await direct.next()).toMatchObject({ kind: FRAME.goAway, number: 2 });
    await direct.closed;
    expect(await stopped).toBe(true);
  });

  test("waits for no client that is idle and does not read", async () => {
    const { direct, server } = await serving({});
    await direct.welcome;
    direct.socket.pause();
    expect(await server.stop(10_000)).toBe(true);
  });

  test("gives up a call that takes longer than it may", async () => {
    const { direct, server } = await serving({ get: () => new Promise(() => {}) });
    direct.send({ kind: FRAME.call, call: 1, method: GET });
    direct.send({ kind: FRAME.ping });
    await direct.next(({ kind }) => kind === FRAME.pong);
    expect(await server.stop(20)).toBe(false);
    await direct.closed;
    // Nothing says that the call was not begun.
    expect(direct.frames.filter(({ kind }) => kind === FRAME.goAway)).toMatchObject([{ number: 1 }]);
  });
});

describe("a client that answers pings", () => {
  test("is asked after a silence, and closed after another one", async () => {
    const clock = manualClock();
    const { server } = await serving({}, {}, { clock });
    const direct = directClient(server.address, { first: Buffer.concat([MAGIC, hello({ answersPings: true })]) });
    await direct.welcome;
    clock.advance(20_000);
    await direct.next(({ kind }) => kind === FRAME.ping);
    direct.send({ kind: FRAME.pong });
    direct.send({ kind: FRAME.ping });
    await direct.next(({ kind }) => kind === FRAME.pong);
    clock.advance(20_000);
    direct.send({ kind: FRAME.ping });
    await direct.next(({ kind }) => kind === FRAME.pong);
    clock.advance(20_000);
    clock.advance(20_000);
    await direct.next(({ kind }) => kind === FRAME.ping);
    clock.advance(20_000);
    await direct.closed;
  });
});
