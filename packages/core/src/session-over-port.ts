/** The one implementation of `Session`, over whatever port keeps the variables. */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Clock, Random } from "./clock.ts";
import { type Contention, noContention } from "./contention.ts";
import { edit } from "./edit.ts";
import { type Outcome, SessionNotFoundError } from "./errors.ts";
import { checkCheckpointLabel, checkName, checkPrefix, checkTtlMs } from "./names.ts";
import { history, jsonSchemaOf } from "./past-calls.ts";
import type * as api from "./session.ts";
import { forkArguments, schemaAndOptions, selectionOf } from "./session-arguments.ts";
import { appending, deletion, incrementing, merging, setting, settings } from "./session-changes.ts";
import { checkOptions, OPTIONS, refuse, wholeFrom } from "./session-options.ts";
import type { DeclaredSchema, ForkOptions, HistoryEntry, HistoryOptions, JsonSchema } from "./session-past.ts";
import type {
  CallOptions,
  CheckpointInfo,
  Operation,
  OperationResult,
  SessionDefaults,
  SessionInfo,
  SessionPort,
  SessionTtl,
  VariableInfo,
} from "./session-port.ts";
import type * as told from "./session-told.ts";
import type { Transaction, TransactionOptions, TransactOptions } from "./session-transaction.ts";
import { conform, decodeOneOfMany, decodeVariable, type Integers, infoOf, type ValueCodec } from "./session-values.ts";
import { snapshots, waitFor, watchChanges } from "./session-watch.ts";
import { transact, transaction } from "./transaction.ts";
import { updateVariable } from "./update-variable.ts";
import type { EncodedValue } from "./values/index.ts";
import { cancelled } from "./waiting.ts";

/** What all sessions of one manager or bridge share. */
export interface SessionContext {
  readonly port: SessionPort;
  readonly codec: ValueCodec;
  readonly integers: Integers;
  /** For calls that say nothing. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly random: Random;
}

/** What a session's writes say about making the session. */
export interface SessionCreation {
  readonly mustExist?: boolean;
  readonly defaults?: SessionDefaults;
}

/** A handle of a session, as what is more than one request needs it. */
export interface SessionHandle {
  readonly context: SessionContext;
  readonly id: string;
  readonly creation: SessionCreation;
  readonly contention: Contention;
}

/** The session of this id; the id is checked already. */
export const sessionOver = (context: SessionContext, id: string, creation: SessionCreation = {}): api.Session =>
  new PortSession(context, id, creation);

class PortSession implements api.Session {
  readonly id: string;
  readonly #context: SessionContext;
  readonly #creation: SessionCreation;
  readonly #handle: SessionHandle;

  constructor(context: SessionContext, id: string, creation: SessionCreation) {
    this.id = id;
    this.#context = context;
    this.#creation = creation;
    this.#handle = { context, id, creation, contention: noContention() };
  }

  async get(name: string, schemaOrOptions?: StandardSchemaV1 | CallOptions, more?: CallOptions): Promise<unknown> {
    const [schema, options] = schemaAndOptions("get", schemaOrOptions, more);
    checkName(name);
    const { variable } = await this.#context.port.getVariable(this.id, name, { ...this.#call(options), valuesOnly: true });
    if (variable === undefined) return undefined;
    const value = this.#decoded(variable);
    return schema === undefined ? value : conform(schema, value, name);
  }

  // The declared type of the value is the interface's business: its overloads say what a schema gives.
  async getEntry<T>(name: string, schemaOrOptions?: StandardSchemaV1 | CallOptions, more?: CallOptions): Promise<api.Entry<T> | undefined> {
    const [schema, options] = schemaAndOptions("getEntry", schemaOrOptions, more);
    checkName(name);
    const { variable } = await this.#context.port.getVariable(this.id, name, this.#call(options));
    if (variable === undefined) return undefined;
    const value = this.#decoded(variable);
    return { ...infoOf(variable), value: (schema === undefined ? value : await conform(schema, value, name)) as T };
  }

