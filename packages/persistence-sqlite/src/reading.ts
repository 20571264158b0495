/** Everything a store can be asked, on one connection. */
import type { SessionSummary } from "@session-bridge/core";
import type { Database } from "better-sqlite3";
import { isCorruption, isNoDatabase } from "./errors.ts";
import type { Answer, Questions } from "./messages.ts";
import { packValues } from "./packing.ts";
import { requestFinder } from "./requests.ts";
import {
  RECORD_COLUMNS,
  type RecordRow,
  recordOf,
  SUMMARY_COLUMNS,
  type SummaryRow,
  smallValueOf,
  summaryOf,
  VARIABLE_COLUMNS,
  type VariableRow,
  variableOf,
} from "./rows.ts";
import { NO_SECTIONS, sectionReader } from "./section-reading.ts";
import { valueFinder } from "./value-reading.ts";

/** How many sessions a listing looks at before others have their turn: ten milliseconds of work or so [P23]. */
export const LISTED_AT_ONCE = 5_000;

/** The methods of the contract that change nothing. */
export interface Reading {
  load(key: Questions["load"]): Answer<"load">;
  loadValues(question: Questions["loadValues"]): Answer<"loadValues">;
  findRequest(question: Questions["findRequest"]): Answer<"findRequest">;
  listSessions(query: Questions["listSessions"]): Answer<"listSessions">;
  due(question: Questions["due"]): Answer<"due">;
}

interface SessionRow extends RecordRow {
  readonly session: number;
  readonly sinceRevision: number | null;
  readonly hasSections: number;
}

/** Prepares every question once. */
export function reading(db: Database): Reading {
  const session = db.prepare<[string, string], SessionRow>(
    `SELECT session, ${RECORD_COLUMNS}, since_revision AS sinceRevision, has_sections AS hasSections FROM sessions WHERE tenant = ? AND id = ?`,
  );
  const variables = db.prepare<[number], VariableRow>(`SELECT ${VARIABLE_COLUMNS} FROM variables v WHERE session = ?`);
  const listing = db.prepare<{ readonly tenant: string; readonly from: string; readonly after: string }, SummaryRow>(
    `SELECT ${SUMMARY_COLUMNS} FROM sessions WHERE tenant = :tenant AND id >= :from AND id > :after ORDER BY id`,
  );
  const due = db.prepare<[number, number], SummaryRow>(
    `SELECT ${SUMMARY_COLUMNS} FROM sessions WHERE due_at_ms <= ? ORDER BY due_at_ms LIMIT ?`,
  );

  const findRequest = requestFinder(db);
  const sectionsOf = sectionReader(db);
  const findValue = valueFinder(db);

  // Each a transaction, so that a commit between two statements cannot give half of the old and half of the new.
  const load = db.transaction((key: Questions["load"], doubt: () => void): Answer<"load"> => {
    const found = session.get(key.tenant, key.id);
    if (found === undefined) return { answer: undefined };
    const rows = variables.all(found.session);
    const values = rows.map(smallValueOf);
    if (rows.some((row, i) => row.value !== null && values[i] === undefined)) doubt();
    const packed = rows.map((row, i) => variableOf(row, values[i] !== undefined));
    const sections = found.hasSections === 0 ? NO_SECTIONS : sectionsOf(found);
    return { answer: { record: recordOf(found), variables: packed, sections }, values: packValues(values.flatMap((bytes) => bytes ?? [])) };
  });
  const loadValues = db.transaction(({ key, refs }: Questions["loadValues"], doubt: () => void): Answer<"loadValues"> => {
    const found = session.get(key.tenant, key.id);
    if (found === undefined) return { answer: [] };
    const values = refs.flatMap(({ name, revision }) => {
      const value = findValue(found, { name, revision });
      return value === undefined ? [] : [{ name, bytes: value === "damaged" ? undefined : value }];
    });
    if (values.some(({ bytes }) => bytes === undefined)) doubt();
    return {
      answer: values.map(({ name, bytes }) => ({ name, sizeBytes: bytes?.length })),
      values: packValues(values.flatMap(({ bytes }) => bytes ?? [])),
    };
  });
  const find = db.transaction(
    ({ key, requestId, nowMs }: Questions["findRequest"]): Answer<"findRequest"> => ({ answer: findRequest(key, requestId, nowMs) }),
  );

  return {
    load: readTwice(db, load),
    loadValues: readTwice(db, loadValues),
    findRequest: readTwice(db, find),
    listSessions: readTwice(db, (query: Questions["listSessions"]): Answer<"listSessions"> => {
      const labels = Object.entries(query.labels);
      const items: SessionSummary[] = [];
      let lookedAt = 0;
      for (const row of listing.iterate({ tenant: query.tenant, from: query.prefix, after: query.after })) {
        // In byte order, the ids with a prefix lie together, from the prefix itself on.
        if (!row.id.startsWith(query.prefix)) break;
        const isAlive = row.expiresAtMs === null || row.expiresAtMs > query.nowMs;
        const item = isAlive ? summaryOf(row) : undefined;
        const isListed = item !== undefined && hasLabels(item.record.labels, labels);
        if (isListed && items.length === query.limit) return { answer: { items, next: items.at(-1)?.key.id } };
        if (isListed) items.push(item);
        if (++lookedAt === LISTED_AT_ONCE) return { answer: { items, next: row.id } };
      }
      return { answer: { items, next: undefined } };
    }),
    due: readTwice(db, ({ nowMs, limit }: Questions["due"]): Answer<"due"> => ({ answer: due.all(nowMs, limit).map(summaryOf) })),
  };
}

/**
 * Reads once more from the disk what makes no sense, before anybody is told that it is damaged: SQLite keeps what it has read, and a page
 * that was read wrongly would stay wrong until somebody writes. `read` says itself when it doubts what it found.
 */
function readTwice<Q, A>(db: Database, read: (question: Q, doubt: () => void) => A): (question: Q) => A {
  const forget = () => db.pragma("shrink_memory");
  return (question) => {
    let doubtful = false;
    try {
      const answer = read(question, () => {
        doubtful = true;
      });
      if (!doubtful) return answer;
    } catch (error) {
      if (!isCorruption(error) && !isNoDatabase(error)) throw error;
    }
    forget();
    try {
      return read(question, () => {});
    } finally {
      forget();
    }
  };
}

const hasLabels = (labels: Readonly<Record<string, string>>, wanted: readonly (readonly [string, string])[]): boolean =>
  wanted.every(([label, value]) => labels[label] === value);
