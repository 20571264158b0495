/** The calls that are open on a direct connection: what becomes of the frames that are theirs. */
import type { MethodDefinition } from "@grpc/grpc-js";
import { type Cancel, CODES } from "@session-bridge/core/internal";
import { Status } from "@session-bridge/protocol/google/rpc/status";
import { FRAME, type Frame } from "../frames.ts";
import { type Answered, type CallStatus, type CarrierStream, StatusError } from "./carrier.ts";

/** A call that is open. */
export interface OpenCall {
  /** Takes a frame of the call; true when it was the last. */
  take(frame: Frame): boolean;
  /** The connection cannot end it any more. */
  fail(status: CallStatus): void;
}

/** A unary call. */
export class OpenUnary<Q, A> implements OpenCall {
  /** Takes its deadline back. */
  cancelDeadline: Cancel = () => {};
  readonly #method: MethodDefinition<Q, A>;
  readonly #answered: Answered<A>;

  constructor(method: MethodDefinition<Q, A>, answered: Answered<A>) {
    this.#method = method;
    this.#answered = answered;
  }

  take({ kind, payload }: Frame): boolean {
    this.cancelDeadline();
    if (kind !== FRAME.answer) {
      this.#answered(kind === FRAME.error ? statusIn(payload) : unexpected(kind));
      return true;
    }
    let answer: A;
    try {
      answer = this.#method.responseDeserialize(payload);
    } catch {
      this.#answered(UNREADABLE);
      return true;
    }
    this.#answered(undefined, answer);
    return true;
  }

  fail(status: CallStatus): void {
    this.cancelDeadline();
    this.#answered(status);
  }
}

/** A stream reads so many items ahead of whoever takes them. */
export const CREDIT = 16;

/** What a stream asks of its connection. */
export interface StreamHome {
  grant(items: number): void;
  leave(): void;
}

/** A stream. */
export class OpenStream<Q, A> implements OpenCall, CarrierStream<A> {
  readonly #method: MethodDefinition<Q, A>;
  readonly #home: StreamHome;
  readonly #items: Uint8Array[] = [];
  #status: CallStatus | "ended" | undefined;
  #taken = 0;
  #arrived = (): void => {};

  constructor(method: MethodDefinition<Q, A>, home: StreamHome) {
    this.#method = method;
    this.#home = home;
  }

  take({ kind, payload }: Frame): boolean {
    if (kind === FRAME.item) this.#items.push(payload);
    else if (kind === FRAME.end) this.#status = "ended";
    else this.#status = kind === FRAME.error ? statusIn(payload) : unexpected(kind);
    this.#arrived();
    return this.#status !== undefined;
  }

  fail(status: CallStatus): void {
    this.#status ??= status;
    this.#arrived();
  }

  async next(): Promise<A | undefined> {
    while (this.#items.length === 0 && this.#status === undefined) {
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
    }
    const item = this.#items.shift();
    if (item !== undefined) return this.#decoded(item);
    if (this.#status === "ended" || this.#status === undefined) return undefined;
    throw new StatusError(this.#status);
  }

  cancel(): void {
    this.#items.length = 0;
    if (this.#status !== undefined) return;
    this.#status = { code: CODES.CANCELLED, message: "the stream was cancelled" };
    this.#home.leave();
    this.#arrived();
  }

  /** Credit is given back for several items at once. */
  #decoded(item: Uint8Array): A {
    this.#taken += 1;
    if (this.#taken >= CREDIT / 2 && this.#status === undefined) {
      this.#home.grant(this.#taken);
      this.#taken = 0;
    }
    try {
      return this.#method.responseDeserialize(item as Buffer);
    } catch {
      throw new StatusError(UNREADABLE);
    }
  }
}

const UNREADABLE: CallStatus = { code: CODES.INTERNAL, message: "the server's answer does not decode" };

const unexpected = (kind: number): CallStatus => ({ code: CODES.INTERNAL, message: `the server answered with a frame of kind ${kind}` });

/** What an ERROR frame says. */
export function statusIn(details: Uint8Array): CallStatus {
  try {
    const { code, message } = Status.decode(details);
    return { code, message, details };
  } catch {
    return { code: CODES.UNKNOWN, message: "the server's error does not decode" };
  }
}
