/** One connection of the direct protocol: what comes in, in its order, as far as what goes out is taken. */
import type { Socket } from "node:net";
import { FLAG_METADATA, FRAME, type Frame, FrameError, FrameReader, MAGIC, MAX_SMALL_BYTES } from "@session-bridge/client/frames";
import {
  type Cancel,
  CODES,
  InvalidArgumentError,
  LimitExceededError,
  ServerUnavailableError,
  UnsupportedError,
} from "@session-bridge/core/internal";
import { DirectGoAway } from "@session-bridge/protocol/session_bridge/v1/direct";
import type { CarrierOptions } from "../carrier/carrier.ts";
import type { ServedMethod } from "../carrier/methods.ts";
import { bareStatus, statusOf, type WireStatus } from "../carrier/status.ts";
import { UnaryCall } from "./call.ts";
import { type CallHome, encoder, tooLarge } from "./call-home.ts";
import { beginWatched, tracedCall } from "./call-metadata.ts";
import { MAX_HELLO_BYTES, readHello, welcome } from "./hello.ts";
import { keepAlive } from "./keep-alive.ts";
import type { NumberedMethods } from "./methods.ts";
import { Outlet } from "./outlet.ts";
import { DirectStream } from "./stream.ts";

/** Nothing more is read while so much waits to be taken. */
const MOST_WAITING_BYTES = 1024 * 1024;
/** A request that is too large is skipped up to this, or four times what is allowed. */
const MOST_SKIPPED_BYTES = 16 * 1024 * 1024;
/** How long the other side may take to learn that the connection has ended. */
const LAST_PATIENCE_MS = 250;

/** What a connection serves. */
export interface DirectContext extends CarrierOptions {
  readonly methods: NumberedMethods;
}

/** A connection. It lives as long as its socket. */
export class DirectConnection implements CallHome {
  readonly context: DirectContext;
  readonly outlet: Outlet;
  encoded: CallHome["encoded"];
  readonly #socket: Socket;
  readonly #reader = new FrameReader({ keptBytes: MAX_HELLO_BYTES, skippedBytes: MAX_HELLO_BYTES });
  readonly #calls = new Map<number, UnaryCall>();
  readonly #streams = new Map<number, DirectStream>();
  /** While the hello is awaited, that it comes; afterwards, that the other side is there. */
  #stopWaiting: Cancel;
  #isAddressed = false;
  #isGreeted = false;
  #isPaused = false;
  #isGoingAway = false;
  /** Nothing that comes matters any more. */
  #isDeaf = false;

