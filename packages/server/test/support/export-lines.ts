/** Exports made by hand. */
import { typeNameOf } from "@session-bridge/core/values";
import {
  type ExportRecord,
  headerRecord,
  lineWriter,
  type SessionRecord,
  type TrailerRecord,
  type VariableRecord,
} from "../../src/cli/export-format.ts";
import { bytesOf } from "./bytes.ts";

export const sessionRecord = (id: string, parts: Partial<SessionRecord> = {}): SessionRecord => ({
  kind: "session",
  id,
  labels: {},
  ttl_ms: 3_600_000,
  expires_at_ms: null,
  ends_at_ms: null,
  created_at_ms: 1,
  accessed_at_ms: 2,
  revision: 3,
  variables: 0,
  damaged: [],
  ...parts,
});

/** A variable whose msgpack bytes are given in the notation of `bytesOf`. */
export function variableRecord(name: string, notation: string, parts: Partial<VariableRecord> = {}): VariableRecord {
  const bytes = bytesOf(notation);
  return {
    kind: "variable",
    name,
    type: bytes.length === 0 ? "custom" : typeNameOf({ bytes, encoding: "" }),
    encoding: "",
    revision: 3,
    created_at_ms: 1,
    updated_at_ms: 2,
    expires_at_ms: null,
    value: bytes.toString("base64"),
    ...parts,
  };
}

export const trailerRecord = (parts: Partial<TrailerRecord> = {}): TrailerRecord => ({
  kind: "trailer",
  sessions: 0,
  variables: 0,
  damaged_variables: 0,
  lost_sessions: 0,
  ...parts,
});

/** A whole export of these sessions and variables, with a header and the right counts at its end. */
export function exportLines(records: Iterable<ExportRecord>): string {
  const line = lineWriter();
  const text = [line(headerRecord({ server_version: "0.1.0", exported_at_ms: 1, prefix: "", labels: {} }))];
  const counts = { sessions: 0, variables: 0, damaged_variables: 0, lost_sessions: 0 };
  for (const record of records) {
    text.push(line(record));
    if (record.kind === "session") {
      counts.sessions += 1;
      counts.damaged_variables += record.damaged.length;
    }
    if (record.kind === "variable") counts.variables += 1;
    if (record.kind === "lost_session") counts.lost_sessions += 1;
  }
  text.push(line({ kind: "trailer", ...counts }));
  return text.join("");
}
