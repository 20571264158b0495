import { ConstraintError } from "../errors.ts";
import type { EncodedValue } from "../values/types.ts";

/** Why a value does not fit. Neither text holds anything of the value but its keys. */
export interface Violation {
  /** Where inside the value, after the name of the variable: `config.tools[3]`. */
  readonly path: string;
  /** The keyword and what it says, as JSON that is cut when it is long: `maximum 2`, `required "name"`, `type ["string","null"]`. */
  readonly rule: string;
}

/** A schema that values are judged by. It keeps nothing of what it has judged. */
export interface Constraint {
  /**
   * Why the value does not fit, undefined when it does. The bytes of a msgpack value are one that `scanValue` accepts; any other
   * encoding does not fit. `name` begins the path.
   */
  check(value: EncodedValue, name?: string): Violation | undefined;
}

/** Makes constraints of schemas. The engine takes one, so that what is not declared costs nothing. */
export interface ConstraintValidator {
  /**
   * The constraint that a schema is, a JSON Schema as one msgpack value of the dialect.
   * @throws InvalidArgumentError INVALID_SCHEMA with `details.path`, a JSON pointer into the schema such as `#/properties/age`, and
   * `details.rule`, a SchemaRule.
   */
  compile(schema: Uint8Array): Constraint;
}

/** The error for a value that a declared variable refuses. */
export function constraintError(name: string, violation: Violation): ConstraintError {
  const { path, rule } = violation;
  return new ConstraintError(`${path} does not fit the declaration: ${rule}`, { details: { name, path, rule } });
}
