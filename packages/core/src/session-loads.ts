/** What is read of sessions from the store, and who waits for it. */
import type { ConstraintValidator } from "./constraints/constraint.ts";
import { DataLossError, StoreUnavailableError } from "./errors.ts";
import { type KeptVariable, kept } from "./kept-variable.ts";
import type { SessionSource } from "./observed-loads.ts";
import type { Declaration, LoadedVariable, SessionKey, StoredSession, StoredVariable } from "./persistence.ts";
import type { Declared } from "./session-contents.ts";
import { SessionHistory } from "./session-history.ts";
import type { Head } from "./session-state.ts";
import { VariableStore } from "./variable-store.ts";

/** Reads heads and values, and keeps count of what is under way. */
export class SessionLoads {
  readonly #persistence: SessionSource;
  readonly #validator: () => Promise<ConstraintValidator>;
  readonly #running = new Set<Promise<unknown>>();

  constructor(persistence: SessionSource, validator: () => Promise<ConstraintValidator>) {
    this.#persistence = persistence;
    this.#validator = validator;
  }

  /** Values up to 4 KiB come with the session; the others when somebody asks for them. */
  async head(key: SessionKey): Promise<Head | undefined> {
    const session = await this.#persistence.load(key);
    return session && loadedHead(session, await this.#judgesOf(session));
  }

  /** What understands the session's declarations: turns cannot wait for it. */
  async #judgesOf({ declarations }: StoredSession): Promise<ConstraintValidator | undefined> {
    return declarations === undefined || declarations.length === 0 ? undefined : this.#validator();
  }

  /** Reads large values of a session; says whether all of them were still there. Rejects as the store does. */
  values(key: SessionKey, away: readonly KeptVariable[]): Promise<boolean> {
    return this.whileRunning(
      Promise.all(withoutNamesakes(away).map((some) => this.#arrive(key, some))).then((complete) => complete.every(Boolean)),
    );
  }

  async #arrive(key: SessionKey, away: readonly KeptVariable[]): Promise<boolean> {
    const refs = away.map(({ name, revision }) => ({ name, revision }));
    const values = await this.#persistence.loadValues(key, refs);
    const found = away.filter(({ name }) => values.has(name));
    for (const variable of found) variable.arrive(values.get(variable.name));
    return found.length === away.length;
  }

  /** What it means that a value was not there any more. */
  valueMissing(): Error {
    const { shared } = this.#persistence.capabilities;
    return shared ? new Error("the store has other revisions") : new DataLossError("the store has the variable but not its value");
  }

  /** `settled` waits for this, however it ends. */
  whileRunning<T>(work: Promise<T>): Promise<T> {
    const ended = () => void this.#running.delete(work);
    this.#running.add(work);
    work.then(ended, ended);
    return work;
  }

  /** Whether nothing is under way. */
  get idle(): boolean {
    return this.#running.size === 0;
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    while (!this.idle) await Promise.allSettled(this.#running);
  }
}

/** In lists without a name twice, which a store answers one by one: a history has many values of one name. */
function withoutNamesakes(away: readonly KeptVariable[]): readonly (readonly KeptVariable[])[] {
  const lists: KeptVariable[][] = [];
  for (const variables of Map.groupBy(away, ({ name }) => name).values()) {
    for (const [i, variable] of variables.entries()) {
      const list = lists[i] ?? [];
      lists[i] = list;
      list.push(variable);
    }
  }
  return lists;
}

/** A session at rest as a head. Throws DataLossError when it has a declaration that nobody could have made. */
function loadedHead(
  { record, variables, history, checkpoints, declarations }: StoredSession,
  validator: ConstraintValidator | undefined,
): Head {
  const store = VariableStore.of(variables.map(kept));
  // What a checkpoint and the session have in common is one variable.
  const one = (variable: LoadedVariable): StoredVariable => {
    const present = store.variable(variable.name);
    return present?.revision === variable.revision ? present : kept(variable);
  };
  return {
    record,
    store,
    history: history && SessionHistory.of(history),
    checkpoints:
      checkpoints && new Map(checkpoints.map((named) => [named.label, { ...named, store: VariableStore.of(named.variables.map(one)) }])),
    declarations:
      declarations && validator && new Map(declarations.map((declaration) => [declaration.name, declared(declaration, validator)])),
  };
}

function declared(declaration: Declaration, validator: ConstraintValidator): Declared {
  try {
    return { ...declaration, constraint: validator.compile(declaration.schema) };
  } catch (cause) {
    throw new DataLossError("what the variable is declared as cannot be read", { details: { name: declaration.name }, cause });
  }
}

/** How often values are asked for that another manager changes meanwhile. */
export const FETCH_TRIES = 3;

/** Loaded anew, and again the store names a value that it does not have: damage, unless others change it all the time. */
export const valueMissing = (shared: boolean, name: string): StoreUnavailableError | DataLossError =>
  shared
    ? new StoreUnavailableError("the values changed each time they were read", { details: { name } })
    : new DataLossError("the store has the variable but not its value", { details: { name } });
