/** The compare-and-set loop behind `updateVariable`. */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { untilAlone } from "./contention.ts";
import { RevisionMismatchError } from "./errors.ts";
import type { StoredVariable } from "./persistence.ts";
import type { UpdateVariableOptions } from "./session.ts";
import { refuse } from "./session-options.ts";
import type { SessionContext, SessionHandle } from "./session-over-port.ts";
import type { Operation } from "./session-port.ts";
import { conform, decodeVariable } from "./session-values.ts";

type Options = UpdateVariableOptions & { readonly schema?: StandardSchemaV1 };

/** Replaces a value by `fn` of it and gives what was written; see `Session.updateVariable`. */
export function updateVariable(
  { context, id, creation, contention }: SessionHandle,
  name: string,
  fn: (value: unknown) => unknown,
  options: Options,
): Promise<unknown> {
  const { port, clock, random, codec, integers } = context;
  const { signal, timeoutMs = context.timeoutMs, attempts } = options;
  const failure = `${JSON.stringify(name)} was not updated`;
  return untilAlone({ clock, random, contention, failure, name, call: { signal, timeoutMs }, attempts }, async (left) => {
    const { variable } = await port.getVariable(id, name, left());
    const bytes = await replacement(context, name, variable, fn, options);
    try {
      await port.update(id, { ...creation, operations: [writeOver(name, variable, bytes, options)] }, left());
    } catch (error) {
      if (error instanceof RevisionMismatchError) return { lost: error };
      throw error;
    }
    return { result: codec.decode(bytes, { integers }) };
  });
}

/** What `fn` makes of the value, encoded over the bytes that are there. */
async function replacement(
  context: SessionContext,
  name: string,
  variable: StoredVariable | undefined,
  fn: (value: unknown) => unknown,
  options: Options,
): Promise<Uint8Array> {
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
