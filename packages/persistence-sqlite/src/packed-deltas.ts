/**
 * Deltas on their way to the writer: what they say as one flat list, their bytes as one buffer. A message of that shape is made and read
 * several times as fast as one of records in records, and every save waits for one.
 */
import type {
  AnsweringDelta,
  RememberedRequest,
  SectionChanges,
  SessionKey,
  SessionRecord,
  StoredVariable,
  VariableRef,
} from "@session-bridge/core";
import { packValues, type ValueReader, valueReader } from "./packing.ts";

/** Deltas, in an order of fields that only this module knows, and their bytes in the order in which the fields name them. */
export interface PackedDeltas {
  readonly fields: readonly unknown[];
  readonly values: ArrayBuffer | undefined;
}

/** Field by field: what is given may be any object with these, and only these travel. */
export function packDeltas(deltas: readonly AnsweringDelta[]): PackedDeltas {
  const fields: unknown[] = [];
  const values: Uint8Array[] = [];

  const addBytes = (bytes: Uint8Array | undefined): void => {
    fields.push(bytes?.length);
    if (bytes !== undefined) values.push(bytes);
  };
  const addKey = ({ tenant, id }: SessionKey): void => {
    fields.push(tenant, id);
  };
  const addRecord = (record: SessionRecord | undefined): void => {
    fields.push(record !== undefined);
    if (record === undefined) return;
    const { revision, createdAtMs, accessedAtMs, ttlMs, endsAtMs, expiresAtMs, labels, variableCount, sizeBytes, historyEntries } = record;
    fields.push(revision, createdAtMs, accessedAtMs, ttlMs, endsAtMs, expiresAtMs, labels, variableCount, sizeBytes, historyEntries);
  };
  const addVariables = (set: readonly StoredVariable[]): void => {
    fields.push(set.length);
    for (const { name, bytes, encoding, type, revision, createdAtMs, updatedAtMs, expiresAtMs } of set) {
      fields.push(name, encoding, type, revision, createdAtMs, updatedAtMs, expiresAtMs);
      addBytes(bytes);
    }
  };
  const addRequest = (request: RememberedRequest | undefined): void => {
    fields.push(request?.requestId);
    if (request === undefined) return;
    fields.push(request.atMs);
    addBytes(request.digest);
    addBytes(request.answer);
  };

  for (const delta of deltas) {
    fields.push(delta.kind);
    addKey(delta.key);
    fields.push(delta.nowMs);
    addRequest(delta.request);
    switch (delta.kind) {
      case "create":
        addRecord(delta.record);
        addVariables(delta.set);
        fields.push(packSections(delta.sections));
        break;
      case "fork":
        addKey(delta.source.key);
        fields.push(delta.source.revision);
        addRecord(delta.record);
        break;
      case "write":
        fields.push(delta.baseRevision);
        addRecord(delta.record);
        addVariables(delta.set);
        fields.push(delta.removed, packSections(delta.sections));
        break;
      case "delete":
        fields.push(delta.baseRevision, delta.revision);
        break;
      case "expire":
        fields.push(delta.baseRevision, delta.revision);
        addRecord(delta.record);
        fields.push(delta.removed, packSections(delta.sections));
        break;
      case "extend":
        fields.push(delta.accessedAtMs, delta.expiresAtMs);
        break;
    }
  }
  return { fields, values: packValues(values) };
}

/** The deltas that were packed. Their bytes are parts of the buffer. */
export function unpackDeltas({ fields, values }: PackedDeltas): readonly AnsweringDelta[] {
  const deltas: AnsweringDelta[] = [];
  const reader = deltaReader(fields, valueReader(values));
  while (reader.hasMore()) deltas.push(reader.delta());
  return deltas;
}

/** Takes fields in the order in which they were added. */
function deltaReader(fields: readonly unknown[], values: ValueReader) {
  let at = 0;
  const take = <T>(): T => fields[at++] as T;
  const bytes = (): Uint8Array => values.view(take());
  const key = (): SessionKey => ({ tenant: take(), id: take() });
  const record = (): SessionRecord | undefined =>
    take<boolean>()
      ? {
          revision: take(),
          createdAtMs: take(),
          accessedAtMs: take(),
          ttlMs: take(),
          endsAtMs: take(),
          expiresAtMs: take(),
          labels: take(),
          variableCount: take(),
          sizeBytes: take(),
          historyEntries: take(),
        }
      : undefined;
  const givenRecord = (): SessionRecord => record() as SessionRecord;
  const variable = (): StoredVariable => ({
    name: take(),
    encoding: take(),
    type: take(),
    revision: take(),
    createdAtMs: take(),
    updatedAtMs: take(),
    expiresAtMs: take(),
    bytes: bytes(),
  });
  const variables = (): readonly StoredVariable[] => Array.from({ length: take<number>() }, variable);
  const request = (): RememberedRequest | undefined => {
    const requestId = take<string | undefined>();
    return requestId === undefined
      ? undefined
      : { requestId, atMs: take(), digest: bytes(), answer: fields[at] === undefined ? take() : bytes() };
  };
  const sections = (): SectionChanges | undefined => take();

  return {
    hasMore: () => at < fields.length,
    delta(): AnsweringDelta {
      const kind = take<AnsweringDelta["kind"]>();
      const common = { key: key(), nowMs: take<number>(), request: request() };
      switch (kind) {
        case "create":
          return { kind, ...common, record: givenRecord(), set: variables(), sections: sections() };
        case "fork":
          return { kind, ...common, source: { key: key(), revision: take() }, record: givenRecord() };
        case "write":
          return { kind, ...common, baseRevision: take(), record: givenRecord(), set: variables(), removed: take(), sections: sections() };
        case "delete":
          return { kind, ...common, baseRevision: take(), revision: take() };
        case "expire":
          return { kind, ...common, baseRevision: take(), revision: take(), record: record(), removed: take(), sections: sections() };
        case "extend":
          return { kind, ...common, accessedAtMs: take(), expiresAtMs: take() };
      }
    },
  };
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
