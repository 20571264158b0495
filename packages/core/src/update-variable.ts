/** The compare-and-set loop behind `updateVariable`. */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { DeadlineExceededError, RevisionMismatchError } from "./errors.ts";
import type { StoredVariable } from "./persistence.ts";
import type { UpdateVariableOptions } from "./session.ts";
import { refuse } from "./session-options.ts";
import type { SessionContext } from "./session-over-port.ts";
import type { Operation, Update } from "./session-port.ts";
import { conform, decodeVariable } from "./session-values.ts";
import { decode, encode, encodeOver } from "./values/index.ts";
import { backoffMs, wait } from "./waiting.ts";

/** Fifty writers of one variable need some tens of milliseconds between them; the first retry comes almost at once. */
const FIRST_BACKOFF_MS = 1;
const MOST_BACKOFF_MS = 50;

/** What is updated, and how an update of it is sent. */
export interface UpdateTarget {
  readonly context: SessionContext;
  readonly sessionId: string;
  readonly name: string;
  /** Makes a request of one operation, with what the handle says about creating the session. */
  readonly request: (operation: Operation) => Update;
}

type Options = UpdateVariableOptions & { readonly schema?: StandardSchemaV1 };

/** Replaces a value by `fn` of it and gives what was written; see `Session.updateVariable`. */
export async function updateVariable(target: UpdateTarget, fn: (value: unknown) => unknown, options: Options): Promise<unknown> {
  const { port, clock, random, timeoutMs: defaultTimeoutMs } = target.context;
  const { signal, attempts = Number.POSITIVE_INFINITY } = options;
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  const endsAt = clock.monotonic() + timeoutMs;
  /** The options of the next call, or the error when there is no time for one. */
  const remaining = (tried: number): { signal: typeof signal; timeoutMs: number } => {
    const leftMs = endsAt - clock.monotonic();
    if (leftMs > 0) return { signal, timeoutMs: leftMs };
    throw new DeadlineExceededError(`${JSON.stringify(target.name)} was not updated within ${timeoutMs} ms, after ${tried} attempts`, {
      details: { name: target.name },
    });
  };
  for (let attempt = 1; ; attempt++) {
    const reading = await port.getVariable(target.sessionId, target.name, remaining(attempt - 1));
    const bytes = await replacement(target, reading.variable, fn, options);
    try {
      await port.update(target.sessionId, target.request(writeOver(target.name, reading.variable, bytes, options)), remaining(attempt));
      return decode(bytes, { integers: target.context.integers });
    } catch (error) {
      if (!(error instanceof RevisionMismatchError) || attempt >= attempts) throw error;
    }
    const delayMs = backoffMs(random, attempt - 1, FIRST_BACKOFF_MS, MOST_BACKOFF_MS);
    await wait(clock, Math.min(delayMs, remaining(attempt).timeoutMs), signal);
  }
}

/** What `fn` makes of the value, encoded over the bytes that are there. */
async function replacement(
  target: UpdateTarget,
  variable: StoredVariable | undefined,
  fn: (value: unknown) => unknown,
  options: Options,
): Promise<Uint8Array> {
  const { name } = target;
  let before: unknown = options.default;
  if (variable !== undefined) {
    before = decodeVariable(variable, target.context.integers);
    if (options.schema !== undefined) before = await conform(options.schema, before, name);
  }
  // Judged before `fn` runs, which may change what it is given.
  const hadValue = before !== undefined && before !== null;
  const after = await fn(before);
  if (after === undefined) throw refuse(`the function given for ${JSON.stringify(name)} returned undefined: did it forget to return?`);
  if (after === null && hadValue && !options.allowNull) {
    throw refuse(`the function given for ${JSON.stringify(name)} returned null instead of a value; say allowNull if that is meant`);
  }
  return variable === undefined ? encode(after, { name }) : encodeOver(after, variable.bytes, { name });
}

function writeOver(name: string, variable: StoredVariable | undefined, bytes: Uint8Array, options: Options): Operation {
  const ttl = options.ttlMs ?? (variable === undefined ? undefined : "keep");
  return { kind: "set", name, value: { bytes, encoding: "" }, ttl, ifRevision: variable?.revision ?? 0 };
}
