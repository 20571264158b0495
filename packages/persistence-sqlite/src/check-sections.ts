/** What has to hold of a session's history, checkpoints and declarations. Values are looked at one at a time. */
import type { VariableRef } from "@session-bridge/core";
import type { Database } from "better-sqlite3";
import { type CheckedSections, type Finding, isRevision, variableFindings } from "./check-session.ts";
import { type SummaryRow, selectValues, type ValueRow } from "./rows.ts";
import { checksum } from "./stored-value.ts";

/** A session's row, with its number and what it says of its sections. */
export interface CheckedRow extends SummaryRow {
  readonly session: number;
  readonly hasSections: number;
}

interface NamedRow extends ValueRow {
  readonly label: string;
}

interface DeclarationRow extends VariableRef {
  readonly schema: Uint8Array;
  readonly checksum: number;
}

/** Prepares looking at all sections of a session, in whatever its row says. */
export function sectionCheck(db: Database): (session: CheckedRow) => CheckedSections {
  const history = db.prepare<[number], ValueRow>(`${selectValues("history")} WHERE v.session = ?`);
  const ends = db.prepare<[number], VariableRef>("SELECT name, revision FROM history_ends WHERE session = ?");
  const checkpoints = db.prepare<[number], { readonly label: string; readonly revision: number }>(
    "SELECT label, revision FROM checkpoints WHERE session = ?",
  );
  const named = db.prepare<[number, string], NamedRow>(`${selectValues("checkpoint_variables")} WHERE v.session = ? AND v.label = ?`);
  const declarations = db.prepare<[number], DeclarationRow>("SELECT name, revision, schema, checksum FROM declarations WHERE session = ?");

  return (row) => {
    const findings: Finding[] = [];
    const deadlines: number[] = [];
    let [sizeBytes, found] = [0, 0];
    const add = (where: string, more: readonly Finding[]): void => {
      for (const finding of more) findings.push({ ...finding, text: `${where}: ${finding.text}` });
    };
    const within = (where: string, { name, revision }: VariableRef): void => {
      if (!isRevision(revision) || revision > row.revision) add(where, [{ kind: "revision", name, text: `its revision is ${revision}` }]);
    };
    for (const value of history.iterate(row.session)) {
      found += 1;
      sizeBytes += Buffer.byteLength(value.name) + value.sizeBytes;
      if (value.expiresAtMs !== null) deadlines.push(value.expiresAtMs);
      add(`in its history at ${value.revision}`, variableFindings(row, value));
    }
    for (const end of ends.iterate(row.session)) {
      found += 1;
      sizeBytes += Buffer.byteLength(end.name);
      within("in its history", end);
    }
    for (const { label, revision } of checkpoints.all(row.session)) {
      found += 1;
      const where = `in the checkpoint ${JSON.stringify(label)}`;
      within(where, { name: label, revision });
      for (const value of named.iterate(row.session, label)) add(where, variableFindings(row, value));
    }
    for (const { name, revision, schema, checksum: stored } of declarations.iterate(row.session)) {
      found += 1;
      within("its declaration", { name, revision });
      if (stored === checksum(schema, [row.session, name, revision])) continue;
      findings.push({ kind: "declaration", name, text: "what it is declared as does not verify" });
    }
    if (found > 0 && row.hasSections === 0) {
      findings.push({ kind: "sections", text: "it says that it has no history, checkpoints or declarations, and has some" });
    }
    return { findings, sizeBytes, deadlines };
  };
}
