/** What the methods that write ask for, as operations: names are checked and values encoded as they are now. */
import { checkName } from "./names.ts";
import type * as api from "./session.ts";
import { refuse } from "./session-options.ts";
import type { Operation } from "./session-port.ts";
import type { Collected } from "./session-transaction.ts";
import { entriesOf, type ValueCodec } from "./session-values.ts";
import { typeNameOf } from "./values/index.ts";

type Kind<K extends Operation["kind"]> = Extract<Operation, { readonly kind: K }>;

/** See `Session.set`. */
export function setting(codec: ValueCodec, name: string, value: unknown, { ttlMs, ifRevision }: Collected<api.SetOptions>): Kind<"set"> {
  checkName(name);
  return { kind: "set", name, value: { bytes: codec.encode(value, { name }), encoding: "" }, ttl: ttlMs, ifRevision };
}

/** See `Session.setMany`. */
export const settings = (codec: ValueCodec, values: api.Values, options: Collected<api.WriteOptions>): readonly Kind<"set">[] =>
  entriesOf("setMany", values).map(([name, value]) => setting(codec, name, value, options));

/** See `Session.delete`. */
export function deletion(name: string, { ifRevision }: Collected<api.ConditionOptions>): Kind<"delete"> {
  checkName(name);
  return { kind: "delete", name, ifRevision };
}

/** See `Session.increment`. */
export function incrementing(
  codec: ValueCodec,
  name: string,
  by: number | bigint,
  { ifRevision }: Collected<api.ConditionOptions>,
): Kind<"increment"> {
  checkName(name);
  return { kind: "increment", name, by: operand(codec, "increment", name, by, ["integer", "float"]), ifRevision };
}

/** See `Session.append`. */
export function appending(
  codec: ValueCodec,
  name: string,
  value: readonly unknown[] | string | Uint8Array,
  { keepLast, ifRevision }: Collected<api.AppendOptions>,
): Kind<"append"> {
  checkName(name);
  return { kind: "append", name, value: operand(codec, "append", name, value, ["list", "string", "bytes"]), keepLast, ifRevision };
}

/** See `Session.merge`. */
export function merging(
  codec: ValueCodec,
  name: string,
  values: api.Values,
  { path = [], remove = [], ifRevision }: Collected<api.MergeOptions>,
): Kind<"merge"> {
  checkName(name);
  const entries = entriesOf("merge", values).filter(([, value]) => value !== undefined);
  const bytes = entries.length === 0 ? undefined : codec.encode(new Map(entries), { name });
  return { kind: "merge", name, values: bytes, path: [...path], remove: [...remove], ifRevision };
}

/** The encoded operand of `increment` or `append`, of one of these types. */
function operand(codec: ValueCodec, method: string, name: string, value: unknown, types: readonly string[]): Uint8Array {
  const bytes = codec.encode(value, { name });
  const type = typeNameOf({ bytes, encoding: "" });
  if (types.includes(type)) return bytes;
  const hint = method === "append" ? "; to add one item: append(name, [item])" : "";
  throw refuse(`${method} takes ${types.join(", ")}, not ${type}${hint}`);
}
