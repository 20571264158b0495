/** What an update makes of a session, on decoded values. */
import type { Operation, Update } from "../../src/session-port.ts";
import { decode } from "../../src/values/index.ts";
import { type Model, type ModelSession, type ModelVariable, sorted, used } from "./model.ts";

/** Why an operation was refused, as far as programs see it. */
export class Refusal {
  readonly reason: string;
  readonly currentRevision: number | undefined;

  constructor(reason: string, currentRevision?: number) {
    this.reason = reason;
    this.currentRevision = currentRevision;
  }
}

/** What became of an operation, decoded. */
export interface ModelResult {
  readonly applied: boolean;
  readonly revision: number;
  readonly previous: ModelVariable | undefined;
  readonly number: unknown;
  readonly count: number;
  readonly error: Refusal | undefined;
}

/** A session after an update; `changed` is false when there is nothing to commit. */
export interface Updated {
  readonly session: Model;
  readonly changed: boolean;
  readonly results: readonly ModelResult[];
}

/** The moment of an update, and the revision that its commit has. */
export interface ModelMoment {
  readonly nowMs: number;
  readonly revision: number;
  readonly variablesPerSession: number;
}

type Variables = ReadonlyMap<string, ModelVariable>;

const NOTHING: ModelResult = { applied: false, revision: 0, previous: undefined, number: undefined, count: 0, error: undefined };

/** The session after the update, or why nothing of it happens. */
export function updated(before: Model, update: Update, moment: ModelMoment): Updated | Refusal {
  if (before === undefined && update.mustExist) return new Refusal("SESSION_NOT_FOUND");
  return caught(() => (update.independent ? eachByItself(before, update, moment) : allOrNothing(before, update, moment)));
}

function allOrNothing(before: Model, update: Update, moment: ModelMoment): Updated {
  const start: Variables = before?.variables ?? new Map();
  for (const operation of update.operations) checkRevision(start, operation);
  let variables = start;
  const results: ModelResult[] = [];
  for (const operation of update.operations) {
    const step = applied(variables, operation, moment);
    variables = step.variables;
    results.push(step.result);
  }
  checkCount(start, variables, moment);
  const changed = [...new Set([...start.keys(), ...variables.keys()])].some((name) => start.get(name) !== variables.get(name));
  if (!changed) variables = start;
  const settled = results.map((result, i) => ({ ...result, revision: variables.get(update.operations[i]?.name ?? "")?.revision ?? 0 }));
  return ended(before, update, variables, changed, results.length === 1 ? results : settled, moment);
}

/** The first success has a revision so much lower that the last one has the commit's. */
function eachByItself(before: Model, update: Update, moment: ModelMoment): Updated {
  const run = (first: number) => {
    let variables: Variables = before?.variables ?? new Map();
    let next = first;
    const results = update.operations.map((operation): ModelResult => {
      const step = caught(() => {
        checkRevision(variables, operation);
        const one = applied(variables, operation, { ...moment, revision: next });
        checkCount(variables, one.variables, moment);
        return one;
      });
      if (step instanceof Refusal) return { ...NOTHING, error: step };
      if (step.variables !== variables) next += 1;
      variables = step.variables;
      return step.result;
    });
    return { variables, results, successes: next - first };
  };
  const { successes } = run(moment.revision);
  const { variables, results } = run(moment.revision - Math.max(successes - 1, 0));
  return ended(before, update, variables, successes > 0, results, moment);
}

function ended(
  before: Model,
  { defaults }: Update,
  variables: Variables,
  changed: boolean,
  results: readonly ModelResult[],
  { nowMs, revision }: ModelMoment,
): Updated {
  if (!changed) return { session: before, changed, results };
  const base = before ?? newSession(defaults?.ttl as number | undefined, defaults?.labels, undefined, nowMs);
  return { session: used({ ...base, variables }, nowMs, revision), changed, results };
}

/** A session just created; its deadline and revision are given by `used`. */
export const newSession = (
  ttlMs: number | undefined,
  labels: Readonly<Record<string, string>> | undefined,
  maxLifeMs: number | undefined,
  nowMs: number,
): ModelSession => ({
  revision: 0,
  createdAtMs: nowMs,
  accessedAtMs: nowMs,
  expiresAtMs: undefined,
  ttlMs: ttlMs ?? DEFAULT_TTL_MS,
  endsAtMs: maxLifeMs === undefined ? undefined : nowMs + maxLifeMs,
  labels: labels ?? {},
  variables: new Map(),
});

