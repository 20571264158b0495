/** What goes out on a connection: frames, as few writes as possible, and room for more. */
import type { Socket } from "node:net";
import { frame, HEADER_BYTES, writeHeader } from "@session-bridge/client/frames";
import { joined, lengthOf, type Pieces } from "../carrier/response-pieces.ts";

/** A payload that is larger is not copied behind its header. */
const COPIED_BYTES = 16 * 1024;
/** Frames are made one piece up to so much. */
const JOINED_BYTES = 64 * 1024;
/** How long the other side may take nothing of what waits; the socket says "timeout" then. */
const STALL_MS = 60_000;

/** Frames on their way to a socket. */
export class Outlet {
  readonly #socket: Socket;
  #pieces: Uint8Array[] = [];
  #bytes = 0;
  #isHeld = false;
  #isPlanned = false;
  #isClosed = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** What was sent and the other side's machine has not taken. */
  get waitingBytes(): number {
    return this.#bytes + this.#socket.writableLength;
  }

  /** Whether what is sent now goes out at once. */
  get hasRoom(): boolean {
    return !this.#socket.writableNeedDrain && this.#bytes < JOINED_BYTES;
  }

  /** Sends a frame before this turn of the event loop ends, with what else is sent in it. */
  send(kind: number, call: number, payload?: Uint8Array, number = 0): void {
    this.sendPieces(kind, call, payload === undefined ? [] : [payload], number);
  }

  /** The same for a payload in pieces, which stay as they are until they are sent. */
  sendPieces(kind: number, call: number, payload: Pieces, number = 0): void {
    if (this.#isClosed) return;
    const length = lengthOf(payload);
    if (length > COPIED_BYTES) {
      const header = Buffer.allocUnsafe(HEADER_BYTES);
      writeHeader(header, length, kind, call, 0, 0, number);
      this.#pieces.push(header, ...payload);
      this.#bytes += HEADER_BYTES + length;
    } else {
      const whole = frame({ kind, call, number }, joined(payload));
      this.#pieces.push(whole);
      this.#bytes += whole.length;
    }
    if (this.#isHeld || this.#isPlanned) return;
    this.#isPlanned = true;
    process.nextTick(this.#flushPlanned);
  }

  /** Sends bytes that are no frame. */
  sendBytes(bytes: Uint8Array): void {
    this.#pieces.push(Buffer.from(bytes));
    this.#bytes += bytes.length;
  }

  /** Nothing goes out before `flush`. */
  hold(): void {
    this.#isHeld = true;
  }

  /** Gives to the socket what there is. */
  flush(): void {
    this.#isHeld = false;
    const pieces = this.#pieces;
    const bytes = this.#bytes;
    if (bytes === 0) return;
    this.#pieces = [];
    this.#bytes = 0;
    if (this.#isClosed) return;
    if (pieces.length === 1) this.#socket.write(pieces[0] as Uint8Array);
    else if (bytes <= JOINED_BYTES) this.#socket.write(Buffer.concat(pieces, bytes));
    else {
      this.#socket.cork();
      for (const piece of pieces) this.#socket.write(piece);
      this.#socket.uncork();
    }
    if (this.#socket.writableNeedDrain) this.#socket.setTimeout(STALL_MS);
  }

  /** Sends what there is and then the end; nothing after it. */
  end(): void {
    if (this.#isClosed) return;
    this.flush();
    this.#isClosed = true;
    this.#socket.end();
  }

  /** Nothing can be sent any more. */
  close(): void {
    this.#isClosed = true;
    this.#pieces = [];
    this.#bytes = 0;
  }

  readonly #flushPlanned = (): void => {
    this.#isPlanned = false;
    if (!this.#isHeld) this.flush();
  };
}
