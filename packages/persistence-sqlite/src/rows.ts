/** Rows as SQLite gives and takes them, and the records they stand for. */
import type { SessionRecord, SessionSummary } from "@session-bridge/core";
import type { PackedSession } from "./messages.ts";
import { decompressed, largeChecksum, variableChecksum } from "./stored-value.ts";

/** What a session's row has beside its key; null is what records call undefined. */
export interface RecordRow {
  readonly revision: number;
  readonly createdAtMs: number;
  readonly accessedAtMs: number;
  readonly ttlMs: number | null;
  readonly endsAtMs: number | null;
  readonly expiresAtMs: number | null;
  readonly labels: string;
  readonly variableCount: number;
  readonly sizeBytes: number;
  readonly historyEntries: number | null;
}

/** The columns of a RecordRow. */
export const RECORD_COLUMNS = `revision, created_at_ms AS createdAtMs, accessed_at_ms AS accessedAtMs, ttl_ms AS ttlMs, ends_at_ms AS endsAtMs,
  expires_at_ms AS expiresAtMs, labels, variable_count AS variableCount, size_bytes AS sizeBytes, history_entries AS historyEntries`;

/** A session's row in a listing. */
export interface SummaryRow extends RecordRow {
  readonly tenant: string;
  readonly id: string;
  readonly dueAtMs: number | null;
}

/** The columns of a SummaryRow. */
export const SUMMARY_COLUMNS = `tenant, id, due_at_ms AS dueAtMs, ${RECORD_COLUMNS}`;

/** A variable's row; the value is null when it is large. */
export interface VariableRow {
  readonly session: number;
  readonly name: string;
  readonly revision: number;
  readonly encoding: string;
  readonly type: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly expiresAtMs: number | null;
  readonly sizeBytes: number;
  readonly checksum: number;
  readonly value: Uint8Array | null;
}

/** The columns of a VariableRow. */
export const VARIABLE_COLUMNS = `v.session, v.name, v.revision, v.encoding, v.type, v.created_at_ms AS createdAtMs,
  v.updated_at_ms AS updatedAtMs, v.expires_at_ms AS expiresAtMs, v.size_bytes AS sizeBytes, v.checksum, v.value`;

/** A variable's row with the row of its large value; what is null there has none. */
export interface ValueRow extends VariableRow {
  readonly compression: number | null;
  readonly largeChecksum: number | null;
  readonly stored: Uint8Array | null;
}

/** A SELECT of ValueRows from a table that has rows of variables, to be followed by its WHERE. */
export const selectValues = (table: "variables" | "history" | "checkpoint_variables"): string =>
  `SELECT ${VARIABLE_COLUMNS}, l.compression, l.checksum AS largeChecksum, l.value AS stored
    FROM ${table} v LEFT JOIN large_values l ON l.session = v.session AND l.name = v.name AND l.revision = v.revision`;

/** The record of a row. */
export function recordOf(row: RecordRow): SessionRecord {
  return {
    revision: row.revision,
    createdAtMs: row.createdAtMs,
    accessedAtMs: row.accessedAtMs,
    ttlMs: row.ttlMs ?? undefined,
    endsAtMs: row.endsAtMs ?? undefined,
    expiresAtMs: row.expiresAtMs ?? undefined,
    labels: JSON.parse(row.labels) as Readonly<Record<string, string>>,
    variableCount: row.variableCount,
    sizeBytes: row.sizeBytes,
    historyEntries: row.historyEntries ?? undefined,
  };
}

/** The row of a record. */
export const rowOf = (record: SessionRecord): RecordRow => ({
  revision: record.revision,
  createdAtMs: record.createdAtMs,
  accessedAtMs: record.accessedAtMs,
  ttlMs: record.ttlMs ?? null,
  endsAtMs: record.endsAtMs ?? null,
  expiresAtMs: record.expiresAtMs ?? null,
  labels: JSON.stringify(record.labels),
  variableCount: record.variableCount,
  sizeBytes: record.sizeBytes,
  historyEntries: record.historyEntries ?? null,
});

/** The summary of a row. */
export const summaryOf = (row: SummaryRow): SessionSummary => ({
  key: { tenant: row.tenant, id: row.id },
  record: recordOf(row),
  dueAtMs: row.dueAtMs ?? undefined,
});

/** The variable of a row, without its value. */
export const variableOf = (row: VariableRow, isPacked: boolean): PackedSession["variables"][number] => ({
  name: row.name,
  revision: row.revision,
  encoding: row.encoding,
  type: row.type,
  createdAtMs: row.createdAtMs,
  updatedAtMs: row.updatedAtMs,
  expiresAtMs: row.expiresAtMs ?? undefined,
  sizeBytes: row.sizeBytes,
  isPacked,
});

/** The value that lies with its variable; undefined when it is large or damaged. */
export function smallValueOf(row: VariableRow): Uint8Array | undefined {
  return row.value?.length === row.sizeBytes && row.checksum === variableChecksum(row, row.value) ? row.value : undefined;
}

/** The value of a variable, of whatever size; undefined when it is damaged or missing [P21]. */
export function storedValueOf(row: ValueRow): Uint8Array | undefined {
  if (row.value !== null) return smallValueOf(row);
  const { session, name, revision, compression, stored } = row;
  if (row.checksum !== variableChecksum(row, null) || stored === null || compression === null) return undefined;
  if (row.largeChecksum !== largeChecksum({ session, name, revision, compression }, stored)) return undefined;
  return decompressed({ compression, stored }, row.sizeBytes);
}
