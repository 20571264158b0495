/** What an update makes of a session, on decoded values. */
import { deadlineMs } from "../../src/deadline.ts";
import type { Operation, Update } from "../../src/session-port.ts";
import { decode } from "../../src/values/index.ts";
import { CHECKPOINTS_PER_SESSION, DEFAULT_TTL_MS } from "./bounds.ts";
import { isDue, type Model, type ModelSession, type ModelVariable, maximumOf, NO_SECTIONS, omitted, sorted, used } from "./model.ts";
import { isValue, recorded } from "./model-history.ts";

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
  /** How many entries are kept of each variable where a session does not say. */
  readonly historyEntries: number;
}

type Variables = ReadonlyMap<string, ModelVariable>;

/** What operations work on. */
type Contents = Pick<ModelSession, "variables" | "history" | "checkpoints" | "declarations">;

const contentsOf = (session: Model): Contents => session ?? NOTHING_YET;
const NOTHING_YET: Contents = { ...NO_SECTIONS, variables: new Map() };

const NOTHING: ModelResult = { applied: false, revision: 0, previous: undefined, number: undefined, count: 0, error: undefined };

/** The session after the update, or why nothing of it happens. */
export function updated(before: Model, update: Update, moment: ModelMoment): Updated | Refusal {
  if (before === undefined && update.mustExist) return new Refusal("SESSION_NOT_FOUND");
  return caught(() => (update.independent ? eachByItself(before, update, moment) : allOrNothing(before, update, moment)));
}

function allOrNothing(before: Model, update: Update, moment: ModelMoment): Updated {
  const start = contentsOf(before);
  for (const operation of update.operations) checkRevision(start.variables, operation);
  let contents = start;
  const results: ModelResult[] = [];
  for (const operation of update.operations) {
    const step = applied(contents, operation, moment);
    contents = step.contents;
    results.push(step.result);
  }
  checkCount(start.variables, contents.variables, moment);
  checkDeclared(contents);
  contents = settled(start, contents);
  const changed =
    [...new Set([...start.variables.keys(), ...contents.variables.keys()])].some(
      (name) => start.variables.get(name) !== contents.variables.get(name),
    ) ||
    start.checkpoints !== contents.checkpoints ||
    start.declarations !== contents.declarations;
  if (!changed) contents = start;
  const last = results.map((result, i) => {
    const { kind, name } = update.operations[i] as Operation;
    if (kind === "declare" || kind === "checkpoint") return result;
    return { ...result, revision: contents.variables.get(name)?.revision ?? 0 };
  });
  return ended(before, update, contents, changed, results.length === 1 ? results : last, moment);
}

/** New checkpoints name what the update leads to. */
function settled(start: Contents, contents: Contents): Contents {
  if (contents.checkpoints === start.checkpoints) return contents;
  const { variables } = contents;
  const checkpoints = Object.fromEntries(
    Object.entries(contents.checkpoints).map(([label, named]) => [
      label,
      start.checkpoints[label] === named ? named : { ...named, variables },
    ]),
  );
  const count = Object.keys(checkpoints).length;
  if (count > CHECKPOINTS_PER_SESSION && count > Object.keys(start.checkpoints).length) throw new Refusal("TOO_MANY_CHECKPOINTS");
  return { ...contents, checkpoints };
}

/** The first success has a revision so much lower that the last one has the commit's. */
function eachByItself(before: Model, update: Update, moment: ModelMoment): Updated {
  const run = (first: number) => {
    let contents = contentsOf(before);
    let next = first;
    const results = update.operations.map((operation): ModelResult => {
      const step = caught(() => {
        checkRevision(contents.variables, operation);
        const one = applied(contents, operation, { ...moment, revision: next });
        checkCount(contents.variables, one.contents.variables, moment);
        checkDeclared(one.contents);
        return one;
      });
      if (step instanceof Refusal) return { ...NOTHING, error: step };
      if (step.contents !== contents) next += 1;
      contents = step.contents;
      return step.result;
    });
    return { contents, results, successes: next - first };
  };
  const { successes } = run(moment.revision);
  const { contents, results } = run(moment.revision - Math.max(successes - 1, 0));
  return ended(before, update, contents, successes > 0, results, moment);
}

