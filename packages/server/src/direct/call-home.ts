/** What a call needs of the connection that it came on, and what all calls do with messages. */
import { type Clock, LimitExceededError } from "@session-bridge/core/internal";
import type { CarrierOptions } from "../carrier/carrier.ts";
import type { ServedMethod } from "../carrier/methods.ts";
import { MALFORMED } from "../carrier/received.ts";
import { lengthOf, type Pieces } from "../carrier/response-pieces.ts";
import type { WatchedCall } from "../carrier/watched-call.ts";
import type { UnaryCall } from "./call.ts";
import type { Outlet } from "./outlet.ts";
import type { DirectStream } from "./stream.ts";

/** The connection of a call. */
export interface CallHome {
  readonly context: CarrierOptions;
  readonly outlet: Outlet;
  /** The bytes of a response. Throws LimitExceededError MESSAGE_TOO_LARGE for one that the other side does not take. */
  encoded(method: ServedMethod, response: unknown, watched: WatchedCall | undefined): Pieces;
  /** A call that was open is over. */
  ended(call: UnaryCall | DirectStream): void;
}

/** A request, or MALFORMED when its bytes are none. */
export function decoded({ definition }: ServedMethod, bytes: Uint8Array, clock: Clock, watched: WatchedCall | undefined): unknown {
  const startedAtMs = watched === undefined ? 0 : clock.monotonic();
  try {
    const message = definition.requestDeserialize(bytes as Buffer);
    watched?.decoded(clock.monotonic() - startedAtMs, bytes.length);
    return message;
  } catch {
    return MALFORMED;
  }
}

/** Makes the bytes of responses of at most `maxBytes`. */
export function encoder(maxBytes: number, clock: Clock): CallHome["encoded"] {
  return ({ responsePieces }, response, watched) => {
    const startedAtMs = watched === undefined ? 0 : clock.monotonic();
    const pieces = responsePieces(response);
    const length = lengthOf(pieces);
    watched?.encoded(clock.monotonic() - startedAtMs, length);
    if (length > maxBytes) throw tooLarge("the response", length, maxBytes);
    return pieces;
  };
}

/** The refusal of a message. Whatever made a response may have been applied. */
export function tooLarge(what: "the request" | "the response", actual: number, limitValue: number): LimitExceededError {
  return new LimitExceededError("MESSAGE_TOO_LARGE", `${what} has ${actual} bytes; at most ${limitValue} fit into one message`, {
    outcome: what === "the request" ? "not_applied" : "unknown",
    details: { limit: "messageBytes", limitValue, actual },
  });
}