/** What a session lives unused when nobody says otherwise. */
export const DEFAULT_TTL_MS = 20_000;

function checkRevision(variables: Variables, { name, ifRevision }: Operation): void {
  const current = variables.get(name)?.revision ?? 0;
  if (ifRevision !== undefined && ifRevision !== current) throw new Refusal("REVISION_MISMATCH", current);
}

function checkCount(before: Variables, after: Variables, { variablesPerSession }: ModelMoment): void {
  if (after.size > variablesPerSession && after.size > before.size) throw new Refusal("TOO_MANY_VARIABLES");
}

interface Applied {
  readonly variables: Variables;
  readonly result: ModelResult;
}

function applied(variables: Variables, operation: Operation, { nowMs, revision }: ModelMoment): Applied {
  const { name, wantPrevious } = operation;
  const before = variables.get(name);
  const previous = wantPrevious ? before : undefined;
  const write = (value: unknown, expiresAtMs = before?.expiresAtMs, more: Partial<ModelResult> = {}): Applied => {
    const variable = { name, value, revision, createdAtMs: before?.createdAtMs ?? nowMs, updatedAtMs: nowMs, expiresAtMs };
    return { variables: new Map(variables).set(name, variable), result: { ...NOTHING, applied: true, revision, previous, ...more } };
  };
  switch (operation.kind) {
    case "check":
      return { variables, result: { ...NOTHING, revision: before?.revision ?? 0 } };
    case "set": {
      if (operation.ifMissing && before) return { variables, result: { ...NOTHING, revision: before.revision, previous: before } };
      const { ttl } = operation;
      const written = write(decode(operation.value.bytes));
      const expiresAtMs = typeof ttl === "number" ? nowMs + ttl : ttl === "keep" ? before?.expiresAtMs : undefined;
      const variable = { ...(written.variables.get(name) as ModelVariable), expiresAtMs };
      return { ...written, variables: new Map(variables).set(name, variable) };
    }
    case "increment": {
      const current = before === undefined ? 0 : before.value;
      if (typeof current !== "number") throw new Refusal("TYPE_MISMATCH");
      const number = current + (decode(operation.by) as number);
      return write(number, before?.expiresAtMs, { number });
    }
    case "append": {
      const current = before === undefined ? [] : before.value;
      if (!Array.isArray(current)) throw new Refusal("TYPE_MISMATCH");
      const all = [...(current as unknown[]), ...(decode(operation.value) as unknown[])];
      const list = operation.keepLast === undefined ? all : all.slice(-operation.keepLast);
      return write(list, before?.expiresAtMs, { count: list.length });
    }
    case "merge": {
      const current = before === undefined ? {} : before.value;
      if (typeof current !== "object" || current === null || Array.isArray(current)) throw new Refusal("TYPE_MISMATCH");
      const map: Record<string, unknown> = { ...current, ...(operation.values && (decode(operation.values) as object)) };
      for (const key of operation.remove) delete map[key];
      return write(map);
    }
    case "delete":
      return { variables: without(variables, [name]), result: { ...NOTHING, applied: before !== undefined, previous } };
    case "restore":
    case "rollback":
    case "checkpoint":
    case "delete_checkpoint":
    case "declare":
      throw new Error(`the model knows no ${operation.kind}`);
    case "expire": {
      if (before === undefined) return { variables, result: NOTHING };
      const expiresAtMs = operation.ttl === "never" ? undefined : nowMs + operation.ttl;
      const variable = { ...before, revision, updatedAtMs: nowMs, expiresAtMs };
      return { ...write(before.value), variables: new Map(variables).set(name, variable) };
    }
    case "clear": {
      const names = [...variables.keys()].filter((each) => each.startsWith(operation.prefix));
      return { variables: without(variables, names), result: { ...NOTHING, applied: names.length > 0, count: names.length } };
    }
    case "pop_last": {
      const last = sorted(variables).at(-1);
      if (last === undefined) return { variables, result: NOTHING };
      return { variables: without(variables, [last.name]), result: { ...NOTHING, applied: true, previous: last } };
    }
  }
}

/** The same map when none of the names is there. */
function without(variables: Variables, names: readonly string[]): Variables {
  if (!names.some((name) => variables.has(name))) return variables;
  const rest = new Map(variables);
  for (const name of names) rest.delete(name);
  return rest;
}

function caught<T>(run: () => T): T | Refusal {
  try {
    return run();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}
