/** What a session has beside its record, at one revision. Immutable: a change gives another one, and both share what is the same. */
import type { Constraint } from "./constraints/constraint.ts";
import type { CheckpointRecord, Declaration } from "./persistence.ts";
import type { SessionHistory } from "./session-history.ts";
import { utf8Size } from "./values/utf8.ts";
import { footprint, VariableStore } from "./variable-store.ts";

/** The variables, and the sections that the session has. */
export interface Contents {
  readonly store: VariableStore;
  readonly history?: SessionHistory | undefined;
  readonly checkpoints?: Checkpoints | undefined;
  readonly declarations?: Declarations | undefined;
}

/** The named states of a session, by label, oldest first. */
export type Checkpoints = ReadonlyMap<string, Checkpoint>;

/** A named state. */
export interface Checkpoint extends CheckpointRecord {
  readonly store: VariableStore;
}

/** How much something holds: how many values, and the bytes of their names and of them. */
export interface Held {
  readonly size: number;
  readonly sizeBytes: number;
}

const held = new WeakMap<Checkpoints, Held>();

/** What checkpoints hold; what several of them hold counts once. Looked at once for each set of them. */
export function heldBy(checkpoints: Checkpoints): Held {
  const known = held.get(checkpoints);
  if (known !== undefined) return known;
  const counted = new Set<string>();
  let sizeBytes = 0;
  for (const { store } of checkpoints.values()) {
    for (const variable of store.variables()) {
      const value = `${variable.name}\0${variable.revision}`;
      if (counted.has(value)) continue;
      counted.add(value);
      sizeBytes += footprint(variable);
    }
  }
  const found = { size: counted.size, sizeBytes };
  held.set(checkpoints, found);
  return found;
}

/** What names are declared as. */
export type Declarations = ReadonlyMap<string, Declared>;

/** A declaration, and what it judges by. */
export interface Declared extends Declaration {
  readonly constraint: Constraint;
}

/** A declaration as stores and callers have it, without what it judges by. */
export const declarationOf = ({ name, schema, revision }: Declared): Declaration => ({ name, schema, revision });

/** What a declaration counts for beside its name and its schema, so that there cannot be too many of them. */
const DECLARATION_BYTES = 64;

/** What declarations count for: names, schemas, and a little for each. */
export function declarationBytes(declarations: Declarations): number {
  let bytes = declarations.size * DECLARATION_BYTES;
  for (const { name, schema } of declarations.values()) bytes += utf8Size(name) + schema.length;
  return bytes;
}

/** What a session has that does not exist yet. */
export const NO_CONTENTS: Contents = { store: VariableStore.create() };
