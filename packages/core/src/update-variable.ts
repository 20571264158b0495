/** The compare-and-set loop behind `updateVariable`. */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { DeadlineExceededError, RevisionMismatchError } from "./errors.ts";
import type { StoredVariable } from "./persistence.ts";
import type { UpdateVariableOptions } from "./session.ts";
import { refuse } from "./session-options.ts";
import type { SessionContext } from "./session-over-port.ts";
import type { Operation, Update } from "./session-port.ts";
import { conform, decodeVariable } from "./session-values.ts";
import { backoffMs, wait } from "./waiting.ts";

/**
 * Two attempts collide when they overlap, so waits are counted in attempts: up to one attempt long at first, however fast or loaded the way
 * to the store is, and doubled at each collision. A handle remembers how crowded it was, losing half a doubling at each success: with
 * fifty writers of one variable two attempts an update suffice, where starting over each time takes four.
 */
const MOST_DOUBLINGS = 6;
const LEAST_ATTEMPT_MS = 1;
const MOST_BACKOFF_MS = 1_000;
const RELIEF = 0.5;

/** How crowded a session handle found its variables lately, in doublings of the wait; below 0 nobody else was there. */
export interface Contention {
  doublings: number;
}

/** What a new handle supposes. */
export const noContention = (): Contention => ({ doublings: -1 });

/** What is updated, and how an update of it is sent. */
export interface UpdateTarget {
  readonly context: SessionContext;
  readonly sessionId: string;
  readonly name: string;
  readonly contention: Contention;
  /** Makes a request of one operation, with what the handle says about creating the session. */
  readonly request: (operation: Operation) => Update;
}

type Options = UpdateVariableOptions & { readonly schema?: StandardSchemaV1 };

/** Replaces a value by `fn` of it and gives what was written; see `Session.updateVariable`. */
export async function updateVariable(target: UpdateTarget, fn: (value: unknown) => unknown, options: Options): Promise<unknown> {
  const { port, clock, random, timeoutMs: defaultTimeoutMs } = target.context;
  const { contention } = target;
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
    const startedAt = clock.monotonic();
    const reading = await port.getVariable(target.sessionId, target.name, remaining(attempt - 1));
    const bytes = await replacement(target, reading.variable, fn, options);
    try {
      await port.update(target.sessionId, target.request(writeOver(target.name, reading.variable, bytes, options)), remaining(attempt));
      contention.doublings = Math.max(contention.doublings - RELIEF, -1);
      return target.context.codec.decode(bytes, { integers: target.context.integers });
    } catch (error) {
      if (!(error instanceof RevisionMismatchError) || attempt >= attempts) throw error;
    }
    contention.doublings = Math.min(contention.doublings + 1, MOST_DOUBLINGS);
    const attemptMs = Math.max(clock.monotonic() - startedAt, LEAST_ATTEMPT_MS);
    const delayMs = backoffMs(random, contention.doublings, attemptMs, MOST_BACKOFF_MS);
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
  const { name, context } = target;
  let before: unknown = options.default;
  if (variable !== undefined) {
    before = decodeVariable(variable, context.integers, "not_applied", context.codec);
    if (options.schema !== undefined) before = await conform(options.schema, before, name);
  }
  // Judged before `fn` runs, which may change what it is given.
  const hadValue = before !== undefined && before !== null;
  const after = await fn(before);
  if (after === undefined) throw refuse(`the function given for ${JSON.stringify(name)} returned undefined: did it forget to return?`);
  if (after === null && hadValue && !options.allowNull) {
    throw refuse(`the function given for ${JSON.stringify(name)} returned null instead of a value; say allowNull if that is meant`);
  }
  return variable === undefined ? context.codec.encode(after, { name }) : context.codec.encodeOver(after, variable.bytes, { name });
}

function writeOver(name: string, variable: StoredVariable | undefined, bytes: Uint8Array, options: Options): Operation {
  const ttl = options.ttlMs ?? (variable === undefined ? undefined : "keep");
  return { kind: "set", name, value: { bytes, encoding: "" }, ttl, ifRevision: variable?.revision ?? 0 };
}
