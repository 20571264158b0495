/** Answers of mutations as bytes, so that a store can remember them with the change that they answer. */
import { fromWireError, toWireError, type WireError } from "./error-table.ts";
import { sizeOf } from "./kept-variable.ts";
import type { StoredVariable } from "./persistence.ts";
import type { OperationResult, UpdateResult } from "./session-port.ts";
import { decode, encode } from "./values/index.ts";

/** A previous value larger than this is not remembered, and so neither is the answer that has it. */
const MAX_PREVIOUS_BYTES = 4096;
/** Larger answers are not remembered: they would push out all others of their session. */
const MAX_ANSWER_BYTES = 256 * 1024;

/** The encoded answer, undefined when it is too large to remember. */
export function encodeAnswer(answer: unknown): Uint8Array | undefined {
  const plain = isUpdateResult(answer) ? plainUpdate(answer) : answer;
  if (plain === undefined) return undefined;
  const bytes = encode(plain);
  return bytes.length > MAX_ANSWER_BYTES ? undefined : bytes;
}

/** What `encodeAnswer` was given. */
export function decodeAnswer(bytes: Uint8Array): unknown {
  const plain = decode(bytes);
  return Array.isArray(plain) ? updateOf(plain as PlainUpdate) : plain;
}

// Lists instead of maps: a store may hold very many of these, and names would be most of them.
type PlainVariable = [string, Uint8Array, string, string, number, number, number, number | null];
type PlainResult = [boolean, number, number, Uint8Array | null, PlainVariable | null, WireError | null];
/** A number says how often the result before it comes again: those of sets are mostly alike. */
type PlainUpdate = [sessionRevision: number, results: (PlainResult | number)[]];

const isUpdateResult = (answer: unknown): answer is UpdateResult => typeof answer === "object" && answer !== null && "results" in answer;

function plainUpdate({ results, sessionRevision }: UpdateResult): PlainUpdate | undefined {
  if (results.some(({ previous }) => previous !== undefined && sizeOf(previous) > MAX_PREVIOUS_BYTES)) return undefined;
  return [sessionRevision, plainResults(results)];
}

function plainResults(results: readonly OperationResult[]): (PlainResult | number)[] {
  const plain: (PlainResult | number)[] = [];
  for (let at = 0; at < results.length; ) {
    const result = results[at] as OperationResult;
    let end = at + 1;
    while (results[end] === result) end += 1;
    plain.push(plainResult(result));
    if (end > at + 1) plain.push(end - at - 1);
    at = end;
  }
  return plain;
}

const plainResult = ({ applied, revision, count, number, previous, error }: OperationResult): PlainResult => [
  applied,
  revision,
  count,
  number ?? null,
  previous ? plainVariable(previous) : null,
  error ? toWireError(error) : null,
];

const plainVariable = (variable: StoredVariable): PlainVariable => [
  variable.name,
  variable.bytes,
  variable.encoding,
  variable.type,
  variable.revision,
  variable.createdAtMs,
  variable.updatedAtMs,
  variable.expiresAtMs ?? null,
];

function updateOf([sessionRevision, plain]: PlainUpdate): UpdateResult {
  const results: OperationResult[] = [];
  for (const item of plain) {
    if (typeof item === "number") for (let i = 0; i < item; i++) results.push(results.at(-1) as OperationResult);
    else results.push(resultOf(item));
  }
  return { sessionRevision, results };
}

const resultOf = ([applied, revision, count, number, previous, error]: PlainResult): OperationResult => ({
  applied,
  revision,
  previous: previous === null ? undefined : variableOf(previous),
  number: number ?? undefined,
  count,
  error: error === null ? undefined : fromWireError(error),
});

function variableOf([name, bytes, encoding, type, revision, createdAtMs, updatedAtMs, expiresAtMs]: PlainVariable): StoredVariable {
  return { name, bytes, encoding, type, revision, createdAtMs, updatedAtMs, expiresAtMs: expiresAtMs ?? undefined };
}
