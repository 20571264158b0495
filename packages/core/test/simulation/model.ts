/** What a session is, in the plainest words: maps of decoded values. The judge holds the engine against it. */
import { extensionMs } from "../../src/deadline.ts";
import type { SessionDelta, SessionRecord, StoredVariable } from "../../src/persistence.ts";
import { decode } from "../../src/values/index.ts";
import { historyAfter, type ModelHistory } from "./model-history.ts";

export interface ModelVariable {
  readonly name: string;
  readonly value: unknown;
  readonly revision: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly expiresAtMs: number | undefined;
}

export interface ModelSession {
  readonly revision: number;
  readonly createdAtMs: number;
  readonly accessedAtMs: number;
  readonly expiresAtMs: number | undefined;
  readonly ttlMs: number | undefined;
  readonly endsAtMs: number | undefined;
  readonly labels: Readonly<Record<string, string>>;
  /** How many earlier states it keeps of each variable; undefined for as many as the process says. */
  readonly historyEntries: number | undefined;
  readonly variables: ReadonlyMap<string, ModelVariable>;
  readonly history: ModelHistory;
  readonly checkpoints: ModelCheckpoints;
  readonly declarations: ModelDeclarations;
}

/** The named states, by label. */
export type ModelCheckpoints = Readonly<Record<string, ModelCheckpoint>>;

export interface ModelCheckpoint {
  readonly revision: number;
  readonly createdAtMs: number;
  readonly variables: ReadonlyMap<string, ModelVariable>;
}

/** The greatest integer that a declared name may have, by name. */
export type ModelDeclarations = Readonly<Record<string, { readonly maximum: number; readonly revision: number }>>;

/** What a name is declared as. */
export const schemaOf = (maximum: number) => ({ type: "integer", maximum });

export const maximumOf = (schema: Uint8Array): number => (decode(schema) as { readonly maximum: number }).maximum;

/** What a session has beside its variables when it is new. */
export const NO_SECTIONS = { history: {}, checkpoints: {}, declarations: {} };

/** An object without some of its keys. */
export const omitted = <T>(from: Readonly<Record<string, T>>, keys: readonly string[]): Readonly<Record<string, T>> =>
  Object.fromEntries(Object.entries(from).filter(([key]) => !keys.includes(key)));

/** No session is `undefined`. */
export type Model = ModelSession | undefined;

export const isDue = (of: { readonly expiresAtMs: number | undefined }, nowMs: number): boolean =>
  of.expiresAtMs !== undefined && of.expiresAtMs <= nowMs;

/** The variables in order of their names, which are ASCII here. */
export const sorted = (variables: ReadonlyMap<string, ModelVariable>): ModelVariable[] =>
  [...variables.values()].sort((a, b) => (a.name < b.name ? -1 : 1));

/** The session used at `nowMs` by a change that led to `revision`. */
export const used = (session: ModelSession, nowMs: number, revision: number): ModelSession => ({
  ...session,
  revision,
  accessedAtMs: nowMs,
  expiresAtMs: extensionMs(session, nowMs) ?? session.expiresAtMs,
});

/** A variable as the engine shows it, decoded. */
export const decoded = ({ name, bytes, revision, createdAtMs, updatedAtMs, expiresAtMs }: StoredVariable): ModelVariable => ({
  name,
  value: decode(bytes),
  revision,
  createdAtMs,
  updatedAtMs,
  expiresAtMs,
});

/** What a delta that the store took makes of a session; `source` is what a fork copies. */
export function afterDelta(before: Model, delta: SessionDelta, source?: Model): Model {
  if (delta.kind === "delete" || (delta.kind === "expire" && delta.record === undefined)) return undefined;
  if (delta.kind === "extend") {
    if (before === undefined) return undefined;
    const expiresAtMs = before.expiresAtMs === undefined ? undefined : Math.max(before.expiresAtMs, delta.expiresAtMs);
    return { ...before, accessedAtMs: Math.max(before.accessedAtMs, delta.accessedAtMs), expiresAtMs };
  }
  if (delta.kind === "fork") {
    const { variables, declarations } = source as ModelSession;
    return { ...NO_SECTIONS, ...fieldsOf(delta.record), variables: atFirstRevision(variables, delta.record.revision), declarations };
  }
  const variables = new Map(before?.variables);
  if (delta.kind !== "create") for (const name of delta.removed) variables.delete(name);
  if (delta.kind !== "expire") for (const variable of delta.set) variables.set(variable.name, decoded(variable));
  const sections = before === undefined || delta.kind === "create" ? NO_SECTIONS : before;
  return { ...fieldsOf(delta.record as SessionRecord), variables, ...afterSections(sections, delta, before?.variables, variables) };
}

/** A copy's variables: each has its first revision. */
export const atFirstRevision = (variables: ReadonlyMap<string, ModelVariable>, revision: number): ReadonlyMap<string, ModelVariable> =>
  new Map([...variables].map(([name, variable]) => [name, { ...variable, revision }]));

function afterSections(
  { history, checkpoints, declarations }: Pick<ModelSession, "history" | "checkpoints" | "declarations">,
  delta: Extract<SessionDelta, { sections?: unknown }>,
  before: ReadonlyMap<string, ModelVariable> | undefined,
  variables: ReadonlyMap<string, ModelVariable>,
) {
  const { sections } = delta;
  const named = (sections?.checkpoints?.set ?? []).map(({ label, revision, createdAtMs }) => [label, { revision, createdAtMs, variables }]);
  const declared = (sections?.declarations?.set ?? []).map(({ name, schema, revision }) => [
    name,
    { maximum: maximumOf(schema), revision },
  ]);
  return {
    history: sections?.history ? historyAfter(history, sections.history, before ?? new Map()) : history,
    checkpoints: { ...omitted(checkpoints, sections?.checkpoints?.removed ?? []), ...Object.fromEntries(named) },
    declarations: { ...omitted(declarations, sections?.declarations?.removed ?? []), ...Object.fromEntries(declared) },
  };
}

const fieldsOf = ({ revision, createdAtMs, accessedAtMs, expiresAtMs, ttlMs, endsAtMs, labels, historyEntries }: SessionRecord) => ({
  revision,
  createdAtMs,
  accessedAtMs,
  expiresAtMs,
  ttlMs,
  endsAtMs,
  labels,
  historyEntries,
});

/** The same text for the same content, whatever the order of keys. */
export function text(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (inner === undefined) return "undefined";
    if (inner instanceof Map) return [...inner.values()].sort((a: ModelVariable, b: ModelVariable) => (a.name < b.name ? -1 : 1));
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
