/** Streams of answers: as fast as the reader takes them, until one side has enough. Nothing that is thrown beyond here reaches grpc-js. */
import type { handleServerStreamingCall, ServerWritableStream } from "@grpc/grpc-js";
import { ServerUnavailableError, type Subscription } from "@session-bridge/core/internal";
import { type CallContext, failureOf, logEnd } from "../carrier/failure.ts";
import type { ServeStream } from "../carrier/methods.ts";
import { type Received, wellFormed } from "../carrier/received.ts";
import { isOver } from "./base-call.ts";
import { outbox, type Patience, RESET } from "./outbox.ts";
import { grpcStatus } from "./status.ts";

/** How long a reader may take for one message. */
const PATIENCE = { ms: 60_000, code: RESET.tooSlow };
/** How long it may take to learn that the server shuts down. */
const LAST_PATIENCE = { ms: 250, code: RESET.shuttingDown };

/** The streams of a server. */
export interface Streams {
  /** A handler that sends what `serve` gives. */
  wrap(method: string, serve: ServeStream): handleServerStreamingCall<Received<unknown>, unknown>;
  /** Ends every stream at once with SHUTTING_DOWN, and those that come later. */
  shutDown(): void;
}

/** Makes handlers whose streams can be ended together. */
export function streams(context: CallContext): Streams {
  const open = new Set<() => void>();
  let isShutDown = false;
  return {
    wrap: (method, serve) => (call) => {
      if (isOver(call)) return;
      const stream = answerStream(method, call, serve, context);
      open.add(stream.shutDown);
      call.once("cancelled", () => open.delete(stream.shutDown));
      if (isShutDown) stream.shutDown();
    },
    shutDown() {
      isShutDown = true;
      for (const shutDown of open) shutDown();
    },
  };
}

/** Answers one call; grpc-js says "cancelled" when it is over, however it ended. */
function answerStream(
  method: string,
  call: ServerWritableStream<Received<unknown>, unknown>,
  serve: ServeStream,
  context: CallContext,
): { shutDown(): void } {
  const begun = { method, message: call.request.message, startedAtMs: context.clock.monotonic() };
  const over = new AbortController();
  const out = outbox(call, context.clock, PATIENCE, () => pump());
  let messages: Subscription<unknown> | undefined;
  let ending = false;

  const fail = (thrown: unknown, patience: Patience = PATIENCE): void => {
    if (ending) return;
    ending = true;
    const { status, reason } = failureOf(begun, thrown, context);
    call.request.watched?.handled(reason);
    call.emit("error", grpcStatus(status));
    out.ended(patience);
    over.abort(thrown);
  };
  const finish = (): void => {
    ending = true;
    logEnd(begun, "ended", context);
    call.end();
    out.ended(PATIENCE);
  };
  const pump = (): void => {
    try {
      while (!ending && out.hasRoom) {
        const message = messages?.take();
        if (message === undefined) {
          if (messages?.isOver) finish();
          return;
        }
        out.send(message);
      }
    } catch (thrown) {
      fail(thrown);
    }
  };

  call.once("cancelled", () => {
    if (!ending) logEnd(begun, "left by its reader", context);
    ending = true;
    out.close();
    over.abort(new Error("the caller cancelled the call"));
  });
  try {
    messages = serve(wellFormed(call.request.message), { tenant: "", signal: over.signal, ready: pump });
  } catch (thrown) {
    fail(thrown);
  }
  pump();
  return {
    shutDown() {
      fail(new ServerUnavailableError("SHUTTING_DOWN", "the server is shutting down"), LAST_PATIENCE);
      // One that has ended before may still wait for its reader.
      out.ended(LAST_PATIENCE);
    },
  };
}
