/** The part of a port that looks at what sessions were, at what they name and declare, and that copies them. */

import { InvalidArgumentError } from "./errors.ts";
import { sizeOf } from "./kept-variable.ts";
import type { StoredVariable } from "./persistence.ts";
import { type Contents, declarationOf } from "./session-contents.ts";
import { type HistoryEntry, isValue } from "./session-history.ts";
import type { CheckpointInfo, HistoryItem, HistoryPage, VariableHistory } from "./session-port.ts";
import type { Head } from "./session-state.ts";
import { compareText } from "./text-order.ts";
import { isDue } from "./variable-store.ts";

/** Throws INVALID_ARGUMENT for a page that cannot be. */
export function checkHistoryPage({ before, limit }: HistoryPage): void {
  for (const [what, number] of [
    ["before", before],
    ["limit", limit],
  ] as const) {
    if (number === undefined || (Number.isSafeInteger(number) && number >= 1)) continue;
    throw new InvalidArgumentError("INVALID_ARGUMENT", `${what} must be a whole number from 1`, { details: { name: what } });
  }
}

/** Whether an entry of the variable's history is due. */
export const historyDue = (head: Head, name: string, nowMs: number): boolean =>
  head.history?.hasDue(nowMs) === true && head.history.entries(name).some((entry) => isValue(entry) && isDue(entry, nowMs));

/** The entries of one page, newest first, and whether there are older ones. */
export function historyPage(contents: Contents | undefined, name: string, page: HistoryPage, nowMs: number) {
  const { before = Number.POSITIVE_INFINITY, limit = Number.POSITIVE_INFINITY, maxBytes = Number.POSITIVE_INFINITY } = page;
  const all = (contents?.history?.entries(name) ?? []).filter(
    (entry) => entry.revision < before && !(isValue(entry) && isDue(entry, nowMs)),
  );
  const entries: HistoryEntry[] = [];
  let bytes = 0;
  for (const entry of all.toReversed()) {
    bytes += isValue(entry) ? sizeOf(entry) : 0;
    if (entries.length === limit || (entries.length > 0 && bytes > maxBytes)) return { entries, hasMore: true };
    entries.push(entry);
  }
  return { entries, hasMore: false };
}

/** The values of a page. */
export const valuesOf = (entries: readonly HistoryEntry[]): readonly StoredVariable[] => entries.filter(isValue);

/** A page as the port gives it. */
export function historyAnswer(contents: Head | undefined, name: string, page: HistoryPage, nowMs: number): VariableHistory {
  const { entries, hasMore } = historyPage(contents, name, page, nowMs);
  const items = entries.map((entry): HistoryItem => (isValue(entry) ? { kind: "set", variable: entry } : entry));
  return { items, next: hasMore ? entries.at(-1)?.revision : undefined, sessionRevision: contents?.record.revision ?? 0 };
}

/** The checkpoints of a session, oldest first, those of one commit in byte order of their labels. */
export const checkpointInfos = (contents: Contents | undefined): readonly CheckpointInfo[] =>
  [...(contents?.checkpoints?.values() ?? [])]
    .map((named) => ({
      label: named.label,
      revision: named.revision,
      createdAtMs: named.createdAtMs,
      variableCount: named.store.size,
      sizeBytes: named.store.sizeBytes,
    }))
    .sort((a, b) => a.revision - b.revision || compareText(a.label, b.label));

/** What names are declared as, in byte order of the names. */
export const declarationsOf = (contents: Contents | undefined) =>
  [...(contents?.declarations?.values() ?? [])].map(declarationOf).sort((a, b) => compareText(a.name, b.name));
