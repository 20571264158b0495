/** The type names that a value's bytes derive; `custom` is every value whose encoding is not msgpack. */
export type TypeName =
  | "null"
  | "boolean"
  | "integer"
  | "float"
  | "string"
  | "bytes"
  | "list"
  | "map"
  | "timestamp"
  | "big_integer"
  | "decimal"
  | "uuid"
  | "date"
  | "time"
  | "duration"
  | "tuple"
  | "set"
  | "ndarray"
  | "custom";

/** A value as the wire and the store carry it: opaque bytes and the name of their encoding, `""` for msgpack. */
export type EncodedValue = { readonly bytes: Uint8Array; readonly encoding: string };

/** Which law of the dialect malformed bytes break: the `details.rule` of the scanner's errors. */
export type DialectRule =
  | "truncated"
  | "trailing"
  | "reserved"
  | "utf8"
  | "key_type"
  | "duplicate_key"
  | "unknown_extension"
  | "extension_payload"
  | "empty"
  | "depth"
  | "nodes";

/** How many containers may enclose a scalar: a scalar has depth 0, each list, map, tuple, set and ndarray adds one. */
export const MAX_DEPTH = 64;

/** How many values one variable's value may hold; containers count, map keys do not. */
export const MAX_NODES = 100_000;

/** The extension codes of the dialect. */
export const Extension = {
  timestamp: -1,
  bigInteger: 1,
  decimal: 2,
  uuid: 3,
  date: 4,
  time: 5,
  duration: 6,
  tuple: 7,
  set: 8,
  ndarray: 9,
} as const;
