import { once } from "node:events";
import http2 from "node:http2";
import net from "node:net";
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { bytesOf } from "./support/bytes.ts";
import { type RawClient, refusalOf } from "./support/raw-client.ts";
import { testServer } from "./support/test-server.ts";

const METHODS = ["GetVariable", "SetVariable", "DeleteVariable", "ListVariables", "GetVariables", "UpdateVariables"].map(
  (method) => `/session_bridge.v1.VariableService/${method}`,
);
const kept = { sessionId: "kept", name: "a", value: bytesOf("2a") };

/** A server with one variable; `intact` says that it is there, alone, as it was, and that the server serves. */
async function target() {
  const { client, address } = await testServer();
  await client.call("setVariable", kept);
  const before = await everything(client);
  const raw = new Client(address, credentials.createInsecure(), { "grpc.use_local_subchannel_pool": 1 });
  onTestFinished(() => raw.close());
  return {
    client,
    address,
    send: (path: string, bytes: Buffer, metadata = new Metadata()) =>
      new Promise<Buffer | undefined>((resolve, reject) => {
        const asIs = (buffer: Buffer) => buffer;
        raw.makeUnaryRequest(path, asIs, asIs, bytes, metadata, { deadline: Date.now() + 10_000 }, (error, answer) =>
          error ? reject(error) : resolve(answer),
        );
      }),
    intact: async () => expect(await everything(client)).toEqual(before),
  };
}

async function everything(client: RawClient) {
  const { sessions } = await client.call("listSessions");
  return {
    ids: sessions.map(({ sessionId }) => sessionId),
    kept: await client.call("getVariables", { sessionId: "kept", includeInfo: true }),
  };
}

test("random bytes as requests are refused with a status, and the server goes on", async () => {
  const { send, intact } = await target();
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...METHODS), fc.uint8Array({ maxLength: 64 }), async (path, bytes) => {
      const answer = await send(path, Buffer.from(bytes)).then(
        () => 0,
        (error: { code: number }) => error.code,
      );
      // Bytes that happen to be a message may ask for what is not there; they are never an internal error.
      expect([0, 3, 5, 8, 9, 10]).toContain(answer);
    }),
    { numRuns: 300, seed: 7 },
  );
  await intact();
});

test("random bytes as values are stored whole or refused by a law of the dialect, never anything else [P16]", async () => {
  const { client, intact } = await target();
  const lead = fc.constantFrom(0xc1, 0xc6, 0xc9, 0xd9, 0xdb, 0xdd, 0xdf, 0x9f, 0x8f, 0xbf, 0xd4, 0xd8);
  await fc.assert(
    fc.asyncProperty(lead, fc.uint8Array({ maxLength: 40 }), async (first, rest) => {
      const value = Buffer.from([first, ...rest]);
      const refusal = await refusalOf(client.call("setVariable", { ...kept, value })).catch(() => undefined);
      if (refusal === undefined) {
        expect((await client.call("getVariable", kept)).value).toEqual(value);
        await client.call("setVariable", kept);
      } else expect(refusal).toMatchObject({ code: 3, metadata: { outcome: "not_applied", rule: expect.any(String) } });
    }),
    { numRuns: 300, seed: 7 },
  );
  expect((await client.call("getVariable", kept)).value).toEqual(kept.value);
  await client.call("deleteSession", kept);
  await expect(intact()).rejects.toThrow();
});

test("a message over the limit is refused by gRPC itself, without an ErrorInfo, and one of the limit's size is read", async () => {
  const { client, intact } = await target();
  const over = await refusalOf(client.call("setVariable", { ...kept, value: Buffer.alloc(4 * 1024 * 1024) }));
  expect(over).toMatchObject({ code: 8, reason: "" });
  const atLimit = await refusalOf(client.call("setVariable", { ...kept, value: Buffer.alloc(4 * 1024 * 1024 - 64), encoding: "raw" }));
  expect(atLimit).toMatchObject({ code: 8, reason: "VALUE_TOO_LARGE" });
  await intact();
});

