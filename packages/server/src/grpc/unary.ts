/** The one place where a request meets a service function. Nothing that is thrown beyond it reaches grpc-js, where it would end the process. */
import type { handleUnaryCall, ServerUnaryCall, StatusObject, sendUnaryData } from "@grpc/grpc-js";
import { type BegunCall, type CallContext, failureOf, logEnd } from "../carrier/failure.ts";
import type { InFlight } from "../carrier/in-flight.ts";
import type { Serve } from "../carrier/methods.ts";
import { type Received, wellFormed } from "../carrier/received.ts";
import type { Caller } from "../service/caller.ts";
import { requestIdentity } from "../service/request-identity.ts";
import { CallSignal } from "./call-signal.ts";
import { grpcStatus } from "./status.ts";

/** What every unary call is answered with. */
export interface UnaryContext extends CallContext {
  /** A caller's longer deadline is cut to this. */
  readonly deadlineMs: number;
  /** Shared with the other carriers. */
  readonly inFlight: InFlight;
}

/** Makes handlers. */
export function unaryWrapper(context: UnaryContext) {
  return function wrapUnary(method: string, serve: Serve): handleUnaryCall<Received<unknown>, unknown> {
    return (call, callback) => new UnaryCall(method, call, callback, context).answer(serve);
  };
}

/** A call and its `Caller`, one object for both: calls are many. */
class UnaryCall implements BegunCall, Caller {
  readonly method: string;
  readonly message: unknown;
  readonly startedAtMs: number;
  /** "" until authentication exists. */
  readonly tenant = "";
  readonly signal: CallSignal;
  readonly timeoutMs: number;
  readonly trace: unknown;
  request: Caller["request"];
  readonly #received: Received<unknown>;
  readonly #callback: sendUnaryData<unknown>;
  readonly #context: UnaryContext;

  constructor(method: string, call: ServerUnaryCall<Received<unknown>, unknown>, callback: sendUnaryData<unknown>, context: UnaryContext) {
    const received = call.request;
    this.method = method;
    this.message = received.message;
    this.startedAtMs = context.clock.monotonic();
    this.signal = new CallSignal(call);
    // The caller's deadline is on the wall clock, as grpc-js counts it. An infinite one leaves the server's own.
    const askedMs = Number(call.getDeadline()) - Date.now();
    this.timeoutMs = Math.max(0, Math.min(askedMs, context.deadlineMs));
    this.trace = received.watched?.trace;
    this.#received = received;
    this.#callback = callback;
    this.#context = context;
  }

  /** Answers it, at once or when the function has. */
  answer(serve: Serve): void {
    const { message, bytes, watched } = this.#received;
    watched?.handling();
    try {
      this.#context.inFlight.begin();
      const wanted = wellFormed(message);
      this.request = requestIdentity(this.method, wanted, bytes);
      const answer = serve(wanted, this);
      if (answer instanceof Promise) {
        answer.then(
          (response: unknown) => this.#succeed(response),
          (thrown: unknown) => this.#fail(thrown),
        );
      } else this.#succeed(answer);
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  #succeed(response: unknown): void {
    this.#context.inFlight.end();
    logEnd(this, "answered", this.#context);
    this.#send(null, response);
    this.#received.watched?.handled("");
  }

  #fail(thrown: unknown): void {
    this.#context.inFlight.end();
    const { status, reason } = failureOf(this, thrown, this.#context);
    this.#send(grpcStatus(status), null);
    this.#received.watched?.handled(reason);
  }

  /** Sends an answer; a call that has ended meanwhile, or cannot be written to, is nobody's business any more. */
  #send(status: StatusObject | null, response: unknown): void {
    try {
      this.#callback(status, response);
    } catch {
      // The stream is gone.
    }
  }
}
