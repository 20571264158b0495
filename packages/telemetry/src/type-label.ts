/** Type names as labels: those that there are, and `other` for whatever else somebody might call a type. */
import type { TypeName } from "@session-bridge/core/values";

const TYPE_NAMES: Readonly<Record<TypeName, true>> = {
  null: true,
  boolean: true,
  integer: true,
  float: true,
  string: true,
  bytes: true,
  list: true,
  map: true,
  timestamp: true,
  big_integer: true,
  decimal: true,
  uuid: true,
  date: true,
  time: true,
  duration: true,
  tuple: true,
  set: true,
  ndarray: true,
  custom: true,
};

const known = new Set(Object.keys(TYPE_NAMES));

/** The type name, `other` for a name that there is not, "" where there is no type. */
export const typeLabel = (type: string): string => (type === "" || known.has(type) ? type : "other");
