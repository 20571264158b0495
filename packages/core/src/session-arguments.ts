/** What the methods of `Session` make of arguments that can be given in several ways. */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { checkPrefix, checkSessionId } from "./names.ts";
import type * as api from "./session.ts";
import { checkOptions, distinctNames, isPlainObject, isSchema, OPTIONS, refuse } from "./session-options.ts";
import type { ForkOptions } from "./session-past.ts";
import type { CallOptions } from "./session-port.ts";

/** The validator and the options of a method that takes both, or either. */
export function schemaAndOptions(
  method: string,
  schemaOrOptions: StandardSchemaV1 | CallOptions | undefined,
  more: CallOptions | undefined,
): [StandardSchemaV1 | undefined, CallOptions] {
  if (isSchema(schemaOrOptions)) return [schemaOrOptions as StandardSchemaV1, checkOptions(method, more, OPTIONS.call)];
  if (more !== undefined) throw refuse(`${method} takes a standard-schema validator before its options`);
  return [undefined, checkOptions(method, schemaOrOptions as CallOptions | undefined, OPTIONS.call)];
}

/** What `getMany` reads. */
export function selectionOf(names: api.Names): { readonly names: readonly string[] } | { readonly prefix: string } {
  const listed = distinctNames(names);
  if (listed !== undefined) return { names: listed };
  if (!isPlainObject(names) || Object.keys(names).join() !== "prefix") throw refuse("getMany takes an iterable of names, or { prefix }");
  const { prefix } = names as { readonly prefix: string };
  checkPrefix(prefix);
  return { prefix };
}

/** The id, undefined when the copy is to be given one, and the options of `fork`: an id that is there and undefined is no wish for a new one. */
export function forkArguments(given: readonly [idOrOptions?: unknown, more?: unknown]): ForkOptions & { readonly id: string | undefined } {
  const [first, more] = given;
  const isNamed = given.length > 0 && !isPlainObject(first);
  if (!isNamed && more !== undefined) throw refuse("fork takes the id of the copy before its options");
  const options = checkOptions("fork", (isNamed ? more : first) as ForkOptions | undefined, OPTIONS.fork);
  if (isNamed) checkSessionId(first as string);
  return { ...options, id: isNamed ? (first as string) : undefined };
}
