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
  /** Whether another message may be sent. */
  readonly hasRoom: boolean;
  /** Sends a message. */
  send(message: Response): void;
  /** The stream has been ended, which its reader learns after what is on its way; a reader that does not take that in time is reset. */
  ended(patience: Patience): void;
  /** The stream is over. */
  close(): void;
}

/** The outbox of a stream, whose reader has to take each message within `patience`; `goOn` is called when there is room again. */
export function outbox<Response>(
  call: ServerWritableStream<unknown, Response>,
  clock: Clock,
  patience: Patience,
  goOn: () => void,
): Outbox<Response> {
  let underWay = 0;
  let over = false;
  let giveUp: Cancel = () => {};

  const within = ({ ms, code }: Patience): void => {
    giveUp();
    giveUp = clock.schedule(ms, () => resetCall(call, code));
  };
  let last: Patience | undefined;
  const sent = (): void => {
    underWay -= 1;
    if (over || last !== undefined) return;
    if (underWay === MESSAGES_UNDER_WAY - 1) giveUp();
    goOn();
  };
  return {
    get hasRoom() {
      return underWay < MESSAGES_UNDER_WAY;
    },
    send(message) {
      underWay += 1;
      call.write(message, sent);
      if (!over && underWay === MESSAGES_UNDER_WAY) within(patience);
    },
    ended(lastPatience) {
      last = lastPatience;
      if (!over) within(last);
    },
    close() {
      over = true;
      giveUp();
    },
  };
}
