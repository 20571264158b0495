/** The one implementation of `Session`, over whatever port keeps the variables. */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Clock, Random } from "./clock.ts";
import { type Outcome, SessionNotFoundError } from "./errors.ts";
import { checkName, checkPrefix } from "./names.ts";
import type * as api from "./session.ts";
import { checkOptions, isPlainObject, isSchema, OPTIONS, refuse } from "./session-options.ts";
import type {
  CallOptions,
  Operation,
  OperationChange,
  OperationResult,
  SessionDefaults,
  SessionInfo,
  SessionPort,
  Update,
  VariableInfo,
} from "./session-port.ts";
import { conform, decodeOneOfMany, decodeVariable, entriesOf, type Integers, infoOf, type ValueCodec } from "./session-values.ts";
import { snapshots, waitFor, watchChanges } from "./session-watch.ts";
import { noContention, updateVariable } from "./update-variable.ts";
import { type EncodedValue, typeNameOf } from "./values/index.ts";
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

/** The session of this id; the id is checked already. */
export const sessionOver = (context: SessionContext, id: string, creation: SessionCreation = {}): api.Session =>
  new PortSession(context, id, creation);

class PortSession implements api.Session {
  readonly id: string;
  readonly #context: SessionContext;
  readonly #creation: SessionCreation;
  readonly #contention = noContention();

