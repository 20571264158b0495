/** One socket that speaks the direct protocol: calls go out as they come, answers come in any order. */
import type { Socket } from "node:net";
import type { MethodDefinition } from "@grpc/grpc-js";
import { CODES, systemClock } from "@session-bridge/core/internal";
import { DirectGoAway, DirectMetadata, type DirectWelcome } from "@session-bridge/protocol/session_bridge/v1/direct";
import { FLAG_METADATA, FRAME, type Frame, type FrameHead, type FrameReader, frame } from "../frames.ts";
import type { Answered, CallParts, CallStatus, Carrier, CarrierStream } from "./carrier.ts";
import { CREDIT, type OpenCall, OpenStream, OpenUnary, statusIn } from "./direct-calls.ts";
import { methodNumber } from "./direct-methods.ts";

const MAX_UINT32 = 2 ** 32 - 1;
const LOOK_MS = 10_000;
/** With calls open, a server that says nothing for so long is asked, and lost when it says nothing for a look longer. */
const SILENCE_MS = 30_000;

/** A connection on which both sides have said who they are. */
export class DirectLine implements Carrier {
  readonly maxStreams: number;
  readonly #address: string;
  readonly #socket: Socket;
  readonly #reader: FrameReader;
  readonly #open = new Map<number, OpenCall>();
  #lastId = 0;
  #outgoing: Buffer[] = [];
  #isUsable = true;
  #isGoingAway = false;
  /** Whether the server has said that it has answered whatever it has begun. */
  #isDone = false;
  /** What the server said of the connection before it closed it. */
  #lastWord: CallStatus | undefined;

