import { Decimal, Duration, float, NdArray, type NdArrayType, PlainDate, PlainTime, Uuid } from "@session-bridge/core/values";
import { bytesOf, hexOf } from "./hex.ts";

/** A value in the tagged notation of proto/vectors/README.md: an object with one key, the type name. */
export type Notation = Readonly<Record<string, unknown>>;

type Repeated = { readonly repeat: Notation; readonly count: number };
type Instant = { readonly seconds: string; readonly nanos: number };
type NdArrayNotation = { readonly dtype: NdArrayType; readonly shape: readonly number[]; readonly data: string };

/** The JavaScript value that a program would write for a notation; whole floats are marked, maps are plain objects. */
export function valueFrom(notation: Notation): unknown {
  const [kind, body] = Object.entries(notation)[0] as [string, unknown];
  switch (kind) {
    case "null":
      return null;
    case "boolean":
      return body;
    case "integer":
    case "big_integer":
      return shortestInteger(BigInt(body as string));
    case "float":
      return markWhole(parseFloatText(body as string));
    case "string":
      return typeof body === "string" ? body : (body as { repeat: string; count: number }).repeat.repeat((body as Repeated).count);
    case "bytes":
      return bytesOf(body as string);
    case "list":
    case "tuple":
      return items(body).map(valueFrom);
    case "set":
      return new Set(items(body).map(valueFrom));
    case "map":
      return Object.fromEntries((body as [string, Notation][]).map(([key, value]) => [key, valueFrom(value)]));
    case "nested":
      return nestedValue(body as { kind: string; depth: number; leaf: Notation });
    default:
      return wrapperOf(kind, body);
  }
}

function wrapperOf(kind: string, body: unknown): unknown {
  switch (kind) {
    case "timestamp":
      return new Date(Number((body as Instant).seconds) * 1000 + Math.floor((body as Instant).nanos / 1e6));
    case "duration":
      return new Duration(Number((body as Instant).seconds), (body as Instant).nanos);
    case "decimal":
      return new Decimal(body as string);
    case "uuid":
      return new Uuid(body as string);
    case "date":
      return new PlainDate(body as string);
    case "time":
      return new PlainTime(body as string);
    case "ndarray": {
      const { dtype, shape, data } = body as NdArrayNotation;
      return new NdArray(dtype, shape, bytesOf(data));
    }
    default:
      throw new Error(`the notation has no type ${kind}`);
  }
}

/** A text that is equal for two decoded values exactly when both are the same value; map order and set order do not count. */
export function canonical(value: unknown): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}i`;
  if (typeof value === "number")
    return Number.isSafeInteger(value) && !Object.is(value, -0) ? `${value}i` : Object.is(value, -0) ? "-0.0" : `${value}`;
  if (value instanceof Uint8Array) return `bytes ${hexOf(value)}`;
  if (value instanceof Date) return `timestamp ${value.getTime()}`;
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (value instanceof Set) return `set {${[...new Set([...value].map(canonical))].sort().join()}}`;
  if (value instanceof NdArray) return `ndarray ${value.dtype} ${value.shape} ${hexOf(value.toBytes())}`;
  const { type } = value as { type?: unknown };
  if (typeof type === "string" && Object.getPrototypeOf(value) !== Object.prototype)
    return type === "float" ? canonical(Number(value)) : `${type} ${value}`;
  const entries = Object.entries(value as object).map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`);
  return `{${entries.sort().join()}}`;
}

function items(body: unknown): readonly Notation[] {
  if (Array.isArray(body)) return body as Notation[];
  const { repeat, count } = body as Repeated;
  return new Array<Notation>(count).fill(repeat);
}

function nestedValue({ kind, depth, leaf }: { kind: string; depth: number; leaf: Notation }): unknown {
  let value = valueFrom(leaf);
  for (let i = 0; i < depth; i++) value = kind === "map" ? { k: value } : [value];
  return value;
}

function shortestInteger(value: bigint): number | bigint {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function parseFloatText(text: string): number {
  if (text === "nan") return Number.NaN;
  if (text === "inf") return Number.POSITIVE_INFINITY;
  return text === "-inf" ? Number.NEGATIVE_INFINITY : Number(text);
}

/** A plain 1 would be written as an integer. */
function markWhole(value: number): unknown {
  return Number.isSafeInteger(value) ? float(value) : value;
}
