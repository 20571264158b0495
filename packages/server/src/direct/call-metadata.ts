/** What travels with a call beside its message, and who is told of it. */
import { FLAG_METADATA, type Frame, FrameError, MAX_SMALL_BYTES } from "@session-bridge/client/frames";
import { DirectMetadata } from "@session-bridge/protocol/session_bridge/v1/direct";
import type { CarrierOptions } from "../carrier/carrier.ts";
import type { ServedMethod } from "../carrier/methods.ts";
import type { TraceHeaders } from "../carrier/rpc-observer.ts";
import { WatchedCall } from "../carrier/watched-call.ts";

/** A call's request, and the trace that it belongs to. */
export interface TracedCall {
  /** Deliberately no Buffer, whose `slice` shares memory: a value that is kept would keep everything that came with it. */
  readonly bytes: Uint8Array;
  readonly trace: TraceHeaders;
}

const NO_TRACE: TraceHeaders = {};
const LENGTH_BYTES = 2;

/** Takes a call's payload apart. Throws FrameError for metadata that is none. */
export function tracedCall({ flags, payload }: Frame): TracedCall {
  if ((flags & FLAG_METADATA) === 0 || payload.length === 0) return { bytes: plain(payload, 0), trace: NO_TRACE };
  const length = payload.length < LENGTH_BYTES ? MAX_SMALL_BYTES + 1 : payload.readUInt16LE(0);
  const end = LENGTH_BYTES + length;
  if (length > MAX_SMALL_BYTES || end > payload.length) throw new FrameError("a call's metadata has no end");
  return { bytes: plain(payload, end), trace: traceOf(payload.subarray(LENGTH_BYTES, end)) };
}

const plain = (payload: Buffer, from: number): Uint8Array =>
  new Uint8Array(payload.buffer, payload.byteOffset + from, payload.length - from);

function traceOf(bytes: Uint8Array): TraceHeaders {
  try {
    const { traceparent, tracestate } = DirectMetadata.decode(bytes);
    return traceparent === "" ? NO_TRACE : { traceparent, tracestate: tracestate || undefined };
  } catch {
    throw new FrameError("a call's metadata does not decode");
  }
}

/** The call for the observer, if there is one; a method that does not exist has its number for a name. */
export function beginWatched(
  { rpcObserver, clock }: CarrierOptions,
  method: ServedMethod | undefined,
  number: number,
  trace: TraceHeaders,
): WatchedCall | undefined {
  if (rpcObserver === undefined) return undefined;
  const watched = new WatchedCall(method?.name ?? `session_bridge.v1.DirectMethod/${number}`, rpcObserver, clock);
  watched.begin(trace);
  return watched;
}
