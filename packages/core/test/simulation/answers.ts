/** Answers in the model's terms. */
import type { BridgeError } from "../../src/errors.ts";
import type { StoredVariable } from "../../src/persistence.ts";
import type {
  CheckpointListing,
  DeclarationListing,
  SessionInfo,
  SessionPage,
  UpdateResult,
  VariableHistory,
  VariableInfo,
} from "../../src/session-port.ts";
import { decode } from "../../src/values/index.ts";
import type { History } from "./history.ts";
import { decoded, isDue, type Model, type ModelSession, type ModelVariable, maximumOf, sorted, text } from "./model.ts";
import { isValue } from "./model-history.ts";
import { Refusal } from "./model-update.ts";
import type { Call } from "./workload.ts";

/** The engine's now when a call was made and when it was answered. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A mutating call's answer as text; a session stands for its info. */
export function answerText(call: Call, answer: unknown): string {
  if (call.kind === "delete") return text(answer);
  if (call.kind !== "update") return infoText(answer as SessionInfo | ModelSession, true);
  const { results, sessionRevision } = answer as UpdateResult;
  const plain = results.map(({ applied, revision, previous, number, count, error }) => ({
    applied,
    revision,
    previous: previous && decoded(previous),
    number: number && decode(number),
    count,
    error: error && refusalOf(error),
  }));
  return text({ results: plain, sessionRevision });
}

/** An answer without the times and revisions of variables that a batch made and took back before anybody could see them. */
export function withoutUnseen(answer: string, state: Model): string {
  return text(
    JSON.parse(answer, (key, inner: unknown) => {
      if (key !== "previous" || typeof inner !== "object" || inner === null) return inner;
      const { name, value, revision } = inner as ModelVariable;
      return state?.variables.get(name)?.revision === revision ? inner : { name, value };
    }),
  );
}

const refusalOf = (error: BridgeError): Refusal => new Refusal(error.reason, error.details.currentRevision);

function infoText(info: SessionInfo | ModelSession, deadlines: boolean): string {
  const { labels, revision, createdAtMs, accessedAtMs, expiresAtMs, ttlMs } = info;
  const count = "variables" in info ? info.variables.size : info.variableCount;
  return text({ labels, revision, count, createdAtMs, ttlMs, ...(deadlines && { accessedAtMs, expiresAtMs }) });
}

/** Whether a listing has the session. */
export const lists = (answer: unknown, id: string): boolean => (answer as SessionPage).sessions.some((info) => info.id === id);

/** Whether a read's answer shows this state of the session, with nothing that was due when the call was made. */
export function agrees(of: History, call: Call, answer: unknown, state: Model, span: Span): boolean {
  // A deadline that was moved later may stand in the store beside another manager's change, which this one has not seen.
  const due = !of.meddled && state !== undefined && isDue(state, span.fromMs);
  switch (call.kind) {
    case "get": {
      const { variable, sessionRevision } = answer as { variable: StoredVariable | undefined; sessionRevision: number };
      return !due && shows(state, span, sessionRevision, variable ? [decoded(variable)] : [], [call.name]);
    }
    case "get_all": {
      const { variables, sessionRevision } = answer as { variables: readonly StoredVariable[]; sessionRevision: number };
      return !due && shows(state, span, sessionRevision, variables.map(decoded), call.names);
    }
    case "list": {
      const { variables, sessionRevision } = answer as { variables: readonly VariableInfo[]; sessionRevision: number };
      const values = variables.map(({ name, revision, createdAtMs, updatedAtMs, expiresAtMs }) => ({
        name,
        value: state?.variables.get(name)?.value,
        revision,
        createdAtMs,
        updatedAtMs,
        expiresAtMs,
      }));
      return !due && shows(state, span, sessionRevision, values, undefined);
    }
    case "sessions": {
      const info = (answer as SessionPage).sessions.find(({ id }) => id === of.id);
      if (info === undefined) return state === undefined || isDue(state, span.toMs);
      return state !== undefined && !due && !anyDue(state, span.fromMs) && sameInfo(of, info, state);
    }
    case "history": {
      const { items, sessionRevision } = answer as VariableHistory;
      const entries = (state?.history[call.name] ?? []).toReversed();
      const told = items.map((item) => (item.kind === "set" ? decoded(item.variable) : item));
      const over = entries.some((entry) => isValue(entry) && isDue(entry, span.fromMs));
      return !due && !over && sessionRevision === (state?.revision ?? 0) && text(told) === text(entries);
    }
    case "checkpoints": {
      const { checkpoints, sessionRevision } = answer as CheckpointListing;
      const told = checkpoints.map(({ label, revision, variableCount }) => ({ label, revision, variableCount }));
      const named = Object.entries(state?.checkpoints ?? {}).map(([label, { revision, variables }]) => ({
        ...{ label, revision, variableCount: variables.size },
      }));
      named.sort((a, b) => a.revision - b.revision || (a.label < b.label ? -1 : 1));
      told.sort((a, b) => a.revision - b.revision || (a.label < b.label ? -1 : 1));
      return !due && sessionRevision === (state?.revision ?? 0) && text(told) === text(named);
    }
    case "declarations": {
      const { declarations, sessionRevision } = answer as DeclarationListing;
      const told = declarations.map(({ name, schema, revision }) => [name, { maximum: maximumOf(schema), revision }]);
      return !due && sessionRevision === (state?.revision ?? 0) && text(Object.fromEntries(told)) === text(state?.declarations ?? {});
    }
    default:
      return state !== undefined && !due && !anyDue(state, span.fromMs) && sameInfo(of, answer as SessionInfo, state);
  }
}

/** Another manager's changes leave the deadlines of this one's behind. */
const sameInfo = (of: History, info: SessionInfo, state: ModelSession): boolean =>
  infoText(info, !of.meddled) === infoText(state, !of.meddled);

const anyDue = (state: ModelSession, nowMs: number): boolean => [...state.variables.values()].some((variable) => isDue(variable, nowMs));

function shows(
  state: Model,
  span: Span,
  revision: number,
  variables: readonly ModelVariable[],
  names: readonly string[] | undefined,
): boolean {
  if (state === undefined) return revision === 0 && variables.length === 0;
  if (revision !== state.revision) return false;
  const expected = sorted(state.variables).filter(({ name }) => names === undefined || names.includes(name));
  return !expected.some((variable) => isDue(variable, span.fromMs)) && text(expected) === text(variables);
}
