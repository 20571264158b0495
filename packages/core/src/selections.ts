/** Which variables of a session a read is about, and what of them is over. */
import { sizeOf } from "./kept-variable.ts";
import { checkName, checkPrefix } from "./names.ts";
import type { StoredVariable } from "./persistence.ts";
import type { Selection, VariableInfo } from "./session-port.ts";
import type { Head } from "./session-state.ts";
import { compareText } from "./text-order.ts";
import { isDue } from "./variable-store.ts";

/** The variable, unless it is over. */
export const living = (variable: StoredVariable | undefined, nowMs: number): StoredVariable | undefined =>
  variable === undefined || isDue(variable, nowMs) ? undefined : variable;

/** Whether a variable is due. */
export function variableDue(head: Head, name: string, nowMs: number): boolean {
  if (head.store.nextDueMs > nowMs) return false;
  const variable = head.store.variable(name);
  return variable !== undefined && isDue(variable, nowMs);
}

/** Whether anything is due that a session's info counts. */
export const countedDue = ({ store, history }: Head, nowMs: number): boolean => store.nextDueMs <= nowMs || history?.hasDue(nowMs) === true;

/** Whether the session is due, or anything that its info counts. */
export const sessionDue = (head: Head, nowMs: number): boolean => isDue(head.record, nowMs) || countedDue(head, nowMs);

/** Whether a selected variable is due. */
export const anyDue =
  (selection: Selection) =>
  (head: Head, nowMs: number): boolean =>
    head.store.nextDueMs <= nowMs && (!("names" in selection) || selection.names.some((name) => variableDue(head, name, nowMs)));

/** Throws InvalidArgumentError for a name or prefix that cannot be. */
export function checkSelection(selection: Selection): void {
  if ("names" in selection) for (const name of selection.names) checkName(name);
  else checkPrefix(selection.prefix);
}

/** The selected variables that are alive, in byte order of their names; names given twice count once. */
export function select(head: Head, selection: Selection, nowMs: number): StoredVariable[] {
  if ("prefix" in selection) return head.store.variables(selection.prefix).filter((variable) => !isDue(variable, nowMs));
  const found: StoredVariable[] = [];
  for (const name of new Set(selection.names)) {
    const variable = living(head.store.variable(name), nowMs);
    if (variable !== undefined) found.push(variable);
  }
  return found.sort((a, b) => compareText(a.name, b.name));
}

/** What is known of a variable without its value. */
export const variableInfo = (variable: StoredVariable): VariableInfo => ({
  name: variable.name,
  type: variable.type,
  encoding: variable.encoding,
  sizeBytes: sizeOf(variable),
  revision: variable.revision,
  createdAtMs: variable.createdAtMs,
  updatedAtMs: variable.updatedAtMs,
  expiresAtMs: variable.expiresAtMs,
});