  async getMany(names: api.Names, options?: CallOptions): Promise<Map<string, unknown>> {
    checkOptions("getMany", options, OPTIONS.call);
    const selection = selectionOf(names);
    if ("names" in selection && selection.names.length === 0) return new Map();
    const { port, codec, integers } = this.#context;
    const { variables } = await port.getVariables(this.id, selection, { ...this.#call(options), valuesOnly: true });
    return new Map(variables.map((variable) => [variable.name, decodeOneOfMany(variable, integers, codec)]));
  }

  getAll(options?: CallOptions): Promise<Map<string, unknown>> {
    return this.getMany({ prefix: "" }, options);
  }

  async set(name: string, value: unknown, options?: api.SetOptions): Promise<number> {
    const checked = checkOptions("set", options, OPTIONS.set);
    return (await this.#change(setting(this.#context.codec, name, value, checked), checked)).revision;
  }

  async setMany(values: api.Values, options?: api.WriteOptions): Promise<number> {
    const operations = settings(this.#context.codec, values, checkOptions("setMany", options, OPTIONS.write));
    if (operations.length === 0) return this.#revision(options);
    return (await this.#context.port.update(this.id, { ...this.#creation, operations }, this.#call(options))).sessionRevision;
  }

  async delete(name: string, options?: api.ConditionOptions): Promise<boolean> {
    const checked = checkOptions("delete", options, OPTIONS.condition);
    return (await this.#change(deletion(name, checked), checked)).applied;
  }

  async has(name: string, options?: CallOptions): Promise<boolean> {
    checkOptions("has", options, OPTIONS.call);
    checkName(name);
    const { variable } = await this.#context.port.getVariable(this.id, name, { ...this.#call(options), valuesOnly: true });
    return variable !== undefined;
  }

  async list(prefix = "", options?: CallOptions): Promise<readonly VariableInfo[]> {
    checkOptions("list", options, OPTIONS.call);
    checkPrefix(prefix);
    return (await this.#context.port.listVariables(this.id, prefix, this.#call(options))).variables;
  }

  async increment(name: string, by: number | bigint = 1, options?: api.ConditionOptions): Promise<number | bigint> {
    const checked = checkOptions("increment", options, OPTIONS.condition);
    const { codec, integers } = this.#context;
    const result = await this.#change(incrementing(codec, name, by, checked), checked);
    return codec.decode(result.number ?? NOTHING, { integers }) as number | bigint;
  }

  async append(name: string, value: readonly unknown[] | string | Uint8Array, options?: api.AppendOptions): Promise<number> {
    const checked = checkOptions("append", options, OPTIONS.append);
    return (await this.#change(appending(this.#context.codec, name, value, checked), checked)).count;
  }

  async merge(name: string, values: api.Values, options?: api.MergeOptions): Promise<number> {
    const checked = checkOptions("merge", options, OPTIONS.merge);
    return (await this.#change(merging(this.#context.codec, name, values, checked), checked)).revision;
  }

  async pop(name: string, options?: api.PopOptions): Promise<unknown> {
    const { default: fallback, ...checked } = checkOptions("pop", options, OPTIONS.pop);
    const { previous } = await this.#change({ ...deletion(name, checked), wantPrevious: true }, checked);
    return previous === undefined ? fallback : this.#decoded(previous, "unknown");
  }

  async setDefault(name: string, value: unknown, options?: api.WriteOptions): Promise<unknown> {
    const checked = checkOptions("setDefault", options, OPTIONS.write);
    const operation = setting(this.#context.codec, name, value, checked);
    const { applied, previous } = await this.#change({ ...operation, ifMissing: true }, checked);
    return this.#decoded(applied || previous === undefined ? { name, ...operation.value } : previous);
  }

  // The number of arguments tells `clear()` from `clear(undefined)`, which is a mistake that must not delete everything.
  async clear(...given: [prefix?: string, options?: CallOptions]): Promise<number> {
    const [prefix = given.length === 0 ? "" : undefined, options] = given;
    checkOptions("clear", options, OPTIONS.call);
    checkPrefix(prefix as string);
    return (await this.#change({ kind: "clear", name: "", prefix: prefix as string }, options)).count;
  }

  async updateVariable(name: string, fn: (value: never) => unknown, options?: api.UpdateVariableOptions): Promise<unknown> {
    const checked = checkOptions("updateVariable", options, OPTIONS.update);
    checkName(name);
    if (typeof fn !== "function") throw refuse("updateVariable takes a function of the value");
    return updateVariable(this.#handle, name, fn as (value: unknown) => unknown, checked);
  }

  async edit<T, R>(name: string, fn: (draft: T) => R | Promise<R>, options?: api.EditOptions): Promise<R> {
    const checked = checkOptions("edit", options, OPTIONS.edit);
    checkName(name);
    if (typeof fn !== "function") throw refuse("edit takes a function of the value to change");
    return edit(this.#handle, { name, default: checked.default }, fn as (draft: unknown) => R | Promise<R>, () => this.#call(checked));
  }

  async transaction<R>(fn: (t: Transaction) => R | Promise<R>, options?: TransactionOptions): Promise<R> {
    const checked = checkOptions("transaction", options, OPTIONS.transaction);
    if (typeof fn !== "function") throw refuse("transaction takes a function of a transaction");
    return transaction(this.#handle, fn, { checkReads: checked.checkReads ?? true, call: () => this.#call(checked) });
  }

  async transact<R>(fn: (t: Transaction) => R | Promise<R>, options?: TransactOptions): Promise<R> {
    const checked = checkOptions("transact", options, OPTIONS.transact);
    if (typeof fn !== "function") throw refuse("transact takes a function of a transaction");
    return transact(this.#handle, fn, checked);
  }

  watch(options?: told.WatchOptions): told.ChangeStream {
    const checked = checkOptions("watch", options, OPTIONS.watch);
    if (checked.names !== undefined && checked.prefix !== undefined) throw refuse("watch takes names or a prefix, not both");
    return watchChanges(this.#context, this.id, checked);
  }

  snapshots(options?: told.SnapshotsOptions): told.SnapshotStream {
    return snapshots(this.#context, this.id, checkOptions("snapshots", options, OPTIONS.snapshots));
  }

  async waitFor(name: string, predicate: (value: unknown) => unknown, options?: told.WaitForOptions): Promise<unknown> {
    const checked = checkOptions("waitFor", options, OPTIONS.call);
    checkName(name);
    if (typeof predicate !== "function") throw refuse("waitFor takes a function of the value");
    return waitFor(this.#context, this.id, name, predicate, { ...checked, ...this.#call(options) });
  }

  async expire(name: string, ttlMs: SessionTtl, options?: api.ConditionOptions): Promise<number> {
    const checked = checkOptions("expire", options, OPTIONS.condition);
    checkName(name);
    if (ttlMs !== "never") checkTtlMs(ttlMs);
    return (await this.#change({ kind: "expire", name, ttl: ttlMs, ifRevision: checked.ifRevision }, checked)).revision;
  }

  history(name: string, options?: HistoryOptions): AsyncIterable<HistoryEntry> {
    const { limit = Number.POSITIVE_INFINITY, ...checked } = checkOptions("history", options, OPTIONS.history);
    checkName(name);
    return history(this.#context, this.id, { name, limit }, () => this.#call(checked));
  }

  async restore(name: string, revision: number, options?: api.ConditionOptions): Promise<number> {
    const checked = checkOptions("restore", options, OPTIONS.condition);
    checkName(name);
    wholeFrom(1)(revision, "restore's revision");
    return (await this.#change({ kind: "restore", name, revision, ifRevision: checked.ifRevision }, checked)).revision;
  }

  async checkpoint(label: string, options?: CallOptions): Promise<number> {
    checkOptions("checkpoint", options, OPTIONS.call);
    checkCheckpointLabel(label);
    return (await this.#change({ kind: "checkpoint", name: "", label }, options)).revision;
  }

  async listCheckpoints(options?: CallOptions): Promise<readonly CheckpointInfo[]> {
    checkOptions("listCheckpoints", options, OPTIONS.call);
    return (await this.#context.port.listCheckpoints(this.id, this.#call(options))).checkpoints;
  }

  async deleteCheckpoint(label: string, options?: CallOptions): Promise<boolean> {
    checkOptions("deleteCheckpoint", options, OPTIONS.call);
    checkCheckpointLabel(label);
    return (await this.#change({ kind: "delete_checkpoint", name: "", label }, options)).applied;
  }

  async rollback(label: string, options?: CallOptions): Promise<number> {
    checkOptions("rollback", options, OPTIONS.call);
    checkCheckpointLabel(label);
    return (await this.#change({ kind: "rollback", name: "", label }, options)).count;
  }

  async declare(name: string, schema: DeclaredSchema | null, options?: CallOptions): Promise<number> {
    checkOptions("declare", options, OPTIONS.call);
    checkName(name);
    const encoded = schema === null ? undefined : this.#context.codec.encode(jsonSchemaOf(schema), { name });
    return (await this.#change({ kind: "declare", name, schema: encoded }, options)).revision;
  }

  async declarations(options?: CallOptions): Promise<Map<string, JsonSchema>> {
    checkOptions("declarations", options, OPTIONS.call);
    const { port, codec, integers } = this.#context;
    const { declarations } = await port.listDeclarations(this.id, this.#call(options));
    return new Map(declarations.map(({ name, schema }) => [name, codec.decode(schema, { integers }) as JsonSchema]));
  }

  async fork(...given: [idOrOptions?: string | ForkOptions, more?: ForkOptions]): Promise<api.Session> {
    const { id, ttlMs: ttl, labels, atRevision, ...call } = forkArguments(given);
    const info = await this.#context.port.forkSession(this.id, { id, ttl, labels, atRevision }, this.#call(call));
    return sessionOver(this.#context, info.id);
  }

  async touch(options?: api.TouchOptions): Promise<SessionInfo> {
    const { ttlMs } = checkOptions("touch", options, OPTIONS.touch);
    return this.#context.port.touchSession(this.id, ttlMs, this.#call(options));
  }

  async info(options?: CallOptions): Promise<SessionInfo> {
    checkOptions("info", options, OPTIONS.call);
    return this.#context.port.getSession(this.id, this.#call(options));
  }

  async destroy(options?: CallOptions): Promise<boolean> {
    checkOptions("destroy", options, OPTIONS.call);
    return (await this.#context.port.deleteSession(this.id, this.#call(options))).deleted;
  }

  async #revision(options: CallOptions | undefined): Promise<number> {
    try {
      return (await this.#context.port.getSession(this.id, this.#call(options))).revision;
    } catch (error) {
      if (error instanceof SessionNotFoundError) return 0;
      throw error;
    }
  }

  #decoded(variable: EncodedValue & { readonly name: string }, outcome?: Outcome): unknown {
    return decodeVariable(variable, this.#context.integers, outcome, this.#context.codec);
  }

  #call(options: CallOptions | undefined): CallOptions {
    if (options?.signal?.aborted) throw cancelled(options.signal);
    return { signal: options?.signal, timeoutMs: options?.timeoutMs ?? this.#context.timeoutMs };
  }

  async #change(operation: Operation, call: CallOptions | undefined): Promise<OperationResult> {
    const { results } = await this.#context.port.update(this.id, { ...this.#creation, operations: [operation] }, this.#call(call));
    return results[0] as OperationResult;
  }
}

const NOTHING = new Uint8Array(0);
