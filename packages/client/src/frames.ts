/** The frames of docs/direct-protocol.md as bytes, for both ends of a connection. Nothing here reads or writes a socket. */
import { DirectFrameKind } from "@session-bridge/protocol/session_bridge/v1/direct";

/** What both ends say first. */
export const MAGIC: Uint8Array = Buffer.from("\x89SBD\r\n\x1a\n", "latin1");

/** The one version of the protocol. */
export const DIRECT_VERSION = 1;

/** The header before each payload. */
export const HEADER_BYTES = 16;

/** What a frame may have that says nothing in its payload, and a call's metadata. */
export const MAX_SMALL_BYTES = 4_096;

/** The bit of a call's flags that says that metadata comes before its message. */
export const FLAG_METADATA = 1;

/** What a frame is. */
export const FRAME = {
  hello: DirectFrameKind.DIRECT_FRAME_KIND_HELLO,
  welcome: DirectFrameKind.DIRECT_FRAME_KIND_WELCOME,
  call: DirectFrameKind.DIRECT_FRAME_KIND_CALL,
  answer: DirectFrameKind.DIRECT_FRAME_KIND_ANSWER,
  error: DirectFrameKind.DIRECT_FRAME_KIND_ERROR,
  cancel: DirectFrameKind.DIRECT_FRAME_KIND_CANCEL,
  item: DirectFrameKind.DIRECT_FRAME_KIND_ITEM,
  end: DirectFrameKind.DIRECT_FRAME_KIND_END,
  credit: DirectFrameKind.DIRECT_FRAME_KIND_CREDIT,
  ping: DirectFrameKind.DIRECT_FRAME_KIND_PING,
  pong: DirectFrameKind.DIRECT_FRAME_KIND_PONG,
  goAway: DirectFrameKind.DIRECT_FRAME_KIND_GO_AWAY,
} as const;

/** A frame that was read. */
export interface Frame {
  readonly kind: number;
  readonly call: number;
  readonly method: number;
  readonly flags: number;
  readonly number: number;
  /** The payload, within what came from the socket; empty when it is too long. */
  readonly payload: Buffer;
  /** How long the payload is that was too long to be kept. */
  readonly skippedBytes: number;
}

/** What cannot be a frame. */
export class FrameError extends Error {
  override readonly name = "FrameError";
}

/** How long payloads may be. */
export interface PayloadLimits {
  /** A longer one is skipped while it comes. */
  readonly keptBytes: number;
  /** A longer one is an error. */
  readonly skippedBytes: number;
}

const NOTHING: Buffer = Buffer.alloc(0);

/** Takes frames out of bytes that come in pieces. Keeps at most one unfinished frame and the pieces that were not looked at. */
export class FrameReader {
  limits: PayloadLimits;
  /** What came and was not read, in its order; the first piece from `#at`. */
  #pieces: Buffer[] = [];
  #at = 0;
  #available = 0;
  /** Of a payload that is too long: what is still to come. */
  #toSkip = 0;

  constructor(limits: PayloadLimits) {
    this.limits = limits;
  }

  /** Adds what came. */
  push(piece: Buffer): void {
    this.#available += piece.length;
    if (piece.length > 0) this.#pieces.push(piece);
  }

  /** The next `length` bytes, undefined before they are all here. */
  take(length: number): Buffer | undefined {
    if (this.#available < length) return undefined;
    const first = this.#pieces[0];
    if (first === undefined || length === 0) return NOTHING;
    const end = this.#at + length;
    if (end > first.length) {
      this.#join(length);
      return this.take(length);
    }
    const taken = first.subarray(this.#at, end);
    this.#drop(length);
    return taken;
  }

  /** The next frame, undefined before it is all here. Throws FrameError at one that is longer than anybody may send. */
  next(): Frame | undefined {
    if (this.#toSkip > 0) this.#skip();
    if (this.#toSkip > 0 || this.#available < HEADER_BYTES) return undefined;
    if ((this.#pieces[0] as Buffer).length - this.#at < HEADER_BYTES) this.#join(HEADER_BYTES);
    const header = this.#pieces[0] as Buffer;
    const at = this.#at;
    const length = header.readUInt32LE(at);
    const { keptBytes, skippedBytes } = this.limits;
    if (length > skippedBytes) throw new FrameError(`a frame of ${length} bytes is longer than ${skippedBytes}`);
    const isKept = length <= keptBytes;
    if (isKept && this.#available < HEADER_BYTES + length) return undefined;
    const call = header.readUInt32LE(at + 4);
    const kind = header[at + 8] as number;
    const method = header[at + 9] as number;
    const flags = header.readUInt16LE(at + 10);
    const number = header.readUInt32LE(at + 12);
    this.#drop(HEADER_BYTES);
    if (isKept) return { kind, call, method, flags, number, payload: this.take(length) as Buffer, skippedBytes: 0 };
    this.#toSkip = length;
    this.#skip();
    return { kind, call, method, flags, number, payload: NOTHING, skippedBytes: length };
  }

  /** Makes one piece of as many as have the next `length` bytes, once they are all here. */
  #join(length: number): void {
    let count = 0;
    for (let size = -this.#at; size < length; count++) size += (this.#pieces[count] as Buffer).length;
    const joined = Buffer.concat(this.#pieces.slice(0, count)).subarray(this.#at);
    this.#pieces.splice(0, count, joined);
    this.#at = 0;
  }

  /** Lets go of the next `length` bytes, which are in the first piece. */
  #drop(length: number): void {
    this.#available -= length;
    this.#at += length;
    if (this.#at < (this.#pieces[0]?.length ?? 0)) return;
    this.#pieces.shift();
    this.#at = 0;
  }

  #skip(): void {
    while (this.#toSkip > 0 && this.#available > 0) {
      const length = Math.min(this.#toSkip, (this.#pieces[0] as Buffer).length - this.#at);
      this.#toSkip -= length;
      this.#drop(length);
    }
  }
}

/** What a header says beside the length. */
export interface FrameHead {
  readonly kind: number;
  readonly call?: number;
  readonly method?: number;
  readonly flags?: number;
  readonly number?: number;
}

/** Writes a header to the beginning of `into`. */
export function writeHeader(into: Buffer, length: number, kind: number, call: number, method: number, flags: number, number: number): void {
  into.writeUInt32LE(length, 0);
  into.writeUInt32LE(call, 4);
  into[8] = kind;
  into[9] = method;
  into.writeUInt16LE(flags, 10);
  into.writeUInt32LE(number, 12);
}

/** A frame in one piece. */
export function frame({ kind, call = 0, method = 0, flags = 0, number = 0 }: FrameHead, payload: Uint8Array = NOTHING): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
  writeHeader(bytes, payload.length, kind, call, method, flags, number);
  bytes.set(payload, HEADER_BYTES);
  return bytes;
}
