/** Transactions as people see them, and trying again those that met somebody else. */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { untilAlone } from "./contention.ts";
import { checkName } from "./names.ts";
import type * as api from "./session.ts";
import { appending, deletion, incrementing, merging, setting, settings } from "./session-changes.ts";
import { COLLECTED_OPTIONS, checkOptions, distinctNames, isSchema, refuse } from "./session-options.ts";
import type { SessionContext, SessionHandle } from "./session-over-port.ts";
import type { Collected, Transaction, TransactOptions } from "./session-transaction.ts";
import { conform, decodeOneOfMany, decodeVariable } from "./session-values.ts";
import { type TransactionManner, TransactionState } from "./transaction-state.ts";

type Body<R> = (t: Transaction) => R | Promise<R>;

/** See `Session.transaction`. */
export function transaction<R>(handle: SessionHandle, fn: Body<R>, manner: TransactionManner): Promise<R> {
  // One whose signal is aborted already is not begun.
  manner.call();
  return run(handle, fn, new TransactionState(handle, manner));
}

/** See `Session.transact`. */
export function transact<R>(handle: SessionHandle, fn: Body<R>, options: TransactOptions): Promise<R> {
  const { context, contention } = handle;
  const { signal, timeoutMs = context.timeoutMs, attempts } = options;
  const { clock, random } = context;
  const failure = "the transaction was not committed";
  return untilAlone({ clock, random, contention, failure, call: { signal, timeoutMs }, attempts }, async (left) => {
    const state = new TransactionState(handle, { checkReads: true, call: left });
    try {
      return { result: await run(handle, fn, state) };
    } catch (error) {
      // A conflict of something else that `fn` does is not one that trying again is asked for.
      if (state.conflict === undefined || error !== state.conflict) throw error;
      return { lost: state.conflict };
    }
  });
}

async function run<R>({ context }: SessionHandle, fn: Body<R>, state: TransactionState): Promise<R> {
  try {
    const result = await fn(new OpenTransaction(context, state));
    await state.commit();
    return result;
  } finally {
    state.close();
  }
}

class OpenTransaction implements Transaction {
  readonly #context: SessionContext;
  readonly #state: TransactionState;

  constructor(context: SessionContext, state: TransactionState) {
    this.#context = context;
    this.#state = state;
  }

  async get(name: string, schema?: StandardSchemaV1): Promise<unknown> {
    if (schema !== undefined && !isSchema(schema))
      throw refuse("get takes a standard-schema validator; a transaction's reads have no options");
    checkName(name);
    const variable = await this.#state.variable(name);
    if (variable === undefined) return undefined;
    const { integers, codec } = this.#context;
    const value = decodeVariable(variable, integers, "not_applied", codec);
    return schema === undefined ? value : conform(schema, value, name);
  }

  async getMany(names: Iterable<string>): Promise<Map<string, unknown>> {
    const distinct = distinctNames(names);
    if (distinct === undefined) throw refuse("a transaction reads variables by their names: getMany takes an iterable of names");
    const { integers, codec } = this.#context;
    const variables = await this.#state.variables(distinct);
    return new Map(variables.map((variable) => [variable.name, decodeOneOfMany(variable, integers, codec)]));
  }

  async has(name: string): Promise<boolean> {
    checkName(name);
    return (await this.#state.variable(name)) !== undefined;
  }

  set(name: string, value: unknown, options?: Collected<api.SetOptions>): void {
    this.#state.write(setting(this.#context.codec, name, value, checkOptions("set", options, COLLECTED_OPTIONS.set)));
  }

  setMany(values: api.Values, options?: Collected<api.WriteOptions>): void {
    const writes = settings(this.#context.codec, values, checkOptions("setMany", options, COLLECTED_OPTIONS.write));
    this.#state.checkOpen();
    for (const write of writes) this.#state.write(write);
  }

  delete(name: string, options?: Collected<api.ConditionOptions>): void {
    this.#state.write(deletion(name, checkOptions("delete", options, COLLECTED_OPTIONS.condition)));
  }

  increment(name: string, by: number | bigint = 1, options?: Collected<api.ConditionOptions>): void {
    this.#state.write(incrementing(this.#context.codec, name, by, checkOptions("increment", options, COLLECTED_OPTIONS.condition)));
  }

  append(name: string, value: readonly unknown[] | string | Uint8Array, options?: Collected<api.AppendOptions>): void {
    this.#state.write(appending(this.#context.codec, name, value, checkOptions("append", options, COLLECTED_OPTIONS.append)));
  }

  merge(name: string, values: api.Values, options?: Collected<api.MergeOptions>): void {
    this.#state.write(merging(this.#context.codec, name, values, checkOptions("merge", options, COLLECTED_OPTIONS.merge)));
  }
}
