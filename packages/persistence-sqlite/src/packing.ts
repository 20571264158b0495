/** Many values in one buffer: a thread hands over one thing instead of copying hundreds. */
import type { LoadedVariable, StoredSession } from "@session-bridge/core";
import type { PackedSession } from "./messages.ts";

/** Values up to this many bytes are loaded with their session; larger ones are rows of their own. */
export const SMALL_VALUE_BYTES = 4096;

/** The values one after another, undefined when there are none. */
export function packValues(values: readonly Uint8Array[]): ArrayBuffer | undefined {
  if (values.length === 0) return undefined;
  const packed = new Uint8Array(values.reduce((size, bytes) => size + bytes.length, 0));
  let at = 0;
  for (const bytes of values) {
    packed.set(bytes, at);
    at += bytes.length;
  }
  return packed.buffer;
}

/** Takes values out of a buffer in their order. `view` gives parts of the buffer, `copy` bytes of their own, which keep nothing else alive. */
export interface ValueReader {
  view(sizeBytes: number): Uint8Array;
  copy(sizeBytes: number): Uint8Array;
}

/** A reader at the beginning of the buffer. */
export function valueReader(values: ArrayBuffer | undefined): ValueReader {
  const packed = new Uint8Array(values ?? new ArrayBuffer(0));
  let at = 0;
  const view = (sizeBytes: number): Uint8Array => {
    at += sizeBytes;
    return packed.subarray(at - sizeBytes, at);
  };
  return { view, copy: (sizeBytes) => (sizeBytes === packed.length ? packed : view(sizeBytes).slice()) };
}

/** A session as `load` answers it. */
export function unpackSession(session: PackedSession, values: ArrayBuffer | undefined): StoredSession {
  const reader = valueReader(values);
  const unpack = ({ isPacked, ...variable }: PackedSession["variables"][number]): LoadedVariable => ({
    ...variable,
    bytes: isPacked ? reader.copy(variable.sizeBytes) : undefined,
  });
  return { record: session.record, variables: session.variables.map(unpack), ...session.sections };
}