  constructor(address: string, socket: Socket, reader: FrameReader, { maxStreams }: DirectWelcome) {
    // A server that says nothing of it has no such limit.
    this.maxStreams = maxStreams || Number.POSITIVE_INFINITY;
    this.#address = address;
    this.#socket = socket;
    this.#reader = reader;
    socket.on("data", (chunk: Buffer) => {
      reader.push(chunk);
      this.#read();
    });
    socket.on("end", () => {
      this.#isUsable = false;
    });
    socket.on("close", () => this.#lost());
    // What follows is "close".
    socket.on("error", () => {});
    socket.unref();
    this.#watchSilence();
    this.#read();
    socket.resume();
  }

  /** Whether calls can be sent on it. */
  get isUsable(): boolean {
    return this.#isUsable;
  }

  unary<Q, A>(method: MethodDefinition<Q, A>, request: Buffer, { leftMs, headers }: CallParts, answered: Answered<A>): () => void {
    const id = this.#nextId();
    const call = new OpenUnary(method, answered);
    const timeoutMs = Math.min(Math.max(Math.ceil(leftMs), 1), MAX_UINT32);
    call.cancelDeadline = systemClock.schedule(
      timeoutMs,
      () => {
        this.#leave(id);
        answered({ code: CODES.DEADLINE_EXCEEDED, message: "the call's deadline has come" });
      },
      true,
    );
    this.#opened(id, call);
    this.#sendCall(id, method.path, timeoutMs, headers, request);
    return () => {
      call.cancelDeadline();
      this.#leave(id);
    };
  }

  stream<Q, A>(method: MethodDefinition<Q, A>, request: Q): CarrierStream<A> {
    const id = this.#nextId();
    const stream = new OpenStream(method, {
      grant: (items) => this.#send({ kind: FRAME.credit, call: id, number: items }),
      leave: () => this.#leave(id),
    });
    this.#opened(id, stream);
    this.#sendCall(id, method.path, 0, undefined, method.requestSerialize(request));
    this.#send({ kind: FRAME.credit, call: id, number: CREDIT });
    return stream;
  }

  /** Ends the connection once what was sent is out. Open calls fail. */
  close(): void {
    this.#isUsable = false;
    this.#flush();
    this.#socket.end();
    this.#socket.destroySoon();
  }

  #nextId(): number {
    do this.#lastId = this.#lastId >= MAX_UINT32 ? 1 : this.#lastId + 1;
    while (this.#open.has(this.#lastId));
    return this.#lastId;
  }

  /** An open call keeps the process alive; the connection alone does not. */
  #opened(id: number, call: OpenCall): void {
    if (this.#open.size === 0) this.#socket.ref();
    this.#open.set(id, call);
    // The caller saw the connection before it was lost.
    if (this.#socket.destroyed) process.nextTick(() => this.#lost());
  }

  #ended(id: number): boolean {
    if (!this.#open.delete(id)) return false;
    if (this.#open.size > 0) return true;
    this.#socket.unref();
    if (this.#isGoingAway) this.close();
    return true;
  }

  #leave(id: number): void {
    if (!this.#open.has(id)) return;
    this.#send({ kind: FRAME.cancel, call: id });
    this.#ended(id);
  }

  #sendCall(id: number, path: string, timeoutMs: number, headers: CallParts["headers"], request: Uint8Array): void {
    const head = { kind: FRAME.call, call: id, method: methodNumber(path), number: timeoutMs };
    const { traceparent = "", tracestate = "" } = headers ?? {};
    if (traceparent === "") {
      this.#send(head, request);
      return;
    }
    const metadata = DirectMetadata.encode({ traceparent, tracestate }).finish();
    const length = Buffer.alloc(2);
    length.writeUInt16LE(metadata.length);
    this.#send({ ...head, flags: FLAG_METADATA }, Buffer.concat([length, metadata, request]));
  }

  /** Sends a frame before this turn of the event loop ends, together with what else is sent in it. */
  #send(head: FrameHead, payload?: Uint8Array): void {
    if (this.#outgoing.push(frame(head, payload)) === 1) process.nextTick(this.#flush);
  }

  readonly #flush = (): void => {
    const pieces = this.#outgoing;
    this.#outgoing = [];
    if (pieces.length === 0 || !this.#socket.writable) return;
    this.#socket.write(pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces));
  };

  #read(): void {
    try {
      for (let found = this.#reader.next(); found !== undefined; found = this.#reader.next()) this.#take(found);
    } catch {
      // A frame that is too long: nothing that comes after it can be read.
      this.#socket.destroy();
    }
  }

  #take(found: Frame): void {
    const { kind, call: id, number } = found;
    if (id !== 0) {
      if (this.#open.get(id)?.take(found)) this.#ended(id);
    } else if (kind === FRAME.ping) this.#send({ kind: FRAME.pong, number });
    else if (kind === FRAME.goAway) this.#goAway(number);
    else if (kind === FRAME.error) this.#lastWord = statusIn(found.payload);
  }

  #goAway(why: number): void {
    this.#isUsable = false;
    this.#isDone ||= why === DirectGoAway.DIRECT_GO_AWAY_DONE;
    this.#isGoingAway = true;
    if (this.#open.size === 0) this.close();
  }

  #lost(): void {
    this.#isUsable = false;
    const why = this.#lastWord === undefined ? "" : `: ${this.#lastWord.message}`;
    const status = { code: CODES.UNAVAILABLE, message: `the connection to ${this.#address} was lost${why}`, isUnseen: this.#isDone };
    const calls = [...this.#open.values()];
    this.#open.clear();
    for (const call of calls) call.fail(status);
  }

  /** Finds a server that vanished without closing; only while calls wait for it. */
  #watchSilence(): void {
    let bytes = 0;
    let silentMs = 0;
    const look = (): void => {
      if (this.#socket.destroyed) return;
      const isSilent = this.#open.size > 0 && bytes === this.#socket.bytesRead;
      bytes = this.#socket.bytesRead;
      silentMs = isSilent ? silentMs + LOOK_MS : 0;
      if (silentMs > SILENCE_MS) this.#socket.destroy();
      else if (silentMs === SILENCE_MS) this.#send({ kind: FRAME.ping });
      systemClock.schedule(LOOK_MS, look);
    };
    systemClock.schedule(LOOK_MS, look);
  }
}
