/** An export read line by line, and cut into pieces that fit one update each. */
import { compareText } from "@session-bridge/core/internal";
import {
  BadExportError,
  type ExportRecord,
  encodedValueOf,
  lineReader,
  MAX_LINE_BYTES,
  type SessionRecord,
  type TrailerRecord,
} from "./export-format.ts";
import { IMPORT_MARKER } from "./import-marker.ts";

/** A variable to write. */
export interface ImportedVariable {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly encoding: string;
  readonly expiresAtMs: number | undefined;
}

/** Some variables of a session, all of them when it is both the first and the last piece; every line of it has been checked. */
export interface Piece {
  readonly kind: "piece";
  readonly session: SessionRecord;
  /** Where the session begins in the file. */
  readonly line: number;
  readonly variables: readonly ImportedVariable[];
  readonly first: boolean;
  readonly last: boolean;
}

/** What an export says. */
export type ImportStep = Piece | (ExportRecord & { readonly kind: "lost_session" });

/** What one update can carry. */
export interface PieceBounds {
  readonly operations: number;
  readonly bytes: number;
}

/** What an operation takes in a message beside its name and value: lengths, encoding, ttl, precondition. */
const OPERATION_BYTES = 320;

/**
 * Reads an export to its end. Memory holds one line and one piece. Throws BadExportError at the first line that is damaged, wrong, or out of
 * order, and at a file that ends before its last line; what was yielded before it was right.
 */
export async function* readExport(chunks: AsyncIterable<Uint8Array>, bounds: PieceBounds): AsyncGenerator<ImportStep> {
  const read = lineReader();
  const seen = { sessions: 0, variables: 0, damaged_variables: 0, lost_sessions: 0 };
  let number = 0;
  let lastId: string | undefined;
  let open: SessionPieces | undefined;
  let trailer = false;
  for await (const line of linesOf(chunks)) {
    number += 1;
    if (trailer) throw new BadExportError(number, "something follows the last line of the export");
    const record = read(line, number);
    if ((record.kind === "header") !== (number === 1)) throw new BadExportError(number, "a second header");
    if (record.kind === "variable") {
      if (open === undefined) throw new BadExportError(number, "a variable of no session");
      seen.variables += 1;
      const variable = { name: record.name, ...encodedValueOf(record, number), expiresAtMs: record.expires_at_ms ?? undefined };
      yield* open.add(variable, number);
      if (open.complete) open = undefined;
      continue;
    }
    if (open !== undefined) throw new BadExportError(number, `variables of session ${JSON.stringify(lastId)} are missing before this line`);
    if (record.kind === "session" || record.kind === "lost_session") {
      if (lastId !== undefined && compareText(lastId, record.id) >= 0)
        throw new BadExportError(number, `session ${JSON.stringify(record.id)} is given twice or out of order`);
      lastId = record.id;
    }
    if (record.kind === "session") {
      seen.sessions += 1;
      seen.damaged_variables += record.damaged.length;
      const session = sessionPieces(record, number, bounds);
      if (record.variables === 0) yield { kind: "piece", session: record, line: number, variables: [], first: true, last: true };
      else open = session;
    } else if (record.kind === "lost_session") {
      seen.lost_sessions += 1;
      yield record;
    } else if (record.kind === "trailer") {
      refuseOtherCounts(record, seen, number);
      trailer = true;
    }
  }
  if (!trailer) throw new BadExportError(number + 1, "the export ends too early: its last line is missing");
}

interface SessionPieces {
  /** Whether every variable has been added. */
  readonly complete: boolean;
  /** Adds the next variable, and gives what is to be written by then. */
  add(variable: ImportedVariable, line: number): Generator<Piece>;
}

function sessionPieces(session: SessionRecord, sessionLine: number, bounds: PieceBounds): SessionPieces {
  let pending: ImportedVariable[] = [];
  let pendingBytes = 0;
  let added = 0;
  let lastName: string | undefined;
  let first = true;
  const piece = (variables: readonly ImportedVariable[], last: boolean): Piece => {
    const isFirst = first;
    first = false;
    return { kind: "piece", session, line: sessionLine, variables, first: isFirst, last };
  };
  const keep = (variables: readonly ImportedVariable[]): void => {
    pending = [...variables];
    pendingBytes = variables.reduce((total, variable) => total + messageBytes(variable), 0);
  };
  const fits = (more: ImportedVariable): boolean => pending.length < bounds.operations && pendingBytes + messageBytes(more) <= bounds.bytes;
  return {
    get complete() {
      return added === session.variables;
    },
    *add(variable, line) {
      const { name } = variable;
      if (lastName !== undefined && compareText(lastName, name) >= 0)
        throw new BadExportError(line, `variable ${JSON.stringify(name)} is given twice or out of order`);
      if (name === IMPORT_MARKER) throw new BadExportError(line, `the name ${JSON.stringify(name)} is kept for imports`);
      lastName = name;
      added += 1;
      while (pending.length > 0 && !fits(variable)) {
        const kept = pending.length > 1 ? [largest(pending)] : [];
        yield piece(
          pending.filter((other) => other !== kept[0]),
          false,
        );
        keep(kept);
      }
      pending.push(variable);
      pendingBytes += messageBytes(variable);
      if (added === session.variables) yield piece(pending, true);
    },
  };
}

/**
 * The largest variable comes last of all, so that the marker which the last update removes is never what makes the session too large: until
 * then the session lacks more than the marker adds.
 */
const largest = (variables: readonly ImportedVariable[]): ImportedVariable =>
  variables.reduce((a, b) => (messageBytes(b) > messageBytes(a) ? b : a));

// A UTF-16 unit takes at most three bytes.
const messageBytes = ({ name, bytes }: ImportedVariable): number => 3 * name.length + bytes.length + OPERATION_BYTES;

function refuseOtherCounts(trailer: TrailerRecord, seen: Omit<TrailerRecord, "kind">, line: number): void {
  for (const key of ["sessions", "variables", "damaged_variables", "lost_sessions"] as const) {
    if (trailer[key] !== seen[key])
      throw new BadExportError(line, `${key}: ${trailer[key]} are told, but ${seen[key]} came before this line`);
  }
}

/** Lines without their newlines. Throws BadExportError for one that is too long to be of an export. */
async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let size = 0;
  let number = 1;
  for await (const chunk of chunks) {
    let rest = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    for (let end = rest.indexOf(0x0a); ; end = rest.indexOf(0x0a)) {
      const part = end === -1 ? rest : rest.subarray(0, end);
      size += part.length;
      if (size > MAX_LINE_BYTES) throw new BadExportError(number, `longer than ${MAX_LINE_BYTES} bytes; no line of an export is`);
      parts.push(part);
      if (end === -1) break;
      yield Buffer.concat(parts);
      [parts, size, number, rest] = [[], 0, number + 1, rest.subarray(end + 1)];
    }
  }
  if (size > 0) yield Buffer.concat(parts);
}
