/** The history of the model: of each name, what it was. */
import type { HistoryChange } from "../../src/persistence.ts";
import type { ModelVariable } from "./model.ts";

/** What a variable was: a value, or that it ended. */
export type ModelEntry =
  | ModelVariable
  | { readonly kind: "delete" | "expire"; readonly name: string; readonly revision: number; readonly atMs: number };

/** The entries of each name that has some, oldest first. */
export type ModelHistory = Readonly<Record<string, readonly ModelEntry[]>>;

type Variables = ReadonlyMap<string, ModelVariable>;

export const isValue = (entry: ModelEntry): entry is ModelVariable => "value" in entry;

const isOver = (entry: ModelEntry, nowMs: number): boolean =>
  isValue(entry) && entry.expiresAtMs !== undefined && entry.expiresAtMs <= nowMs;

/** Whether an entry has expired. */
export const hasDue = (history: ModelHistory, nowMs: number): boolean =>
  Object.values(history).some((entries) => entries.some((entry) => isOver(entry, nowMs)));

const withoutEmpty = (history: Readonly<Record<string, readonly ModelEntry[]>>): ModelHistory =>
  Object.fromEntries(Object.entries(history).filter(([, entries]) => entries.length > 0));

/** The history after a commit of a session that was there before. */
export function recorded(
  history: ModelHistory,
  commit: {
    readonly before: Variables;
    readonly after: Variables;
    readonly nowMs: number;
    readonly revision: number;
    readonly kind: "delete" | "expire";
  },
  entries: number,
): ModelHistory {
  if (entries === 0) return {};
  const { before, after, nowMs, revision, kind } = commit;
  const next: Record<string, readonly ModelEntry[]> = { ...history };
  for (const [name, variable] of before) {
    if (after.get(name) === variable) continue;
    const ended: readonly ModelEntry[] = after.has(name) ? [] : [{ kind, name, revision, atMs: nowMs }];
    next[name] = [...(next[name] ?? []), variable, ...ended];
  }
  for (const [name, all] of Object.entries(next)) next[name] = all.filter((entry) => !isOver(entry, nowMs)).slice(-entries);
  return withoutEmpty(next);
}

/** The history after what a store was told to do to it. */
export function historyAfter(
  history: ModelHistory,
  { sinceRevision, kept, ended, dropped }: HistoryChange,
  before: Variables,
): ModelHistory {
  if (sinceRevision === undefined) return {};
  const next: Record<string, readonly ModelEntry[]> = { ...history };
  const found = kept.flatMap(({ name, revision }) => (before.get(name)?.revision === revision ? [before.get(name) as ModelVariable] : []));
  for (const entry of [...found, ...ended]) next[entry.name] = [...(next[entry.name] ?? []), entry];
  for (const { name, revision } of dropped) next[name] = (next[name] ?? []).filter((entry) => entry.revision !== revision);
  return withoutEmpty(next);
}
