/** What moves requests to a server and answers back, whatever the bytes around them are. */
import type { MethodDefinition } from "@grpc/grpc-js";
import { ServerUnavailableError } from "@session-bridge/core";

/** How a call has ended that has not succeeded, as its carrier says. */
export interface CallStatus {
  /** One of google.rpc.Code. */
  readonly code: number;
  readonly message: string;
  /** The whole google.rpc.Status, encoded, when the server sent one. */
  readonly details?: Uint8Array | undefined;
  /** Whether the server has certainly not looked at the call. */
  readonly isUnseen?: boolean;
}

/** A call's status as an error. */
export class StatusError extends Error {
  override readonly name = "StatusError";
  readonly status: CallStatus;

  constructor(status: CallStatus) {
    super(status.message);
    this.status = status;
  }
}

/** What a call takes along. */
export interface CallParts {
  /** Milliseconds from now after which it ends with DEADLINE_EXCEEDED. */
  readonly leftMs: number;
  /** The trace that it belongs to. */
  readonly headers: Readonly<Record<string, string>> | undefined;
}

/** Called once: with a status when the call has failed, and with the answer when it has not. */
export type Answered<A> = (status: CallStatus | undefined, answer?: A) => void;

/** A connection that calls can be sent on. */
export interface Carrier {
  /** How many streams it may have at once; undefined when a further one waits for another to end. */
  readonly maxStreams?: number | undefined;
  /** Sends the bytes of a request. Returns what cancels the call, after which nothing is said of it. */
  unary<Q, A>(method: MethodDefinition<Q, A>, request: Buffer, parts: CallParts, answered: Answered<A>): () => void;
  stream<Q, A>(method: MethodDefinition<Q, A>, request: Q): CarrierStream<A>;
}

/** The answers to one request, of which few are read ahead. */
export interface CarrierStream<A> {
  /** The next answer, undefined at the end. Rejects with StatusError when the stream fails. One at a time. */
  next(): Promise<A | undefined>;
  /** Ends it: nothing more comes. */
  cancel(): void;
}

/** A way to one server: made when it is first needed, made again when it is lost. */
export interface Connection {
  readonly address: string;
  /** Whether the server was ever reached. */
  readonly contacted: boolean;
  /** What to send with, at once when it is connected. Rejects with ServerUnavailableError when nobody was ever reached there and nobody answers. */
  carrier(): Carrier | Promise<Carrier>;
  /** Another connection of the same kind. */
  another(): Connection;
  close(): void;
}

/** The largest message either way. */
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

/** Nobody answers at an address. */
export const unreachable = (address: string): ServerUnavailableError =>
  new ServerUnavailableError("UNREACHABLE", `no session-bridge server answers at ${address}; start one: npx @session-bridge/server serve`);

/** Connects once for all who ask while it does. */
export function oneAtATime(connect: () => Promise<Carrier>): () => Promise<Carrier> {
  let connecting: Promise<Carrier> | undefined;
  return () => {
    connecting ??= connect().finally(() => {
      connecting = undefined;
    });
    // Every caller may have stopped waiting by the time it fails.
    connecting.catch(() => {});
    return connecting;
  };
}
