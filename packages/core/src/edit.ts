/** `edit`: a value to change in place, and the difference that is written back. */
import { TypeMismatchError } from "./errors.ts";
import type { SessionHandle } from "./session-over-port.ts";
import type { CallOptions, Operation } from "./session-port.ts";
import { decodeVariable, type ValueCodec } from "./session-values.ts";
import { isSameBytes } from "./values/encode-over.ts";
import { typeNameOf } from "./values/index.ts";

/** What is edited. */
export interface Edited {
  readonly name: string;
  /** What a missing variable is taken for; undefined for nothing. */
  readonly default: unknown;
}

/** The values that a copy of can be changed where it is. */
const CHANGEABLE: ReadonlySet<string> = new Set(["map", "list", "tuple", "set"]);

/** See `Session.edit`; `call` gives the options of each request. */
export async function edit<R>(
  { context, id, creation }: SessionHandle,
  edited: Edited,
  fn: (draft: unknown) => R | Promise<R>,
  call: () => CallOptions,
): Promise<R> {
  const { port, codec } = context;
  const { name } = edited;
  const { variable } = await port.getVariable(id, name, call());
  const previous = variable?.bytes ?? encodedDefault(codec, edited);
  const draft = changeable({ name, bytes: previous, encoding: variable?.encoding ?? "" }, context);
  const result = await fn(draft);
  const bytes = codec.encodeOver(draft, previous, { name });
  if (isSameBytes(bytes, previous)) return result;
  const ttl = variable === undefined ? undefined : "keep";
  const write: Operation = { kind: "set", name, value: { bytes, encoding: "" }, ttl, ifRevision: variable?.revision ?? 0 };
  await port.update(id, { ...creation, operations: [write] }, call());
  return result;
}

function encodedDefault(codec: ValueCodec, { name, default: value }: Edited): Uint8Array {
  if (value !== undefined) return codec.encode(value, { name });
  throw new TypeMismatchError(`there is no variable ${JSON.stringify(name)} to edit; give a default to begin with`, { details: { name } });
}

/** A copy of the value; TypeMismatchError when it cannot be changed in place. */
function changeable(
  variable: { readonly name: string; readonly bytes: Uint8Array; readonly encoding: string },
  { integers, codec }: Pick<SessionHandle["context"], "integers" | "codec">,
): unknown {
  const { name } = variable;
  const type = typeNameOf(variable);
  if (variable.encoding === "" && !CHANGEABLE.has(type)) {
    const message = `edit changes a map, list or set in place, and ${JSON.stringify(name)} is of type ${type}; use updateVariable`;
    throw new TypeMismatchError(message, { details: { name } });
  }
  return decodeVariable(variable, integers, "not_applied", codec);
}
