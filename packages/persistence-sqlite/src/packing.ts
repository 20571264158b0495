/** Many values in one buffer: a thread hands over one thing instead of copying hundreds. */
import type {
  AnsweringDelta,
  LoadedVariable,
  RememberedRequest,
  SectionChanges,
  StoredSession,
  StoredVariable,
  VariableRef,
} from "@session-bridge/core";
import type { PackedDelta, PackedRequest, PackedSession, PackedVariable } from "./messages.ts";

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

/** Deltas and their values, as a message carries them. */
export function packDeltas(deltas: readonly AnsweringDelta[]): {
  readonly deltas: readonly PackedDelta[];
  readonly values: ArrayBuffer | undefined;
} {
  const values: Uint8Array[] = [];
  // Field by field: what is given may be any object with these, and only these can travel.
  const pack = (variable: StoredVariable): PackedVariable => {
    const { name, bytes, encoding, type, revision, createdAtMs, updatedAtMs, expiresAtMs } = variable;
    values.push(bytes);
    return { name, encoding, type, revision, createdAtMs, updatedAtMs, expiresAtMs, sizeBytes: bytes.length };
  };
  const packRequest = ({ requestId, digest, answer, atMs }: RememberedRequest): PackedRequest => {
    values.push(digest, ...(answer === undefined ? [] : [answer]));
    return { requestId, atMs, digestBytes: digest.length, answerBytes: answer?.length };
  };
  const packed = deltas.map((delta): PackedDelta => {
    const request = delta.request && packRequest(delta.request);
    const own = "sections" in delta ? { ...delta, request, sections: packSections(delta.sections) } : { ...delta, request };
    return "set" in own ? { ...own, set: own.set.map(pack) } : own;
  });
  return { deltas: packed, values: packValues(values) };
}

const packRef = ({ name, revision }: VariableRef): VariableRef => ({ name, revision });

/** Names and numbers travel as they are; schemas as bytes of their own, not with all of the buffer that they may be part of. */
function packSections(changes: SectionChanges | undefined): SectionChanges | undefined {
  if (changes === undefined) return undefined;
  const { history, checkpoints, declarations } = changes;
  return {
    history: history && {
      sinceRevision: history.sinceRevision,
      kept: history.kept.map(packRef),
      ended: history.ended.map(({ name, revision, kind, atMs }) => ({ name, revision, kind, atMs })),
      dropped: history.dropped.map(packRef),
    },
    checkpoints: checkpoints && {
      removed: checkpoints.removed,
      set: checkpoints.set.map(({ label, revision, createdAtMs }) => ({ label, revision, createdAtMs })),
    },
    declarations: declarations && {
      removed: declarations.removed,
      set: declarations.set.map(({ name, schema, revision }) => ({ name, revision, schema: new Uint8Array(schema) })),
    },
  };
}

/** A request as it was packed. */
export function unpackRequest({ requestId, atMs, digestBytes, answerBytes }: PackedRequest, values: ValueReader): RememberedRequest {
  const digest = values.view(digestBytes);
  return { requestId, atMs, digest, answer: answerBytes === undefined ? undefined : values.view(answerBytes) };
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
