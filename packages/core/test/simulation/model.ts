/** What a session is, in the plainest words: maps of decoded values. The judge holds the engine against it. */
import { deadlineMs } from "../../src/deadline.ts";
import type { SessionDelta, SessionRecord, StoredVariable } from "../../src/persistence.ts";
import { decode } from "../../src/values/index.ts";

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
  readonly variables: ReadonlyMap<string, ModelVariable>;
}

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
  expiresAtMs: deadlineMs(session, nowMs),
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

/** What a delta that the store took makes of a session. */
export function afterDelta(before: Model, delta: SessionDelta): Model {
  if (delta.kind === "delete" || (delta.kind === "expire" && delta.record === undefined)) return undefined;
  if (delta.kind === "extend") {
    if (before === undefined) return undefined;
    const expiresAtMs = before.expiresAtMs === undefined ? undefined : Math.max(before.expiresAtMs, delta.expiresAtMs);
    return { ...before, accessedAtMs: Math.max(before.accessedAtMs, delta.accessedAtMs), expiresAtMs };
  }
  if (delta.kind === "fork") throw new Error("the model knows no forks");
  const variables = new Map(before?.variables);
  if (delta.kind !== "create") for (const name of delta.removed) variables.delete(name);
  if (delta.kind !== "expire") for (const variable of delta.set) variables.set(variable.name, decoded(variable));
  return { ...fieldsOf(delta.record as SessionRecord), variables };
}

const fieldsOf = ({ revision, createdAtMs, accessedAtMs, expiresAtMs, ttlMs, endsAtMs, labels }: SessionRecord) => ({
  revision,
  createdAtMs,
  accessedAtMs,
  expiresAtMs,
  ttlMs,
  endsAtMs,
  labels,
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
