/** The direct protocol as a stranger speaks it: raw frames, without a client's care. */
import { once } from "node:events";
import net from "node:net";
import { FRAME, type Frame, type FrameHead, FrameReader, frame, MAGIC } from "@session-bridge/client/frames";
import { ErrorInfo } from "@session-bridge/protocol/google/rpc/error_details";
import { Status } from "@session-bridge/protocol/google/rpc/status";
import { DirectHello, DirectMethod, DirectWelcome } from "@session-bridge/protocol/session_bridge/v1/direct";
import { onTestFinished } from "vitest";
import { type Method, REQUESTS, type Refusal } from "./raw-client.ts";

const UNLIMITED = { keptBytes: 2 ** 32, skippedBytes: 2 ** 32 };

export interface DirectClient {
  readonly socket: net.Socket;
  /** What came and was not asked for yet, in its order. */
  readonly frames: Frame[];
  /** What the server said first; resolves to the error that it says instead. */
  readonly welcome: Promise<DirectWelcome | Refusal>;
  /** Resolves when the connection is closed. */
  readonly closed: Promise<void>;
  send(head: FrameHead, payload?: Uint8Array): void;
  /** The next frame that is `wanted`, taken out of those that came. Fails when the connection ends first. */
  next(wanted?: (frame: Frame) => boolean): Promise<Frame>;
  /** Sends a call and gives the frame that ends it, or begins its stream. */
  call(method: number, payload: Uint8Array, deadlineMs?: number): Promise<Frame>;
}

export const hello = (parts: Partial<DirectHello> = {}): Buffer =>
  frame({ kind: FRAME.hello }, DirectHello.encode(DirectHello.fromPartial({ version: 1, client: "test", ...parts })).finish());

/** The number of a method, by its name in the proto file. */
export const numberOf = (name: string): number =>
  DirectMethod[`DIRECT_METHOD_${name.replace(/(?!^)[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}` as keyof typeof DirectMethod];

/** The bytes of a request; fields that are left out are empty. */
export const requestOf = (method: Method, request: object): Uint8Array =>
  REQUESTS[method].encode(REQUESTS[method].fromPartial(request as never) as never).finish();

/** Connects, and says `first`: magic and hello when left out. The socket goes with the test, unless it is for all of a file. */
export function directClient(
  address: string,
  { first = Buffer.concat([MAGIC, hello()]), forAll = false }: { readonly first?: Uint8Array; readonly forAll?: boolean } = {},
): DirectClient {
  const socket = address.startsWith("unix:") ? net.connect(address.slice(5)) : net.connect(Number(address.split(":").at(-1)), "127.0.0.1");
  if (!forAll) onTestFinished(() => void socket.destroy());
  socket.setNoDelay(true);
  const reader = new FrameReader(UNLIMITED);
  const frames: Frame[] = [];
  const waiting = new Set<() => void>();
  let isOver = false;
  let greeted = false;
  const look = (): void => {
    for (const each of [...waiting]) each();
  };
  socket.on("data", (chunk: Buffer) => {
    reader.push(chunk);
    if (!greeted && reader.take(MAGIC.length) === undefined) return;
    greeted = true;
    for (let found = reader.next(); found !== undefined; found = reader.next()) frames.push(found);
    look();
  });
  socket.on("error", () => {});
  const closed = once(socket, "close").then(() => {
    isOver = true;
    look();
  });
  const next = (wanted: (frame: Frame) => boolean = () => true): Promise<Frame> =>
    new Promise((resolve, reject) => {
      const take = (): void => {
        const at = frames.findIndex(wanted);
        if (at < 0 && !isOver) return;
        waiting.delete(take);
        if (at < 0) reject(new Error("the connection has ended"));
        else resolve(frames.splice(at, 1)[0] as Frame);
      };
      waiting.add(take);
      take();
    });
  let calls = 0;
  const send = (head: FrameHead, payload?: Uint8Array): void => void socket.write(frame(head, payload));
  const welcome = next().then((found) => (found.kind === FRAME.welcome ? DirectWelcome.decode(found.payload) : refusalIn(found)));
  // A test that expects no answer does not ask for it.
  welcome.catch(() => {});
  socket.write(first);
  return {
    socket,
    frames,
    welcome,
    closed,
    send,
    next,
    call(method, payload, deadlineMs = 0) {
      calls += 1;
      const call = calls;
      send({ kind: FRAME.call, call, method, number: deadlineMs }, payload);
      return next((found) => found.call === call);
    },
  };
}

/** What an ERROR frame says. */
export function refusalIn({ kind, payload }: Frame): Refusal {
  if (kind !== FRAME.error) throw new Error(`a frame of kind ${kind} is no refusal`);
  const status = Status.decode(payload);
  const info = status.details.map(({ value }) => ErrorInfo.decode(value))[0];
  return {
    code: status.code,
    message: status.message,
    reason: info?.reason ?? "",
    domain: info?.domain ?? "",
    metadata: Object.fromEntries(info?.metadata ?? []),
  };
}