test("60 KB of metadata are answered or refused, and the connection's next call is served", async () => {
  const { send, client, intact } = await target();
  const metadata = new Metadata();
  metadata.set("x-large", "m".repeat(60_000));
  const code = await send(METHODS[0] as string, Buffer.alloc(0), metadata).then(
    () => 0,
    (error: { code: number }) => error.code,
  );
  expect(code).not.toBe(0);
  expect(await client.call("getVariable", kept)).toMatchObject({ found: true });
  await intact();
});

test("calls that are cancelled at once leave nothing behind", async () => {
  const { client, intact } = await target();
  const ended = Array.from({ length: 500 }, () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const call = client.variables.getVariables({ sessionId: "kept", names: [], prefix: "", includeInfo: false, pageToken: "" }, () =>
      resolve(),
    );
    call.cancel();
    return promise;
  });
  await Promise.all(ended);
  await intact();
});

test("connections that speak no HTTP/2, or stop in the middle of a request, hurt nobody", async () => {
  const { address, intact } = await target();
  const [host, port] = address.split(":");
  for (const bytes of [
    "GET / HTTP/1.1\r\n\r\n",
    "\0".repeat(1_000),
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff",
  ]) {
    const socket = net.connect(Number(port), host);
    socket.on("error", () => {});
    socket.write(bytes, "latin1");
    await new Promise((resolve) => setImmediate(resolve));
    socket.destroy();
  }
  await intact();
});

test("a request in frames of one byte is put together, and one without gRPC's headers is refused", async () => {
  const { address, intact } = await target();
  const session = http2.connect(`http://${address}`);
  const headers = { ":method": "POST", ":path": METHODS[0], "content-type": "application/grpc", te: "trailers" };
  const stream = session.request(headers);
  const message = bytesOf("0a 04 6b657074 12 01 61");
  for (const byte of Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message])) stream.write(Buffer.of(byte));
  stream.end();
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  const [trailers] = (await once(stream, "trailers")) as [http2.IncomingHttpHeaders];
  expect(trailers["grpc-status"]).toBe("0");
  expect(Buffer.concat(chunks).includes(kept.value)).toBe(true);
  const plain = session.request({ ":method": "POST", ":path": "/é/%ff\u00ff", "content-type": "text/plain" });
  const [answer] = (await once(plain, "response")) as [http2.IncomingHttpHeaders];
  expect(answer[":status"]).toBe(415);
  for (const timeout of ["x", "99999999H", "0n", "-1S"]) {
    const odd = session.request({ ...headers, "grpc-timeout": timeout });
    odd.end(Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]));
    odd.resume();
    const [status] = (await once(odd, "response")) as [http2.IncomingHttpHeaders];
    expect(status[":status"]).toBe(200);
    odd.close();
  }
  session.close();
  await intact();
});

test("compressed bytes that are none, or a bomb, are refused", async () => {
  const { address, intact } = await target();
  const { gzipSync } = await import("node:zlib");
  const session = http2.connect(`http://${address}`);
  for (const [bytes, status] of [
    [Buffer.from("no gzip"), "13"],
    [gzipSync(Buffer.alloc(50 * 1024 * 1024)), "8"],
  ] as const) {
    const stream = session.request({
      ":method": "POST",
      ":path": METHODS[0],
      "content-type": "application/grpc",
      te: "trailers",
      "grpc-encoding": "gzip",
    });
    const head = Buffer.alloc(5, 1);
    head.writeUInt32BE(bytes.length, 1);
    stream.end(Buffer.concat([head, bytes]));
    stream.resume();
    const [headers] = (await once(stream, "response")) as [http2.IncomingHttpHeaders];
    expect(headers["grpc-status"]).toBe(status);
  }
  session.close();
  await intact();
});
