/** proto/vectors/errors.json: its rows as requests of the generated types. */
import { readFileSync } from "node:fs";
import { bytesOf } from "./bytes.ts";
import { type Method, REQUESTS } from "./raw-client.ts";

interface RequestRow {
  readonly method: string;
  /** Fields by their names in the .proto file; absent when `payload` gives the bytes themselves. */
  readonly request?: Readonly<Record<string, unknown>>;
  readonly payload?: string;
}

export interface ErrorRow extends RequestRow {
  readonly name: string;
  readonly setup?: readonly RequestRow[];
  readonly code: string;
  readonly reason: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly python: string;
}

interface ErrorVectors {
  /** The flags that the server is started with. */
  readonly server: readonly string[];
  readonly rows: readonly ErrorRow[];
}

export function errorVectors(): ErrorVectors {
  return JSON.parse(readFileSync(new URL("../../../../proto/vectors/errors.json", import.meta.url), "utf8")) as ErrorVectors;
}

/** The bytes of a row's request, and its RPC's path. */
export function wireRequest({ method, request, payload }: RequestRow): { path: string; bytes: Buffer } {
  const service = /Session|ServerInfo/.test(method) ? "SessionService" : "VariableService";
  const path = `/session_bridge.v1.${service}/${method}`;
  if (payload !== undefined) return { path, bytes: bytesOf(payload) };
  const type = REQUESTS[`${method.charAt(0).toLowerCase()}${method.slice(1)}` as Method];
  const message = type.fromPartial(messageOf(request ?? {}) as never);
  return { path, bytes: Buffer.from(type.encode(message as never).finish()) };
}

const BYTES = new Set(["value", "values", "by", "schema"]);
const INT64 = new Set(["if_revision", "ttl_ms", "keep_last", "max_life_ms", "revision", "at_revision", "before"]);
const ONEOF: Readonly<Record<string, string>> = Object.fromEntries([
  ...["set", "delete", "increment", "append", "merge", "clear", "pop_last"].map((name) => [name, "change"]),
  ...["restore", "rollback", "checkpoint", "delete_checkpoint", "declare"].map((name) => [name, "change"]),
  ...["ttl_ms", "never", "keep"].map((name) => [name, "kind"]),
]);

function messageOf(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const message: Record<string, unknown> = {};
  for (const [name, given] of Object.entries(fields)) {
    const key = name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
    const value = fieldOf(name, given);
    const oneof = ONEOF[name];
    if (oneof === undefined) message[key] = value;
    else message[oneof] = { $case: key, value };
  }
  return message;
}

function fieldOf(name: string, given: unknown): unknown {
  if (BYTES.has(name)) return bytesOf(given as string);
  if (INT64.has(name)) return BigInt(given as string);
  if (name === "labels") return new Map(Object.entries(given as Record<string, string>));
  if (Array.isArray(given)) return given.map((item) => fieldOf("", item));
  if (typeof given !== "object" || given === null) return given;
  const { repeat, count } = given as { repeat?: string; count?: number };
  return repeat === undefined ? messageOf(given as Record<string, unknown>) : repeat.repeat(count ?? 0);
}
