/** Everything a store can be asked, on one connection. */
import type { SessionSummary } from "@session-bridge/core";
import type { Database } from "better-sqlite3";
import type { Answer, Questions } from "./messages.ts";
import { packValues } from "./packing.ts";
import {
  RECORD_COLUMNS,
  type RecordRow,
  recordOf,
  SUMMARY_COLUMNS,
  type SummaryRow,
  summaryOf,
  VARIABLE_COLUMNS,
  type VariableRow,
  variableOf,
} from "./rows.ts";

/** The methods of the contract that change nothing. */
export interface Reading {
  load(key: Questions["load"]): Answer<"load">;
  loadValues(question: Questions["loadValues"]): Answer<"loadValues">;
  listSessions(query: Questions["listSessions"]): Answer<"listSessions">;
  due(question: Questions["due"]): Answer<"due">;
}

/** Prepares every question once. */
export function reading(db: Database): Reading {
  const session = db.prepare<[string, string], RecordRow & { readonly session: number }>(
    `SELECT session, ${RECORD_COLUMNS} FROM sessions WHERE tenant = ? AND id = ?`,
  );
  const variables = db.prepare<[number], VariableRow>(`SELECT ${VARIABLE_COLUMNS} FROM variables WHERE session = ?`);
  const value = db
    .prepare<{ readonly session: number; readonly name: string; readonly revision: number }, Uint8Array | null>(
      `SELECT coalesce(value, (SELECT value FROM large_values WHERE session = :session AND name = :name AND revision = :revision))
       FROM variables WHERE session = :session AND name = :name AND revision = :revision`,
    )
    .pluck();
  const listing = db.prepare<
    { readonly tenant: string; readonly from: string; readonly after: string; readonly nowMs: number },
    SummaryRow
  >(
    `SELECT ${SUMMARY_COLUMNS} FROM sessions
     WHERE tenant = :tenant AND id >= :from AND id > :after AND (expires_at_ms IS NULL OR expires_at_ms > :nowMs) ORDER BY id`,
  );
  const due = db.prepare<[number, number], SummaryRow>(
    `SELECT ${SUMMARY_COLUMNS} FROM sessions WHERE due_at_ms <= ? ORDER BY due_at_ms LIMIT ?`,
  );

  return {
    // One transaction, so that a commit between two statements cannot give half of the old and half of the new.
    load: db.transaction((key: Questions["load"]): Answer<"load"> => {
      const found = session.get(key.tenant, key.id);
      if (found === undefined) return { answer: undefined };
      const rows = variables.all(found.session);
      const values = packValues(rows.flatMap((row) => row.value ?? []));
      return { answer: { record: recordOf(found), variables: rows.map(variableOf) }, values };
    }),
    loadValues: db.transaction(({ key, refs }: Questions["loadValues"]): Answer<"loadValues"> => {
      const found = session.get(key.tenant, key.id);
      if (found === undefined) return { answer: [] };
      const values = refs.flatMap(({ name, revision }) => {
        const bytes = value.get({ session: found.session, name, revision });
        return bytes ? [{ name, bytes }] : [];
      });
      return {
        answer: values.map(({ name, bytes }) => ({ name, sizeBytes: bytes.length })),
        values: packValues(values.map(({ bytes }) => bytes)),
      };
    }),
    listSessions(query) {
      const labels = Object.entries(query.labels);
      const items: SessionSummary[] = [];
      const from = { tenant: query.tenant, from: query.prefix, after: query.after, nowMs: query.nowMs };
      for (const row of listing.iterate(from)) {
        // In byte order, the ids with a prefix lie together, from the prefix itself on.
        if (!row.id.startsWith(query.prefix)) break;
        const item = summaryOf(row);
        if (!hasLabels(item.record.labels, labels)) continue;
        if (items.length === query.limit) return { answer: { items, next: items.at(-1)?.key.id } };
        items.push(item);
      }
      return { answer: { items, next: undefined } };
    },
    due: ({ nowMs, limit }) => ({ answer: due.all(nowMs, limit).map(summaryOf) }),
  };
}

const hasLabels = (labels: Readonly<Record<string, string>>, wanted: readonly (readonly [string, string])[]): boolean =>
  wanted.every(([label, value]) => labels[label] === value);
