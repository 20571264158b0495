/** Making a direct connection: to the first words of both sides. */
import { connect, type Socket } from "node:net";
import { DirectHello, DirectWelcome } from "@session-bridge/protocol/session_bridge/v1/direct";
import { DIRECT_VERSION, FRAME, FrameReader, frame, MAGIC } from "../frames.ts";
import { MAX_MESSAGE_BYTES } from "./carrier.ts";
import { statusIn } from "./direct-calls.ts";
import { DirectLine } from "./direct-line.ts";

/** Answers are never longer than a message; errors and the welcome are short. */
const LIMITS = { keptBytes: MAX_MESSAGE_BYTES, skippedBytes: MAX_MESSAGE_BYTES };

/** How long a server may take to say who it is. */
const HELLO_MS = 2_000;

/** Somebody answers who does not speak this protocol, or this version of it. What that means is for those who dial to say. */
export class NotDirectError extends Error {
  /** Whether that is certain: a connection that ends without a word may have been a server's that was stopping. */
  readonly isCertain: boolean;

  constructor(address: string, why: string, isCertain: boolean) {
    super(`${address} does not speak the direct protocol: ${why}`);
    this.isCertain = isCertain;
  }
}

/** Connects. Rejects with NotDirectError when somebody else answers, and with Node's error when nobody does. */
export function dial(address: string): { readonly line: Promise<DirectLine>; readonly cancel: () => void } {
  const socket = connect(placeOf(address));
  socket.setNoDelay(true);
  // Whoever waits for the connection keeps the process alive.
  socket.unref();
  return { line: greeted(address, socket), cancel: () => void socket.destroy() };
}

function placeOf(address: string): { readonly path: string } | { readonly host: string; readonly port: number } {
  if (address.startsWith("unix:")) return { path: address.slice("unix:".length) };
  const colon = address.lastIndexOf(":");
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ""), port: Number(address.slice(colon + 1)) };
}

const hello = (): Buffer =>
  Buffer.concat([
    MAGIC,
    frame(
      { kind: FRAME.hello },
      DirectHello.encode({
        version: DIRECT_VERSION,
        client: "typescript",
        maxMessageBytes: MAX_MESSAGE_BYTES,
        answersPings: true,
        credentials: undefined,
      }).finish(),
    ),
  ]);

function greeted(address: string, socket: Socket): Promise<DirectLine> {
  const reader = new FrameReader(LIMITS);
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void): void => {
      socket.off("connect", greet).off("data", look).off("error", failed).off("close", closed).setTimeout(0);
      finish();
    };
    const give = (error: unknown): void =>
      settle(() => {
        socket.on("error", () => {});
        socket.destroy();
        reject(error);
      });
    const greet = (): void => {
      socket.setTimeout(HELLO_MS, () => give(new NotDirectError(address, "it says nothing", false)));
      socket.write(hello());
    };
    let first: Buffer = Buffer.alloc(0);
    const look = (chunk: Buffer): void => {
      if (first.length >= MAGIC.length) reader.push(chunk);
      else {
        first = Buffer.concat([first, chunk]);
        if (first.length >= MAGIC.length) reader.push(first.subarray(MAGIC.length));
      }
      try {
        const welcome = welcomeIn(address, first, reader);
        if (welcome !== undefined) settle(() => resolve(new DirectLine(address, socket, reader, welcome)));
      } catch (error) {
        give(error instanceof NotDirectError ? error : new NotDirectError(address, "its welcome cannot be read", true));
      }
    };
    const failed = (error: Error): void => give(socket.bytesWritten > 0 ? new NotDirectError(address, error.message, false) : error);
    const closed = (): void => give(new NotDirectError(address, "it ends the connection", false));
    socket.once("connect", greet).on("data", look).on("error", failed).on("close", closed);
  });
}

/** The welcome behind the magic, undefined before it is there. Throws NotDirectError when something else is. */
function welcomeIn(address: string, first: Buffer, reader: FrameReader): DirectWelcome | undefined {
  const length = Math.min(first.length, MAGIC.length);
  if (Buffer.compare(first.subarray(0, length), MAGIC.subarray(0, length)) !== 0) {
    throw new NotDirectError(address, "its first bytes are others", true);
  }
  const word = reader.next();
  if (word === undefined) return undefined;
  if (word.kind === FRAME.welcome) return DirectWelcome.decode(word.payload);
  throw new NotDirectError(address, word.kind === FRAME.error ? statusIn(word.payload).message : "it gives no welcome", true);
}
