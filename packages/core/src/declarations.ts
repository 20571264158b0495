/** Declared variables: what is declared, and judging what a session has by it (semantics.md, section 8). Pure. */

import { type Applied, type Moment, NOTHING } from "./applied.ts";
import { type Constraint, type ConstraintValidator, constraintError } from "./constraints/constraint.ts";
import { LimitExceededError } from "./errors.ts";
import { sameBytes } from "./same-bytes.ts";
import { type Contents, type Declarations, declarationBytes } from "./session-contents.ts";

/** What all declarations of one session may count for. */
export const MAX_DECLARATIONS_BYTES = 1024 * 1024;

/** A declaration that was understood; without a constraint it ends the one there is. */
export interface Declare {
  readonly kind: "declare";
  readonly name: string;
  readonly schema: Uint8Array | undefined;
  readonly constraint: Constraint | undefined;
}

/** Understands a schema. Throws INVALID_SCHEMA. */
export function prepareDeclare<O extends { readonly schema: Uint8Array | undefined }>(operation: O, validator: ConstraintValidator) {
  // The bytes belong to a receive buffer, or may change.
  const schema = operation.schema && new Uint8Array(operation.schema);
  return { ...operation, schema, constraint: schema && validator.compile(schema) };
}

/** Declares a name; the same schema again changes nothing. */
export function declare(contents: Contents, { name, schema, constraint }: Declare, { revision }: Moment): Applied {
  const before = contents.declarations?.get(name);
  const isSame = schema === undefined ? before === undefined : before !== undefined && sameBytes(before.schema, schema);
  if (isSame) return { contents, result: { ...NOTHING, revision: before?.revision ?? 0 }, touched: [] };
  const declarations = new Map(contents.declarations);
  if (schema === undefined || constraint === undefined) declarations.delete(name);
  else declarations.set(name, { name, schema, revision, constraint });
  checkDeclarations(contents.declarations, declarations);
  const result = { ...NOTHING, applied: true, revision: schema === undefined ? 0 : revision };
  return { contents: { ...contents, declarations }, result, touched: [[name, contents.store.variable(name)]] };
}

/** Throws CONSTRAINT_VIOLATED when one of these names has a value that does not fit what it is declared as. */
export function judge({ store, declarations }: Contents, names: Iterable<string>): void {
  if (declarations === undefined || declarations.size === 0) return;
  for (const name of names) {
    const declared = declarations.get(name);
    const variable = declared && store.variable(name);
    const violation = variable && declared?.constraint.check(variable, name);
    if (violation) throw constraintError(name, violation);
  }
}

function checkDeclarations(before: Declarations | undefined, after: Declarations): void {
  const actual = declarationBytes(after);
  if (actual <= MAX_DECLARATIONS_BYTES || (before !== undefined && actual <= declarationBytes(before))) return;
  throw new LimitExceededError(
    "DECLARATIONS_TOO_LARGE",
    `the session's declarations would have ${actual} bytes; at most ${MAX_DECLARATIONS_BYTES} are allowed`,
    { details: { limit: "declarationsBytes", limitValue: MAX_DECLARATIONS_BYTES, actual } },
  );
}
