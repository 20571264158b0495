/** What is on its way to the reader of a stream: never more than two messages, and not for ever when the reader takes none. */
import { constants } from "node:http2";
import type { ServerWritableStream } from "@grpc/grpc-js";
import type { Cancel, Clock } from "@session-bridge/core/internal";
import { resetCall } from "./base-call.ts";

/** One message is being sent and one waits, so that the stream has never to wait for the next. */
const MESSAGES_UNDER_WAY = 2;

/** Why a stream is reset, in the words of HTTP/2: gRPC makes RESOURCE_EXHAUSTED and UNAVAILABLE of them. */
export const RESET = { tooSlow: constants.NGHTTP2_ENHANCE_YOUR_CALM, shuttingDown: constants.NGHTTP2_REFUSED_STREAM } as const;

/** How a reader is given up. */
export interface Patience {
  /** How long it may take nothing. */
  readonly ms: number;
  readonly code: (typeof RESET)[keyof typeof RESET];
}

/** The messages of one stream that are on their way. */
export interface Outbox<Response> {
  /** Sends a message, and resolves when there is room for another, or the stream is over. */
  send(message: Response): Promise<void> | void;
  /** The stream has been ended, which its reader learns after what is on its way; a reader that does not take that in time is reset. */
  ended(patience: Patience): void;
  /** The stream is over. */
  close(): void;
}

/** The outbox of a stream, whose reader has to take each message within `patience`. */
export function outbox<Response>(call: ServerWritableStream<unknown, Response>, clock: Clock, patience: Patience): Outbox<Response> {
  let underWay = 0;
  let over = false;
  let giveUp: Cancel = () => {};
  let goOn = (): void => {};

  const within = ({ ms, code }: Patience): void => {
    giveUp();
    giveUp = clock.schedule(ms, () => resetCall(call, code));
  };
  const sent = (): void => {
    underWay -= 1;
    goOn();
  };
  return {
    send(message) {
      underWay += 1;
      call.write(message, sent);
      if (over || underWay < MESSAGES_UNDER_WAY) return;
      within(patience);
      return new Promise((resolve) => {
        goOn = () => {
          giveUp();
          goOn = () => {};
          resolve();
        };
      });
    },
    ended(last) {
      goOn();
      if (!over) within(last);
    },
    close() {
      over = true;
      giveUp();
      goOn();
    },
  };
}
