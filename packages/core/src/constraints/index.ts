/**
 * Declared variables: schemas, and judging encoded values by them. Importing this loads the pattern engine, 7 ms and 5 MB; what only needs the
 * types imports `constraint.ts`.
 */
import { compileSchema } from "./compile.ts";
import type { ConstraintValidator } from "./constraint.ts";

export { type Constraint, type ConstraintValidator, constraintError, type Violation } from "./constraint.ts";
export type { SchemaRule } from "./schema-error.ts";
export * from "./schema-limits.ts";

/** The validator of semantics.md, section 8: a JSON Schema 2020-12 subset, interpreted. */
export const constraintValidator: ConstraintValidator = { compile: compileSchema };