function ended(
  before: Model,
  { defaults }: Update,
  contents: Contents,
  changed: boolean,
  results: readonly ModelResult[],
  { nowMs, revision, historyEntries }: ModelMoment,
): Updated {
  if (!changed) return { session: before, changed, results };
  const { variables, checkpoints, declarations } = contents;
  if (before === undefined) {
    const base = newSession(defaults?.ttl as number | undefined, defaults?.labels, undefined, nowMs);
    return { session: used({ ...base, variables, checkpoints, declarations }, nowMs, revision), changed, results };
  }
  const commit = { before: before.variables, after: variables, nowMs, revision, kind: "delete" } as const;
  const history = recorded(before.history, commit, before.historyEntries ?? historyEntries);
  return { session: used({ ...before, variables, checkpoints, declarations, history }, nowMs, revision), changed, results };
}

/** A session just created; its deadline and revision are given by `used`. */
export const newSession = (
  ttlMs: number | undefined,
  labels: Readonly<Record<string, string>> | undefined,
  maxLifeMs: number | undefined,
  nowMs: number,
): ModelSession => {
  const life = { ttlMs: ttlMs ?? DEFAULT_TTL_MS, endsAtMs: maxLifeMs === undefined ? undefined : nowMs + maxLifeMs };
  return {
    ...life,
    revision: 0,
    createdAtMs: nowMs,
    accessedAtMs: nowMs,
    expiresAtMs: deadlineMs(life, nowMs),
    labels: labels ?? {},
    historyEntries: undefined,
    variables: new Map(),
    ...NO_SECTIONS,
  };
};

function checkRevision(variables: Variables, { name, ifRevision }: Operation): void {
  const current = variables.get(name)?.revision ?? 0;
  if (ifRevision !== undefined && ifRevision !== current) throw new Refusal("REVISION_MISMATCH", current);
}

function checkCount(before: Variables, after: Variables, { variablesPerSession }: ModelMoment): void {
  if (after.size > variablesPerSession && after.size > before.size) throw new Refusal("TOO_MANY_VARIABLES");
}

/** Every value of a declared name fits. */
export function checkDeclared({ variables, declarations }: Pick<Contents, "variables" | "declarations">): void {
  for (const [name, { maximum }] of Object.entries(declarations)) {
    const value = variables.get(name)?.value;
    if (value !== undefined && !(Number.isInteger(value) && (value as number) <= maximum)) throw new Refusal("CONSTRAINT_VIOLATED");
  }
}

interface Applied {
  readonly contents: Contents;
  readonly result: ModelResult;
}

