/** Requests as they come: a message with its bytes, or bytes that are none. */
import { InvalidArgumentError } from "@session-bridge/core/internal";
import type { HandledCall } from "./watched-call.ts";

/** A request that is no message of its type. */
export const MALFORMED: unique symbol = Symbol("malformed request");

/** A request as it came. */
export interface Received<Request> {
  readonly message: Request | typeof MALFORMED;
  readonly bytes: Uint8Array;
  /** What tells of the call; left out when nobody observes. */
  watched?: HandledCall;
}

/** A deserializer that keeps the bytes. What does not decode is answered by our own handler, with a reason, instead of by grpc-js's bare INTERNAL. */
export function received(deserialize: (bytes: Buffer) => unknown): (bytes: Buffer) => Received<unknown> {
  return (bytes) => {
    try {
      return { message: deserialize(bytes), bytes };
    } catch {
      return { message: MALFORMED, bytes };
    }
  };
}

/** The message. Throws InvalidArgumentError when there is none. */
export function wellFormed<Request>(request: Request | typeof MALFORMED): Request {
  if (request === MALFORMED) throw new InvalidArgumentError("INVALID_ARGUMENT", "the request is not a valid protobuf message of its type");
  return request;
}
