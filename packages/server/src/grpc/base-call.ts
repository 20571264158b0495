/** What grpc-js keeps to itself of a call. Held to the version in use by the tests of streams. */
import type { ServerHttp2Stream } from "node:http2";

interface BaseCall {
  readonly cancelled: boolean;
  readonly stream: ServerHttp2Stream;
}

/** The call below a call's surface, below every interceptor. */
function baseCallOf(call: object): BaseCall {
  let below = Reflect.get(call, "call") as BaseCall & { readonly nextCall?: BaseCall };
  while (below.nextCall !== undefined) below = below.nextCall;
  return below;
}

/** Whether a call was over before its handler began: nobody tells the handler then. */
export function isOver(call: object): boolean {
  const { cancelled, stream } = baseCallOf(call);
  return cancelled || stream.closed || stream.destroyed;
}

/** Ends a call at once with a code of HTTP/2. A status would wait for ever behind data that nobody takes. */
export function resetCall(call: object, code: number): void {
  baseCallOf(call).stream.close(code);
}
