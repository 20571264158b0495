/** The rows of proto/vectors/constraints.json. */
import { readFileSync } from "node:fs";
import { encode, float } from "@session-bridge/core/values";
import { bytesOf } from "../values/hex.ts";

/** A row. */
export interface Row {
  readonly name: string;
  readonly schema?: unknown;
  readonly schema_bytes?: string;
  readonly value?: string;
  readonly encoding?: string;
  readonly fits?: boolean;
  readonly path?: string;
  readonly rule?: string;
  readonly refused?: string;
}

/** The schema of a row, as it is declared. */
export const schemaOf = (row: Row): Uint8Array => (row.schema_bytes === undefined ? encode(row.schema) : bytesOf(row.schema_bytes));

/** A number of the file as the language that wrote it meant it: 1.0 is a float, 2⁵³+1 is itself. */
function exact(_key: string, value: unknown, context: { readonly source?: string }): unknown {
  if (typeof value !== "number") return value;
  const source = context.source ?? "";
  return /^-?[0-9]+$/.test(source) ? BigInt(source) : float(value);
}

const file = readFileSync(new URL("../../../../proto/vectors/constraints.json", import.meta.url), "utf8");

/** All of them, in the order of the file. */
export const rows = JSON.parse(file, exact as (key: string, value: unknown) => unknown) as readonly Row[];
