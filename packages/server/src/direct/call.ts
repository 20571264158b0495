/** A unary call: from its frame to its answer, at once where the function answers at once. */
import { FRAME } from "@session-bridge/client/frames";
import { CODES, type Signal } from "@session-bridge/core/internal";
import { type BegunCall, failureOf, logEnd } from "../carrier/failure.ts";
import type { Serve, ServedMethod } from "../carrier/methods.ts";
import { MALFORMED, wellFormed } from "../carrier/received.ts";
import type { WatchedCall } from "../carrier/watched-call.ts";
import type { Answer, Caller } from "../service/caller.ts";
import { requestIdentity } from "../service/request-identity.ts";
import { type CallHome, decoded } from "./call-home.ts";

/** A call that ends so short before its deadline ends because of it: its caller began to count earlier. */
const SLACK_MS = 100;

/** A unary call. It is its own `Caller` and signal, so that a call costs few objects. */
export class UnaryCall implements BegunCall, Caller, Signal {
  readonly id: number;
  readonly tenant = "";
  readonly timeoutMs: number;
  readonly startedAtMs: number;
  message: unknown = MALFORMED;
  request: Caller["request"];
  aborted = false;
  reason: unknown;
  // As its own, since whoever carries the call further copies what is its own.
  readonly signal: Signal = this;
  readonly trace: unknown;
  readonly #method: ServedMethod;
  readonly #home: CallHome;
  readonly #watched: WatchedCall | undefined;
  readonly #isTimed: boolean;
  #listeners: Set<() => void> | undefined;
  #isLeft = false;

  constructor(id: number, method: ServedMethod, askedMs: number, home: CallHome, watched: WatchedCall | undefined) {
    this.id = id;
    this.#method = method;
    this.#home = home;
    this.#watched = watched;
    this.trace = watched?.trace;
    const { deadlineMs } = home.context.limits;
    this.#isTimed = askedMs > 0;
    this.timeoutMs = this.#isTimed && askedMs < deadlineMs ? askedMs : deadlineMs;
    this.startedAtMs = home.context.clock.monotonic();
  }

  get method(): string {
    return this.#method.definition.path;
  }

  /** Answers a request, at once or when it can. True while it is still open. */
  answer(bytes: Uint8Array): boolean {
    this.#watched?.handling();
    try {
      this.#home.context.inFlight.begin();
      const answer = this.#serve(bytes);
      if (answer instanceof Promise) {
        answer.then(
          (response: unknown) => this.#answerLate(response),
          (thrown: unknown) => this.#failLate(thrown),
        );
        return true;
      }
      this.#succeed(answer);
    } catch (thrown) {
      this.#fail(thrown);
    }
    return false;
  }

  /** Nobody waits for the answer any more. At its deadline that is no abort: whoever works on it knows the deadline by itself. */
  leave(): void {
    this.#isLeft = true;
    const isDue = this.#isTimed && this.#home.context.clock.monotonic() - this.startedAtMs >= this.timeoutMs - SLACK_MS;
    this.#watched?.answered(isDue ? CODES.DEADLINE_EXCEEDED : CODES.CANCELLED);
    if (isDue) return;
    this.aborted = true;
    this.reason = new Error("the caller cancelled the call");
    for (const listener of this.#listeners ?? []) listener();
  }

  addEventListener(_type: "abort", listener: () => void): void {
    this.#listeners ??= new Set();
    this.#listeners.add(listener);
  }

  removeEventListener(_type: "abort", listener: () => void): void {
    this.#listeners?.delete(listener);
  }

  #serve(bytes: Uint8Array): Answer<unknown> {
    this.message = decoded(this.#method, bytes, this.#home.context.clock, this.#watched);
    const message = wellFormed(this.message);
    this.request = requestIdentity(this.method, message, bytes);
    return (this.#method.serve as Serve)(message, this);
  }

  #answerLate(response: unknown): void {
    try {
      this.#succeed(response);
    } catch (thrown) {
      this.#fail(thrown);
    }
    this.#home.ended(this);
  }

  #failLate(thrown: unknown): void {
    this.#fail(thrown);
    this.#home.ended(this);
  }

  /** Throws when the response cannot be sent, before anything of it is. */
  #succeed(response: unknown): void {
    const { context, outlet } = this.#home;
    const pieces = this.#home.encoded(this.#method, response, this.#watched);
    context.inFlight.end();
    logEnd(this, "answered", context);
    if (!this.#isLeft) outlet.sendPieces(FRAME.answer, this.id, pieces);
    this.#watched?.answered(0);
    this.#watched?.handled("");
  }

  #fail(thrown: unknown): void {
    const { context, outlet } = this.#home;
    context.inFlight.end();
    const { status, reason } = failureOf(this, thrown, context);
    if (!this.#isLeft) outlet.send(FRAME.error, this.id, status.bytes);
    this.#watched?.answered(status.code);
    this.#watched?.handled(reason);
  }
}
