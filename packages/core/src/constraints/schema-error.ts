import { type ErrorDetails, InvalidArgumentError } from "../errors.ts";
import type { DialectRule } from "../values/types.ts";

/** What is wrong with a schema: the `details.rule` of INVALID_SCHEMA. A name of a limit comes with `limit`, `limitValue` and `actual`. */
export type SchemaRule =
  | "unknown_keyword"
  | "keyword_value"
  | "pattern"
  | "unresolved_ref"
  | "endless_ref"
  | "not_json"
  | "limit"
  | DialectRule;

/** Longer names are cut in pointers, which travel in error details. */
const MAX_NAME_LENGTH = 64;

/** Where a name or index leads from a place in a schema, as RFC 6901 escapes it: `#/properties/a~1b`. */
export function pointerTo(pointer: string, name: string | number): string {
  const text = typeof name === "string" && name.length > MAX_NAME_LENGTH ? `${name.slice(0, MAX_NAME_LENGTH)}…` : String(name);
  return `${pointer}/${text.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

/** The error for a schema that cannot be used, at a place in it. */
export function refuseSchema(pointer: string, rule: SchemaRule, problem: string, more: ErrorDetails = {}): InvalidArgumentError {
  const text = `the schema cannot be used: ${pointer}: ${problem}`;
  return new InvalidArgumentError("INVALID_SCHEMA", text.toWellFormed(), { details: { ...more, path: pointer.toWellFormed(), rule } });
}

/** The error for more than a limit allows. */
export function refuseExcess(pointer: string, limit: string, what: string, limitValue: number, actual: number): InvalidArgumentError {
  return refuseSchema(pointer, "limit", `${what}: ${actual}, at most ${limitValue}`, { limit, limitValue, actual });
}
