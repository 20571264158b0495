/** What has to hold of one stored session, its variables and their values. */
import { scanValue } from "@session-bridge/core/values";
import { type SummaryRow, storedValueOf, type ValueRow } from "./rows.ts";

/** What is wrong with a session, or with the variable that is named. */
export interface Finding {
  readonly kind: "labels" | "revision" | "count" | "size" | "deadline" | "value" | "declaration" | "sections";
  readonly name?: string;
  readonly text: string;
}

/** What was found in the sections of a session, and what they add to what its row says. */
export interface CheckedSections {
  readonly findings: readonly Finding[];
  /** Names and values of the history. */
  readonly sizeBytes: number;
  /** The deadlines of the history. */
  readonly deadlines: readonly number[];
}

/** Everything that is wrong with a session. `rows` are all of its variables. */
export function findingsOf(session: SummaryRow, rows: readonly ValueRow[], sections: CheckedSections): readonly Finding[] {
  return [...recordFindings(session, rows, sections), ...rows.flatMap((row) => variableFindings(session, row)), ...sections.findings];
}

function recordFindings(session: SummaryRow, rows: readonly ValueRow[], sections: CheckedSections): readonly Finding[] {
  const { revision, variableCount, sizeBytes, dueAtMs, expiresAtMs } = session;
  const findings: Finding[] = [];
  if (!isLabels(session.labels)) findings.push({ kind: "labels", text: "its labels are no map of texts" });
  if (!isRevision(revision)) findings.push({ kind: "revision", text: `its revision is ${revision}` });
  if (variableCount !== rows.length) findings.push({ kind: "count", text: `it says ${variableCount} variables and has ${rows.length}` });
  const actualBytes = rows.reduce((sum, row) => sum + Buffer.byteLength(row.name) + row.sizeBytes, sections.sizeBytes);
  if (sizeBytes !== actualBytes) findings.push({ kind: "size", text: `it says ${sizeBytes} bytes and has ${actualBytes}` });
  const deadlines = [expiresAtMs, ...rows.map((row) => row.expiresAtMs), ...sections.deadlines].filter((at) => at !== null);
  const earliest = deadlines.length === 0 ? null : deadlines.reduce((a, b) => Math.min(a, b));
  if (dueAtMs !== earliest) findings.push({ kind: "deadline", text: `it is listed as due at ${dueAtMs} and is due at ${earliest}` });
  return findings;
}

/** What is wrong with a variable, wherever its session has it. */
export function variableFindings(session: SummaryRow, row: ValueRow): readonly Finding[] {
  const { name, revision } = row;
  const findings: Finding[] = [];
  if (!isRevision(revision) || revision > session.revision) {
    findings.push({ kind: "revision", name, text: `its revision is ${revision}, its session's ${session.revision}` });
  }
  const problem = valueProblem(row);
  if (problem !== undefined) findings.push({ kind: "value", name, text: problem });
  return findings;
}

/** What is wrong with a value: that its bytes do not verify, or that they are not what they say. Custom encodings are their owner's. */
function valueProblem(row: ValueRow): string | undefined {
  const bytes = storedValueOf(row);
  if (bytes === undefined) return row.value === null && row.stored === null ? "its bytes are missing" : "its bytes do not verify";
  if (row.encoding !== "") return undefined;
  try {
    const type = scanValue(bytes);
    return type === row.type ? undefined : `it says ${row.type} and is ${type}`;
  } catch (error) {
    return `it does not decode: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Whether a revision can be one. */
export const isRevision = (revision: number): boolean => Number.isSafeInteger(revision) && revision > 0;

function isLabels(json: string): boolean {
  try {
    const labels: unknown = JSON.parse(json);
    return typeof labels === "object" && labels !== null && Object.values(labels).every((value) => typeof value === "string");
  } catch {
    return false;
  }
}
