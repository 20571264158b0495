/** The first words of a connection. */
import { DIRECT_VERSION, FRAME, type Frame, FrameError } from "@session-bridge/client/frames";
import { UnsupportedError } from "@session-bridge/core/internal";
import { DirectHello, DirectWelcome } from "@session-bridge/protocol/session_bridge/v1/direct";
import type { RequestLimits } from "../service/server-info.ts";
import { VERSION } from "../version.ts";
import type { NumberedMethods } from "./methods.ts";

/** A hello is never longer. */
export const MAX_HELLO_BYTES = 65_536;

/** What a hello says. Throws FrameError when it is none, UnsupportedError for a version that the server does not speak. */
export function readHello({ kind, payload }: Frame): DirectHello {
  if (kind !== FRAME.hello) throw new FrameError(`a connection begins with a hello, not with a frame of kind ${kind}`);
  const hello = decodeHello(payload);
  if (hello.version === DIRECT_VERSION) return hello;
  throw new UnsupportedError(
    "UNSUPPORTED_VERSION",
    `the server speaks version ${DIRECT_VERSION} of the direct protocol, not ${hello.version}`,
  );
}

function decodeHello(payload: Uint8Array): DirectHello {
  try {
    return DirectHello.decode(payload);
  } catch {
    throw new FrameError("the hello does not decode");
  }
}

/** What the server says to a hello that it likes. */
export function welcome(limits: RequestLimits, methods: NumberedMethods): Uint8Array {
  return DirectWelcome.encode({
    version: DIRECT_VERSION,
    serverVersion: VERSION,
    maxMessageBytes: limits.messageBytes,
    maxCalls: limits.streamsPerConnection,
    maxStreams: limits.streamsPerConnection,
    methods: methods.flatMap((method, number) => (method === undefined ? [] : [number as DirectWelcome["methods"][number]])),
  }).finish();
}
