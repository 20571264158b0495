/** What a session has beside its record, at one revision. Immutable: a change gives another one, and both share what is the same. */
import type { Constraint } from "./constraints/constraint.ts";
import type { CheckpointRecord, Declaration } from "./persistence.ts";
import type { SessionHistory } from "./session-history.ts";
import { VariableStore } from "./variable-store.ts";

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

/** What names are declared as. */
export type Declarations = ReadonlyMap<string, Declared>;

/** A declaration, and what it judges by. */
export interface Declared extends Declaration {
  readonly constraint: Constraint;
}

/** What a session has that does not exist yet. */
export const NO_CONTENTS: Contents = { store: VariableStore.create() };