function applied(contents: Contents, operation: Operation, { nowMs, revision }: ModelMoment): Applied {
  const { name, wantPrevious } = operation;
  const { variables } = contents;
  const before = variables.get(name);
  const previous = wantPrevious ? before : undefined;
  const put = (variable: ModelVariable): Contents => ({ ...contents, variables: new Map(variables).set(variable.name, variable) });
  const write = (value: unknown, expiresAtMs = before?.expiresAtMs, more: Partial<ModelResult> = {}): Applied => {
    const variable = { name, value, revision, createdAtMs: before?.createdAtMs ?? nowMs, updatedAtMs: nowMs, expiresAtMs };
    return { contents: put(variable), result: { ...NOTHING, applied: true, revision, previous, ...more } };
  };
  const remove = (names: readonly string[]): Contents => {
    if (!names.some((each) => variables.has(each))) return contents;
    return { ...contents, variables: new Map([...variables].filter(([each]) => !names.includes(each))) };
  };
  switch (operation.kind) {
    case "check":
      return { contents, result: { ...NOTHING, revision: before?.revision ?? 0 } };
    case "set": {
      if (operation.ifMissing && before) return { contents, result: { ...NOTHING, revision: before.revision, previous: before } };
      const { ttl } = operation;
      const written = write(decode(operation.value.bytes));
      const expiresAtMs = typeof ttl === "number" ? nowMs + ttl : ttl === "keep" ? before?.expiresAtMs : undefined;
      return { ...written, contents: put({ ...(written.contents.variables.get(name) as ModelVariable), expiresAtMs }) };
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
      return { contents: remove([name]), result: { ...NOTHING, applied: before !== undefined, previous } };
    case "expire": {
      if (before === undefined) return { contents, result: NOTHING };
      const expiresAtMs = operation.ttl === "never" ? undefined : nowMs + operation.ttl;
      return { ...write(before.value), contents: put({ ...before, revision, updatedAtMs: nowMs, expiresAtMs }) };
    }
    case "clear": {
      const names = [...variables.keys()].filter((each) => each.startsWith(operation.prefix));
      return { contents: remove(names), result: { ...NOTHING, applied: names.length > 0, count: names.length } };
    }
    case "pop_last": {
      const last = sorted(variables).at(-1);
      if (last === undefined) return { contents, result: NOTHING };
      return { contents: remove([last.name]), result: { ...NOTHING, applied: true, previous: last } };
    }
    case "restore": {
      const entry = contents.history[name]?.find((each) => each.revision === operation.revision);
      const state = before?.revision === operation.revision ? before : entry;
      if (state === undefined || (isValue(state) && isDue(state, nowMs))) throw new Refusal("COMPACTED");
      if (!isValue(state)) return { contents: remove([name]), result: { ...NOTHING, applied: before !== undefined, previous } };
      const written = write(state.value);
      return { ...written, contents: put({ ...(written.contents.variables.get(name) as ModelVariable), expiresAtMs: state.expiresAtMs }) };
    }
    case "rollback": {
      const target = contents.checkpoints[operation.label];
      if (target === undefined) throw new Refusal("CHECKPOINT_NOT_FOUND");
      const alive = [...target.variables.values()].filter((variable) => !isDue(variable, nowMs));
      const after = new Map(variables);
      for (const each of variables.keys()) if (!alive.some((variable) => variable.name === each)) after.delete(each);
      let count = variables.size - after.size;
      for (const variable of alive) {
        const present = variables.get(variable.name);
        if (present?.revision === variable.revision) continue;
        after.set(variable.name, { ...variable, revision, createdAtMs: present?.createdAtMs ?? nowMs, updatedAtMs: nowMs });
        count += 1;
      }
      return { contents: { ...contents, variables: after }, result: { ...NOTHING, applied: count > 0, count } };
    }
    case "checkpoint": {
      const named = { revision, createdAtMs: nowMs, variables };
      const checkpoints = { ...contents.checkpoints, [operation.label]: named };
      return { contents: { ...contents, checkpoints }, result: { ...NOTHING, applied: true, revision } };
    }
    case "delete_checkpoint": {
      if (contents.checkpoints[operation.label] === undefined) return { contents, result: NOTHING };
      const checkpoints = omitted(contents.checkpoints, [operation.label]);
      return { contents: { ...contents, checkpoints }, result: { ...NOTHING, applied: true } };
    }
    case "declare":
      return declared(contents, name, operation.schema && maximumOf(operation.schema), revision);
  }
}

function declared(contents: Contents, name: string, maximum: number | undefined, revision: number): Applied {
  const before = contents.declarations[name];
  if (before?.maximum === maximum) return { contents, result: { ...NOTHING, revision: before?.revision ?? 0 } };
  const rest = omitted(contents.declarations, [name]);
  const declarations = maximum === undefined ? rest : { ...rest, [name]: { maximum, revision } };
  return { contents: { ...contents, declarations }, result: { ...NOTHING, applied: true, revision: maximum === undefined ? 0 : revision } };
}

function caught<T>(run: () => T): T | Refusal {
  try {
    return run();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}