  constructor(context: SessionContext, id: string, creation: SessionCreation) {
    this.id = id;
    this.#context = context;
    this.#creation = creation;
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
    const { ttlMs, ...rest } = checkOptions("set", options, OPTIONS.set);
    checkName(name);
    return (await this.#change(name, { kind: "set", value: this.#encoded(name, value), ttl: ttlMs }, rest)).revision;
  }

  async setMany(values: api.Values, options?: api.WriteOptions): Promise<number> {
    const { ttlMs: ttl } = checkOptions("setMany", options, OPTIONS.write);
    const operations = entriesOf("setMany", values).map(([name, value]): Operation => {
      checkName(name);
      return { kind: "set", name, value: this.#encoded(name, value), ttl };
    });
    if (operations.length === 0) return this.#revision(options);
    return (await this.#context.port.update(this.id, { ...this.#creation, operations }, this.#call(options))).sessionRevision;
  }

  async delete(name: string, options?: api.ConditionOptions): Promise<boolean> {
    checkOptions("delete", options, OPTIONS.condition);
    checkName(name);
    return (await this.#change(name, { kind: "delete" }, options)).applied;
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
    checkOptions("increment", options, OPTIONS.condition);
    checkName(name);
    const { codec, integers } = this.#context;
    const operator = operand(codec, "increment", name, by, ["integer", "float"]);
    const result = await this.#change(name, { kind: "increment", by: operator }, options);
    return codec.decode(result.number ?? NOTHING, { integers }) as number | bigint;
  }

  async append(name: string, value: readonly unknown[] | string | Uint8Array, options?: api.AppendOptions): Promise<number> {
    const { keepLast, ...rest } = checkOptions("append", options, OPTIONS.append);
    checkName(name);
    const bytes = operand(this.#context.codec, "append", name, value, ["list", "string", "bytes"]);
    return (await this.#change(name, { kind: "append", value: bytes, keepLast }, rest)).count;
  }

  async merge(name: string, values: api.Values, options?: api.MergeOptions): Promise<number> {
    const { path = [], remove = [], ...rest } = checkOptions("merge", options, OPTIONS.merge);
    checkName(name);
    const entries = entriesOf("merge", values).filter(([, value]) => value !== undefined);
    const bytes = entries.length === 0 ? undefined : this.#context.codec.encode(new Map(entries), { name });
    return (await this.#change(name, { kind: "merge", values: bytes, path, remove }, rest)).revision;
  }

  async pop(name: string, options?: api.PopOptions): Promise<unknown> {
    const { default: fallback, ...rest } = checkOptions("pop", options, OPTIONS.pop);
    checkName(name);
    const { previous } = await this.#change(name, { kind: "delete" }, rest, true);
    return previous === undefined ? fallback : this.#decoded(previous, "unknown");
  }

  async setDefault(name: string, value: unknown, options?: api.WriteOptions): Promise<unknown> {
    const { ttlMs: ttl, ...rest } = checkOptions("setDefault", options, OPTIONS.write);
    checkName(name);
    const stored = this.#encoded(name, value);
    const { applied, previous } = await this.#change(name, { kind: "set", value: stored, ttl, ifMissing: true }, rest);
    return this.#decoded(applied || previous === undefined ? { name, ...stored } : previous);
  }

  // The number of arguments tells `clear()` from `clear(undefined)`, which is a mistake that must not delete everything.
  async clear(...given: [prefix?: string, options?: CallOptions]): Promise<number> {
    const [prefix = given.length === 0 ? "" : undefined, options] = given;
    checkOptions("clear", options, OPTIONS.call);
    checkPrefix(prefix as string);
    return (await this.#change("", { kind: "clear", prefix: prefix as string }, options)).count;
  }

  async updateVariable(name: string, fn: (value: never) => unknown, options?: api.UpdateVariableOptions): Promise<unknown> {
    const checked = checkOptions("updateVariable", options, OPTIONS.update);
    checkName(name);
    if (typeof fn !== "function") throw refuse("updateVariable takes a function of the value");
    const request = (operation: Operation): Update => ({ ...this.#creation, operations: [operation] });
    const target = { context: this.#context, sessionId: this.id, name, contention: this.#contention, request };
    return updateVariable(target, fn as (value: unknown) => unknown, checked);
  }

  watch(options?: api.WatchOptions): api.ChangeStream {
    const checked = checkOptions("watch", options, OPTIONS.watch);
    if (checked.names !== undefined && checked.prefix !== undefined) throw refuse("watch takes names or a prefix, not both");
    return watchChanges(this.#context, this.id, checked);
  }

  snapshots(options?: api.SnapshotsOptions): api.SnapshotStream {
    return snapshots(this.#context, this.id, checkOptions("snapshots", options, OPTIONS.snapshots));
  }

  async waitFor(name: string, predicate: (value: unknown) => unknown, options?: api.WaitForOptions): Promise<unknown> {
    const checked = checkOptions("waitFor", options, OPTIONS.call);
    checkName(name);
    if (typeof predicate !== "function") throw refuse("waitFor takes a function of the value");
    return waitFor(this.#context, this.id, name, predicate, { ...checked, ...this.#call(options) });
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

  #encoded(name: string, value: unknown): EncodedValue & { readonly encoding: "" } {
    return { bytes: this.#context.codec.encode(value, { name }), encoding: "" };
  }

  #decoded(variable: EncodedValue & { readonly name: string }, outcome?: Outcome): unknown {
    return decodeVariable(variable, this.#context.integers, outcome, this.#context.codec);
  }

  #call(options: CallOptions | undefined): CallOptions {
    if (options?.signal?.aborted) throw cancelled(options.signal);
    return { signal: options?.signal, timeoutMs: options?.timeoutMs ?? this.#context.timeoutMs };
  }

  async #change(
    name: string,
    change: OperationChange,
    { ifRevision, ...call }: api.ConditionOptions = {},
    wantPrevious = false,
  ): Promise<OperationResult> {
    const operation: Operation = { ...change, name, ifRevision, wantPrevious };
    const { results } = await this.#context.port.update(this.id, { ...this.#creation, operations: [operation] }, this.#call(call));
    return results[0] as OperationResult;
  }
}

const NOTHING = new Uint8Array(0);

function schemaAndOptions(
  method: string,
  schemaOrOptions: StandardSchemaV1 | CallOptions | undefined,
  more: CallOptions | undefined,
): [StandardSchemaV1 | undefined, CallOptions] {
  if (isSchema(schemaOrOptions)) return [schemaOrOptions as StandardSchemaV1, checkOptions(method, more, OPTIONS.call)];
  if (more !== undefined) throw refuse(`${method} takes a standard-schema validator before its options`);
  return [undefined, checkOptions(method, schemaOrOptions as CallOptions | undefined, OPTIONS.call)];
}

function selectionOf(names: api.Names): { readonly names: readonly string[] } | { readonly prefix: string } {
  if (typeof names === "object" && names !== null && Symbol.iterator in names) {
    const distinct = [...new Set(names)];
    for (const name of distinct) checkName(name);
    return { names: distinct };
  }
  if (!isPlainObject(names) || Object.keys(names).join() !== "prefix") throw refuse("getMany takes an iterable of names, or { prefix }");
  const { prefix } = names as { readonly prefix: string };
  checkPrefix(prefix);
  return { prefix };
}

/** The encoded operand of `increment` or `append`, of one of these types. */
function operand(codec: ValueCodec, method: string, name: string, value: unknown, types: readonly string[]): Uint8Array {
  const bytes = codec.encode(value, { name });
  const type = typeNameOf({ bytes, encoding: "" });
  if (types.includes(type)) return bytes;
  const hint = method === "append" ? "; to add one item: append(name, [item])" : "";
  throw refuse(`${method} takes ${types.join(", ")}, not ${type}${hint}`);
}
