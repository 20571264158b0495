/** What the methods of `Session` accept beside names and values: every option is checked by name before anything is sent. */
import { InvalidArgumentError } from "./errors.ts";
import { checkHistoryEntries, checkLabels, checkName, checkPrefix, checkSessionId, checkTtlMs } from "./names.ts";
import { isPlainObject as isPlain } from "./values/encode.ts";

/** Checks one option's value; `label` names it in the error. */
export type OptionCheck = (value: unknown, label: string) => void;

/** Every option that a method knows. */
export type OptionChecks = Readonly<Record<string, OptionCheck>>;

/** Beyond this the timers of JavaScript overflow: 24 days. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** The error for an argument that cannot be right. */
export const refuse = (message: string): InvalidArgumentError => new InvalidArgumentError("INVALID_ARGUMENT", message);

/** Whether something is an object as `{…}` makes it. */
export const isPlainObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && isPlain(value);

/** The options when they are a plain object of known names with good values; throws InvalidArgumentError naming the first that is not. */
export function checkOptions<T extends object>(method: string, options: T | undefined, checks: OptionChecks): T {
  if (options === undefined) return NONE as T;
  if (!isPlainObject(options)) throw refuse(`the options of ${method} must be an object`);
  for (const [key, value] of Object.entries(options)) {
    if (!Object.hasOwn(checks, key)) {
      throw refuse(`${method} has no option ${JSON.stringify(key)}; it has ${Object.keys(checks).join(", ")}`);
    }
    (checks[key] as OptionCheck)(value, `${method}'s ${key}`);
  }
  return options;
}

const NONE = Object.freeze({});

/** The same check for an option that may be undefined, as if it was left out. */
const maybe =
  (check: OptionCheck): OptionCheck =>
  (value, label) => {
    if (value !== undefined) check(value, label);
  };

const boolean: OptionCheck = (value, label) => {
  if (typeof value !== "boolean") throw refuse(`${label} must be true or false`);
};

/** A check for a whole number of at least `minimum`. */
export const wholeFrom =
  (minimum: number): OptionCheck =>
  (value, label) => {
    if (!Number.isSafeInteger(value) || (value as number) < minimum) throw refuse(`${label} must be a whole number, ${minimum} or greater`);
  };

/** A check for milliseconds that a timer can wait. */
export const milliseconds: OptionCheck = (value, label) => {
  if (typeof value !== "number" || !(value > 0 && value <= MAX_TIMEOUT_MS)) {
    throw refuse(`${label} must be a number of milliseconds above 0 and up to ${MAX_TIMEOUT_MS}`);
  }
};

const signal: OptionCheck = (value, label) => {
  const found = value as { aborted?: unknown; addEventListener?: unknown } | null;
  if (typeof found !== "object" || typeof found?.aborted !== "boolean" || typeof found.addEventListener !== "function") {
    throw refuse(`${label} must be an AbortSignal`);
  }
};

const variableTtl: OptionCheck = (value) => {
  if (value !== "never" && value !== "keep") checkTtlMs(value);
};

const sessionTtl: OptionCheck = (value) => {
  if (value !== "never") checkTtlMs(value);
};

const names: OptionCheck = (value, label) => {
  if (!Array.isArray(value) || value.some((name) => typeof name !== "string")) throw refuse(`${label} must be an array of strings`);
};

const watchedNames: OptionCheck = (value, label) => {
  names(value, label);
  if ((value as readonly string[]).length === 0) throw refuse(`${label} must name at least one variable`);
  for (const name of value as readonly string[]) checkName(name);
};

const prefix: OptionCheck = (value) => checkPrefix(value as string);

const labels: OptionCheck = (value, label) => {
  if (!isPlainObject(value)) throw refuse(`${label} must be an object of strings`);
  checkLabels(value as Record<string, string>);
};

const schema: OptionCheck = (value, label) => {
  if (!isSchema(value)) throw refuse(`${label} must be a standard-schema validator`);
};

/** Whether something is a standard-schema validator; some libraries make them functions. */
export const isSchema = (value: unknown): boolean =>
  ((typeof value === "object" && value !== null) || typeof value === "function") && "~standard" in (value as object);

/** The names, each once and checked, when it is something that gives names; else undefined. */
export function distinctNames(names: unknown): readonly string[] | undefined {
  if (typeof names !== "object" || names === null || !(Symbol.iterator in names)) return undefined;
  const distinct = [...new Set(names as Iterable<string>)];
  for (const name of distinct) checkName(name);
  return distinct;
}

const anything: OptionCheck = () => {};

const CALL = { signal: maybe(signal), timeoutMs: maybe(milliseconds) };
const IF = { ifRevision: wholeFrom(0) };
const TTL = { ttlMs: maybe(variableTtl) };
const APPEND = { ...IF, keepLast: maybe(wholeFrom(1)) };
const MERGE = { ...IF, path: maybe(names), remove: maybe(names) };

/** The options of each method. */
export const OPTIONS = {
  call: CALL,
  condition: { ...CALL, ...IF },
  set: { ...CALL, ...TTL, ...IF },
  write: { ...CALL, ...TTL },
  append: { ...CALL, ...APPEND },
  merge: { ...CALL, ...MERGE },
  pop: { ...CALL, ...IF, default: anything },
  update: { ...CALL, ...TTL, default: anything, attempts: maybe(wholeFrom(1)), allowNull: maybe(boolean), schema: maybe(schema) },
  edit: { ...CALL, default: anything },
  transaction: { ...CALL, checkReads: maybe(boolean) },
  transact: { ...CALL, attempts: maybe(wholeFrom(1)) },
  watch: {
    signal: maybe(signal),
    prefix: maybe(prefix),
    names: maybe(watchedNames),
    since: maybe(wholeFrom(0)),
    values: maybe(boolean),
  },
  snapshots: { signal: maybe(signal), prefix: maybe(prefix) },
  history: { ...CALL, limit: maybe(wholeFrom(1)) },
  fork: { ...CALL, ttlMs: maybe(sessionTtl), labels: maybe(labels), atRevision: maybe(wholeFrom(1)) },
  touch: { ...CALL, ttlMs: maybe(sessionTtl) },
  session: { ttlMs: maybe(sessionTtl), labels: maybe(labels), create: maybe(boolean) },
  createSession: {
    ...CALL,
    id: (value) => checkSessionId(value as string),
    ttlMs: maybe(sessionTtl),
    maxLifeMs: maybe((value) => checkTtlMs(value)),
    labels: maybe(labels),
    historyEntries: maybe((value) => checkHistoryEntries(value as number)),
  },
  listSessions: { ...CALL, prefix: maybe(prefix), labels: maybe(labels) },
} satisfies Record<string, OptionChecks>;

/** The options of what a transaction collects: it is sent when the transaction is. */
export const COLLECTED_OPTIONS = {
  condition: IF,
  set: { ...TTL, ...IF },
  write: TTL,
  append: APPEND,
  merge: MERGE,
} satisfies Record<string, OptionChecks>;