  constructor(socket: Socket, context: DirectContext) {
    this.context = context;
    this.#socket = socket;
    this.outlet = new Outlet(socket);
    this.encoded = encoder(context.limits.messageBytes, context.clock);
    this.#stopWaiting = context.clock.schedule(context.keepaliveMs, () => socket.destroy());
    socket.on("data", (chunk: Buffer) => this.#received(chunk));
    socket.on("drain", () => this.#drained());
    socket.on("timeout", () => socket.destroy());
    socket.on("end", () => this.#closed());
    socket.on("close", () => this.#closed());
    // What follows is "close".
    socket.on("error", () => {});
    socket.resume();
  }

  /** Takes no more calls, ends the streams, and ends when the calls that are open have been answered. */
  drain(): void {
    if (this.#isGoingAway || this.#isDeaf) return;
    this.#isGoingAway = true;
    if (this.#isGreeted) this.outlet.send(FRAME.goAway, 0, undefined, DirectGoAway.DIRECT_GO_AWAY_SHUTTING_DOWN);
    for (const stream of this.#streams.values()) stream.shutDown();
    this.#endIfDone();
  }

  /** A call of this connection is over. */
  ended(call: UnaryCall | DirectStream): void {
    if (this.#calls.get(call.id) === call) this.#calls.delete(call.id);
    if (this.#streams.get(call.id) === call) this.#streams.delete(call.id);
    if (this.#isGoingAway) this.#endIfDone();
    this.#goOn();
  }

  #received(chunk: Buffer): void {
    if (this.#isDeaf) return;
    this.#reader.push(chunk);
    this.#read();
  }

  /** Answers what has come, as far as answers are taken. */
  #read(): void {
    try {
      for (let isEmpty = false; !isEmpty && !this.#isDeaf && !this.#isHeldUp; ) {
        this.outlet.hold();
        isEmpty = this.#readSome();
        this.outlet.flush();
      }
    } catch (error) {
      this.#refuse(error);
      return;
    }
    if (!this.#isHeldUp || this.#isDeaf) return;
    this.#isPaused = true;
    this.#socket.pause();
  }

  /** True when there is no whole frame any more. */
  #readSome(): boolean {
    if (!this.#isGreeted && !this.#greet()) return true;
    while (!this.#isDeaf && !this.#isHeldUp) {
      const frame = this.#reader.next();
      if (frame === undefined) return true;
      this.#take(frame);
    }
    return false;
  }

  get #isHeldUp(): boolean {
    return this.#calls.size >= this.context.limits.streamsPerConnection || this.outlet.waitingBytes > MOST_WAITING_BYTES;
  }

  #goOn(): void {
    if (!this.#isPaused || this.#isHeldUp) return;
    this.#isPaused = false;
    this.#read();
    if (!this.#isPaused) this.#socket.resume();
  }

  #drained(): void {
    if (!this.#isDeaf) this.#socket.setTimeout(0);
    for (const stream of this.#streams.values()) {
      if (!this.outlet.hasRoom) break;
      stream.goOn();
    }
    this.#goOn();
  }

  /** Reads magic and hello, and answers them; false when they are not here yet. */
  #greet(): boolean {
    if (!this.#isAddressed) {
      // Whoever gave the connection to this carrier has looked at it.
      if (this.#reader.take(MAGIC.length) === undefined) return false;
      this.#isAddressed = true;
      this.outlet.sendBytes(MAGIC);
    }
    const frame = this.#reader.next();
    if (frame === undefined) return false;
    const hello = readHello(frame);
    const { limits, methods, keepaliveMs, clock } = this.context;
    const { messageBytes } = limits;
    this.#isGreeted = true;
    this.#reader.limits = { keptBytes: messageBytes + MAX_SMALL_BYTES + 2, skippedBytes: Math.max(4 * messageBytes, MOST_SKIPPED_BYTES) };
    if (hello.maxMessageBytes > 0) this.encoded = encoder(Math.min(messageBytes, hello.maxMessageBytes), clock);
    this.outlet.send(FRAME.welcome, 0, welcome(limits, methods));
    this.#stopWaiting();
    const ping = hello.answersPings ? () => this.outlet.send(FRAME.ping, 0) : undefined;
    this.#stopWaiting = keepAlive(this.#socket, { ping, intervalMs: keepaliveMs, clock });
    return true;
  }

  #take(frame: Frame): void {
    const { kind, call, number } = frame;
    if (kind === FRAME.call) {
      this.#takeCall(frame);
      return;
    }
    if (frame.payload.length > MAX_SMALL_BYTES || frame.skippedBytes > 0) throw new FrameError(`a frame of kind ${kind} is too long`);
    if (kind === FRAME.cancel) this.#cancel(call);
    else if (kind === FRAME.credit) this.#streams.get(call)?.grant(number);
    else if (kind === FRAME.ping) this.outlet.send(FRAME.pong, 0, undefined, number);
    else if (kind !== FRAME.pong) throw new FrameError(`a client sends no frames of kind ${kind}`);
  }

  #takeCall(frame: Frame): void {
    const { call: id, flags, number } = frame;
    if (id === 0 || this.#calls.has(id) || this.#streams.has(id)) throw new FrameError(`${id} is no number for a new call`);
    if ((flags & ~FLAG_METADATA) !== 0) throw new FrameError(`a call has unknown flags (${flags})`);
    const method = this.context.methods[frame.method];
    const { bytes, trace } = tracedCall(frame);
    const watched = beginWatched(this.context, method, frame.method, trace);
    const refusal = this.#refusalOf(frame, bytes.length, method);
    if (refusal !== undefined || method === undefined) {
      const status = refusal ?? bareStatus(CODES.UNIMPLEMENTED, `the server has no method ${frame.method}`);
      this.outlet.send(FRAME.error, id, status.bytes);
      watched?.answered(status.code);
    } else if (method.definition.responseStream) {
      const stream = new DirectStream(id, method, bytes, this, watched);
      this.#streams.set(id, stream);
      stream.open(number);
    } else {
      const call = new UnaryCall(id, method, number, this, watched);
      if (call.answer(bytes)) this.#calls.set(id, call);
    }
  }

  /** Why the connection does not take a call of a method. */
  #refusalOf({ skippedBytes }: Frame, length: number, method: ServedMethod | undefined): WireStatus | undefined {
    const { messageBytes, streamsPerConnection } = this.context.limits;
    const size = skippedBytes || length;
    if (this.#isGoingAway) return statusOf(new ServerUnavailableError("SHUTTING_DOWN", "the server is shutting down"));
    if (size > messageBytes) return statusOf(tooLarge("the request", size, messageBytes));
    if (method?.definition.responseStream && this.#streams.size >= streamsPerConnection)
      return statusOf(tooManyStreams(streamsPerConnection));
    return undefined;
  }

  #cancel(id: number): void {
    const call = this.#calls.get(id);
    const stream = this.#streams.get(id);
    this.#calls.delete(id);
    this.#streams.delete(id);
    call?.leave();
    stream?.leave();
  }

  /** Says what is wrong, and ends. */
  #refuse(thrown: unknown): void {
    const { logger, clock } = this.context;
    const isTheirs = thrown instanceof FrameError || thrown instanceof UnsupportedError;
    if (isTheirs) logger.debug({ reason: thrown.message }, "a connection was refused");
    else logger.error({ err: thrown }, "internal error of a connection");
    const error = thrown instanceof FrameError ? new InvalidArgumentError("INVALID_FRAME", thrown.message) : thrown;
    if (error instanceof InvalidArgumentError || error instanceof UnsupportedError) this.outlet.send(FRAME.error, 0, statusOf(error).bytes);
    this.#leaveCalls();
    this.outlet.end();
    clock.schedule(LAST_PATIENCE_MS, () => this.#socket.destroy());
  }

  #endIfDone(): void {
    if (this.#calls.size > 0 || this.#streams.size > 0) return;
    this.#leaveCalls();
    if (this.#isGreeted) this.outlet.send(FRAME.goAway, 0, undefined, DirectGoAway.DIRECT_GO_AWAY_DONE);
    this.outlet.end();
    // Counts from the last time that something was taken.
    this.#socket.setTimeout(LAST_PATIENCE_MS);
  }

  #closed(): void {
    this.#leaveCalls();
    this.outlet.close();
  }

  /** Nothing that comes matters any more, and nobody waits for answers. */
  #leaveCalls(): void {
    this.#isDeaf = true;
    this.#stopWaiting();
    for (const call of this.#calls.values()) call.leave();
    for (const stream of this.#streams.values()) stream.leave();
    this.#calls.clear();
    this.#streams.clear();
    // What still comes is read and dropped, so that the end can come.
    this.#socket.resume();
  }
}

const tooManyStreams = (limitValue: number): LimitExceededError =>
  new LimitExceededError("OVERLOADED", "the connection has as many streams as it may have", {
    details: { limit: "streamsPerConnection", limitValue, actual: limitValue + 1 },
  });
