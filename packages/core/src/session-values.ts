/** Between the values that people hold and the bytes that a port carries. */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { BridgeError, DataLossError, type Outcome, SerializationError, TypeMismatchError } from "./errors.ts";
import type { StoredVariable } from "./persistence.ts";
import type { Values } from "./session.ts";
import { isPlainObject, refuse } from "./session-options.ts";
import type { VariableInfo } from "./session-port.ts";
import { decode, encode, encodeOver } from "./values/index.ts";

/** How integers are read: "auto" gives a number when it is a safe integer and else a bigint, "bigint" always a bigint. */
export type Integers = "auto" | "bigint";

/** What makes bytes of values and values of bytes. */
export interface ValueCodec {
  readonly encode: typeof encode;
  readonly encodeOver: typeof encodeOver;
  readonly decode: typeof decode;
}

/** The codec of docs/values.md; whoever measures it puts a wrapper in its place. */
export const valueCodec: ValueCodec = { encode, encodeOver, decode };

/** A variable as far as its value is concerned. */
interface Encoded {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly encoding: string;
}

/** Stands among the answers of `getMany` for a value that cannot be decoded here, so that it does not cost the reader the others. */
export class UndecodedValue {
  readonly name: string;
  /** The encoded value. */
  readonly bytes: Uint8Array;
  /** The name of its encoding; "" is msgpack. */
  readonly encoding: string;
  /** What `get` of this variable throws. */
  readonly error: BridgeError;

  constructor(variable: Encoded, error: BridgeError) {
    this.name = variable.name;
    this.bytes = variable.bytes;
    this.encoding = variable.encoding;
    this.error = error;
  }
}

/** A copy of the value. SerializationError UNSUPPORTED_ENCODING for a custom encoding, DataLossError for bytes that do not decode. */
export function decodeVariable(
  variable: Encoded,
  integers: Integers,
  outcome: Outcome = "not_applied",
  codec: ValueCodec = valueCodec,
): unknown {
  const { name, encoding } = variable;
  if (encoding !== "") {
    const message = `${JSON.stringify(name)} has the encoding ${JSON.stringify(encoding)}, which cannot be read here`;
    throw new SerializationError("UNSUPPORTED_ENCODING", message, { outcome, details: { name } });
  }
  try {
    return codec.decode(variable.bytes, { integers });
  } catch (cause) {
    throw new DataLossError(`the stored value of ${JSON.stringify(name)} does not decode`, { outcome, details: { name }, cause });
  }
}

/** The same for one of many: what cannot be decoded becomes an `UndecodedValue`. */
export function decodeOneOfMany(variable: Encoded, integers: Integers, codec?: ValueCodec): unknown {
  try {
    return decodeVariable(variable, integers, "not_applied", codec);
  } catch (error) {
    if (error instanceof BridgeError) return new UndecodedValue(variable, error);
    throw error;
  }
}

/** What is known of a variable. Field by field, because a port may answer with objects of its own making. */
export const infoOf = (variable: StoredVariable): VariableInfo => ({
  name: variable.name,
  type: variable.type,
  encoding: variable.encoding,
  sizeBytes: variable.bytes.length,
  revision: variable.revision,
  createdAtMs: variable.createdAtMs,
  updatedAtMs: variable.updatedAtMs,
  expiresAtMs: variable.expiresAtMs,
});

/** The value as the schema gives it; a TypeMismatchError with `details.path` when it does not fit. */
export async function conform(schema: StandardSchemaV1, value: unknown, name: string): Promise<unknown> {
  const result = await schema["~standard"].validate(value);
  if (result.issues === undefined) return result.value;
  const issue = result.issues[0];
  const path = pathText(name, issue?.path ?? []);
  throw new TypeMismatchError(`the stored value does not fit: ${path}: ${issue?.message ?? "refused"}`, { details: { name, path } });
}

/** `config.tools[3]["a b"]`, beginning with the variable's name. */
function pathText(name: string, path: readonly (PropertyKey | StandardSchemaV1.PathSegment)[]): string {
  return path.reduce<string>((text, segment) => {
    const key = typeof segment === "object" ? segment.key : segment;
    if (typeof key === "number") return `${text}[${key}]`;
    return /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(String(key)) ? `${text}.${String(key)}` : `${text}[${JSON.stringify(String(key))}]`;
  }, name);
}

/** The names and values of a plain object or Map; throws InvalidArgumentError for anything else. */
export function entriesOf(method: string, values: Values): readonly (readonly [string, unknown])[] {
  if (values instanceof Map) return [...values];
  if (isPlainObject(values)) return Object.entries(values);
  throw refuse(`${method} takes a plain object or a Map of names to values`);
}
