/** Sessions, variables and deltas for the cases of the persistence suite, and how to compare them. */
import type {
  SectionChanges,
  SessionDelta,
  SessionKey,
  SessionPersistence,
  SessionQuery,
  SessionRecord,
  StoredVariable,
} from "../../persistence.ts";

/** When everything happens, milliseconds since the epoch. */
export const NOW_MS = 1_800_000_000_000;

/** The first revision of everything: microseconds, so beyond 2⁵⁰. */
export const R1 = NOW_MS * 1000;

/** A session of the tenant "". */
export const key = (id: string, tenant = ""): SessionKey => ({ tenant, id });

/** A variable whose bytes differ from those of other names, except for what is given. */
export function variable(name: string, parts: Partial<StoredVariable> = {}): StoredVariable {
  return {
    name,
    bytes: bytesOf(3 + name.length, name.codePointAt(0) ?? 0),
    encoding: "",
    type: "bytes",
    revision: R1,
    createdAtMs: NOW_MS,
    updatedAtMs: NOW_MS,
    expiresAtMs: undefined,
    ...parts,
  };
}

/** A record that expires in an hour, except for what is given. */
export function record(revision: number, parts: Partial<SessionRecord> = {}): SessionRecord {
  return {
    revision,
    createdAtMs: NOW_MS,
    accessedAtMs: NOW_MS,
    ttlMs: 3_600_000,
    endsAtMs: undefined,
    expiresAtMs: NOW_MS + 3_600_000,
    labels: {},
    variableCount: 1,
    sizeBytes: 4,
    ...parts,
  };
}

/** Creates a session at R1. */
export const create = (
  of: SessionKey,
  set: readonly StoredVariable[] = [],
  parts: Partial<SessionRecord> = {},
  sections?: SectionChanges,
): SessionDelta => ({
  kind: "create",
  key: of,
  nowMs: NOW_MS,
  record: record(R1, parts),
  set,
  sections,
});

/** What a write changes; its revision is one more than its base unless the record's parts have another. */
export interface Writing {
  readonly set?: readonly StoredVariable[];
  readonly removed?: readonly string[];
  readonly record?: Partial<SessionRecord>;
  readonly sections?: SectionChanges;
}

/** Writes to a session that is at `baseRevision`. */
export const write = (of: SessionKey, baseRevision: number, writing: Writing = {}): SessionDelta => ({
  kind: "write",
  key: of,
  nowMs: NOW_MS,
  baseRevision,
  record: record(baseRevision + 1, writing.record),
  set: writing.set ?? [],
  removed: writing.removed ?? [],
  sections: writing.sections,
});

/** Deletes a session that is at `baseRevision`. */
export const remove = (of: SessionKey, baseRevision: number, revision = baseRevision + 1): SessionDelta => ({
  kind: "delete",
  key: of,
  nowMs: NOW_MS,
  baseRevision,
  revision,
});

/** Expires the names, or without names the whole session, that is at `baseRevision`. */
export const expire = (of: SessionKey, baseRevision: number, removed?: readonly string[], sections?: SectionChanges): SessionDelta => ({
  kind: "expire",
  key: of,
  nowMs: NOW_MS,
  baseRevision,
  revision: baseRevision + 1,
  record: removed && record(baseRevision + 1, { variableCount: 0, sizeBytes: 0 }),
  removed: removed ?? [],
  sections,
});

/** Moves a session's deadline. */
export const extend = (of: SessionKey, expiresAtMs: number, accessedAtMs = NOW_MS): SessionDelta => ({
  kind: "extend",
  key: of,
  nowMs: NOW_MS,
  accessedAtMs,
  expiresAtMs,
});

/** A query for everything of the tenant "", except for what is given. */
export const query = (parts: Partial<SessionQuery> = {}): SessionQuery => ({
  tenant: "",
  prefix: "",
  labels: {},
  after: "",
  limit: 100,
  nowMs: NOW_MS,
  ...parts,
});

/** The ids of one page. */
export async function idsOf(store: SessionPersistence, parts: Partial<SessionQuery> = {}): Promise<string[]> {
  const page = await store.listSessions(query(parts));
  return page.items.map((item) => item.key.id);
}

/** `length` bytes that differ from those of another seed. */
export const bytesOf = (length: number, seed = 1): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (i * 31 + seed * 97 + (i >> 8)) & 0xff);

/** A record without the freedom that equal records have: how its labels are ordered, and what prototype they have. */
export const plainRecord = (of: SessionRecord): unknown => ({
  revision: of.revision,
  createdAtMs: of.createdAtMs,
  accessedAtMs: of.accessedAtMs,
  ttlMs: of.ttlMs,
  endsAtMs: of.endsAtMs,
  expiresAtMs: of.expiresAtMs,
  labels: Object.entries(of.labels).sort(([a], [b]) => (a < b ? -1 : 1)),
  variableCount: of.variableCount,
  sizeBytes: of.sizeBytes,
  historyEntries: of.historyEntries,
});

/** Bytes as text, so that a difference can be read. */
export const hex = (bytes: Uint8Array | undefined): string | undefined =>
  bytes && Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Everything of a variable; stores may answer with objects of any making. */
export const plainVariable = (of: Omit<StoredVariable, "bytes">, bytes: Uint8Array | undefined, sizeBytes: number): unknown => ({
  name: of.name,
  encoding: of.encoding,
  type: of.type,
  revision: of.revision,
  createdAtMs: of.createdAtMs,
  updatedAtMs: of.updatedAtMs,
  expiresAtMs: of.expiresAtMs,
  bytes: hex(bytes),
  sizeBytes,
});

/** What `contents` gives for a session with this record and these variables. */
export const plainSession = (of: SessionRecord, variables: readonly StoredVariable[]): unknown => ({
  record: plainRecord(of),
  variables: [...variables].sort(byName).map((one) => plainVariable(one, one.bytes, one.bytes.length)),
});

/** Everything the store has of a session, values of any size included, in a form that can be compared; undefined without a session. */
export async function contents(store: SessionPersistence, of: SessionKey): Promise<unknown> {
  const session = await store.load(of);
  if (session === undefined) return undefined;
  const absent = session.variables.filter(({ bytes }) => bytes === undefined);
  const values = await store.loadValues(of, absent);
  return {
    record: plainRecord(session.record),
    variables: [...session.variables].sort(byName).map((one) => plainVariable(one, one.bytes ?? values.get(one.name), one.sizeBytes)),
  };
}

const byName = (a: { readonly name: string }, b: { readonly name: string }): number => (a.name < b.name ? -1 : 1);
