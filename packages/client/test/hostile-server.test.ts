/** Servers of the direct protocol that are none, or bad ones: an error at once, and the next call has another connection. */
import { createServer, type Socket } from "node:net";
import { InternalServerError, ServerUnavailableError, UnsupportedError } from "@session-bridge/core";
import { Status } from "@session-bridge/protocol/google/rpc/status";
import { DirectWelcome } from "@session-bridge/protocol/session_bridge/v1/direct";
import { GetVariableResponse } from "@session-bridge/protocol/session_bridge/v1/variables";
import { expect, it } from "vitest";
import { FRAME, FrameReader, frame, MAGIC } from "../src/frames.ts";
import { connect } from "../src/index.ts";
import { later, rejection } from "./support/scope.ts";

/** What a server does with a call of this number. */
type Answer = (socket: Socket, call: number) => void;

const WELCOME = Buffer.concat([
  MAGIC,
  frame({ kind: FRAME.welcome }, DirectWelcome.encode(DirectWelcome.fromPartial({ version: 1 })).finish()),
]);
const SEVEN = GetVariableResponse.encode(GetVariableResponse.fromPartial({ found: true, value: Buffer.of(7) })).finish();
const status = (code: number, message: string): Uint8Array => Status.encode({ code, message, details: [] }).finish();

const NOTHING = Buffer.alloc(3, 0xff);

const well: Answer = (socket, call) => socket.write(frame({ kind: FRAME.answer, call }, SEVEN));

/** The header of an answer that is said to be so long. */
const head = (length: number, call: number): Buffer => {
  const bytes = frame({ kind: FRAME.answer, call });
  bytes.writeUInt32LE(length, 0);
  return bytes;
};

/** A session of a server that says `first` on its first connection and answers as told there, and well on all others. */
async function sessionOf(badly: Answer, first: Uint8Array = WELCOME) {
  const open: Socket[] = [];
  const server = createServer((socket) => {
    const answer = open.push(socket) === 1 ? badly : well;
    const reader = new FrameReader({ keptBytes: 2 ** 32, skippedBytes: 2 ** 32 });
    let isGreeted = false;
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      reader.push(chunk);
      if (!isGreeted && reader.take(MAGIC.length) === undefined) return;
      if (!isGreeted) socket.write(open.length === 1 ? first : WELCOME);
      isGreeted = true;
      for (let found = reader.next(); found !== undefined; found = reader.next()) if (found.kind === FRAME.call) answer(socket, found.call);
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  later(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  const bridge = connect(`127.0.0.1:${(server.address() as { port: number }).port}`, { carrier: "direct", retry: { maxAttempts: 1 } });
  later(() => bridge.close());
  return bridge.session("s");
}

it.for([
  ["garbage", ServerUnavailableError, (socket) => socket.end(Buffer.alloc(100_000, 0xff))],
  ["a frame of 4 GiB", ServerUnavailableError, (socket, call) => socket.write(head(2 ** 32 - 1, call))],
  [
    "an answer that is cut off",
    ServerUnavailableError,
    (socket, call) => socket.end(Buffer.concat([head(100, call), Buffer.from("half")])),
  ],
  ["the end", ServerUnavailableError, (socket) => socket.end()],
  ["an answer that does not decode", InternalServerError, (socket, call) => socket.write(frame({ kind: FRAME.answer, call }, NOTHING))],
  ["an error that does not decode", InternalServerError, (socket, call) => socket.write(frame({ kind: FRAME.error, call }, NOTHING))],
  ["an item of no stream", InternalServerError, (socket, call) => socket.write(frame({ kind: FRAME.item, call }, SEVEN))],
] as const satisfies readonly (readonly [string, unknown, Answer])[])(
  "%s in place of an answer is an error at once, and the next call is answered",
  async ([, kind, badly]) => {
    const session = await sessionOf((socket, call) => (call === 1 ? badly : well)(socket, call));
    const startedAt = performance.now();
    expect(await rejection(session.get("x"))).toBeInstanceOf(kind);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    expect(await session.get("x")).toBe(7);
  },
);

it("what a server says of a connection before it ends it is in the error, and nobody knows what became of a change [P18]", async () => {
  const session = await sessionOf((socket) => socket.end(frame({ kind: FRAME.error }, status(3, "that was no frame"))));
  const error = await rejection<ServerUnavailableError>(session.set("x", 1));
  expect(error).toMatchObject({ name: "ServerUnavailableError", outcome: "unknown" });
  expect(error.message).toContain("that was no frame");
});

it("frames of calls and kinds that there are not are passed over, and pings answered", async () => {
  const pongs: number[] = [];
  const session = await sessionOf((socket, call) => {
    socket.on("data", (chunk: Buffer) => pongs.push(chunk.readUInt32LE(12)));
    socket.write(frame({ kind: FRAME.ping, number: 5 }));
    socket.write(frame({ kind: FRAME.answer, call: call + 9 }, NOTHING));
    socket.write(frame({ kind: 99 }, NOTHING));
    well(socket, call);
  });
  expect(await session.get("x")).toBe(7);
  await expect.poll(() => pongs).toEqual([5]);
});

it.for([
  ["a page of the web", Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"), "its first bytes are others"],
  [
    "another version",
    Buffer.concat([MAGIC, frame({ kind: FRAME.error }, status(12, "version 2 is spoken here"))]),
    "version 2 is spoken here",
  ],
  ["a welcome that does not decode", Buffer.concat([MAGIC, frame({ kind: FRAME.welcome }, NOTHING)]), "its welcome cannot be read"],
  ["a welcome of 4 GiB", Buffer.concat([MAGIC, head(2 ** 32 - 1, 0)]), "its welcome cannot be read"],
  ["an answer", Buffer.concat([MAGIC, frame({ kind: FRAME.answer, call: 1 }, SEVEN)]), "it gives no welcome"],
] as const)("%s in place of a welcome is an error that says so, and the next call is answered", async ([, first, why]) => {
  const session = await sessionOf(well, first);
  const error = await rejection<UnsupportedError>(session.get("x"));
  expect(error).toBeInstanceOf(UnsupportedError);
  expect(error).toMatchObject({ reason: "UNSUPPORTED", outcome: "not_applied" });
  expect(error.message).toContain(why);
  expect(await session.get("x")).toBe(7);
});
