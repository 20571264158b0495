/** Rows as SQLite gives and takes them, and the records they stand for. */
import type { SessionRecord, SessionSummary } from "@session-bridge/core";
import type { PackedVariable } from "./messages.ts";

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
}

/** The columns of a RecordRow. */
export const RECORD_COLUMNS = `revision, created_at_ms AS createdAtMs, accessed_at_ms AS accessedAtMs, ttl_ms AS ttlMs, ends_at_ms AS endsAtMs,
  expires_at_ms AS expiresAtMs, labels, variable_count AS variableCount, size_bytes AS sizeBytes`;

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
  readonly name: string;
  readonly revision: number;
  readonly encoding: string;
  readonly type: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly expiresAtMs: number | null;
  readonly sizeBytes: number;
  readonly value: Uint8Array | null;
}

/** The columns of a VariableRow. */
export const VARIABLE_COLUMNS = `name, revision, encoding, type, created_at_ms AS createdAtMs, updated_at_ms AS updatedAtMs,
  expires_at_ms AS expiresAtMs, size_bytes AS sizeBytes, value`;

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
});

/** The summary of a row. */
export const summaryOf = (row: SummaryRow): SessionSummary => ({
  key: { tenant: row.tenant, id: row.id },
  record: recordOf(row),
  dueAtMs: row.dueAtMs ?? undefined,
});

/** The variable of a row, without its value. */
export const variableOf = ({ value: _, ...row }: VariableRow): PackedVariable => ({ ...row, expiresAtMs: row.expiresAtMs ?? undefined });
