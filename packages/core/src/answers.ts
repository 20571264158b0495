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
  if (!isUpdateResult(plain)) return plain;
  const { sessionRevision, results } = plain as { sessionRevision: number; results: readonly PlainResult[] };
  return { sessionRevision, results: results.map(resultOf) } satisfies UpdateResult;
}

type PlainResult = Omit<OperationResult, "error"> & { readonly error?: WireError | undefined };

const isUpdateResult = (answer: unknown): answer is UpdateResult => typeof answer === "object" && answer !== null && "results" in answer;

function plainUpdate({ results, sessionRevision }: UpdateResult): object | undefined {
  if (results.some(({ previous }) => previous !== undefined && sizeOf(previous) > MAX_PREVIOUS_BYTES)) return undefined;
  return {
    sessionRevision,
    results: results.map(({ previous, error, ...result }) => ({
      ...result,
      previous: previous && plainVariable(previous),
      error: error && toWireError(error),
    })),
  };
}

const plainVariable = (variable: StoredVariable): object => ({
  name: variable.name,
  bytes: variable.bytes,
  encoding: variable.encoding,
  type: variable.type,
  revision: variable.revision,
  createdAtMs: variable.createdAtMs,
  updatedAtMs: variable.updatedAtMs,
  expiresAtMs: variable.expiresAtMs,
});

/** What was undefined was left out, and comes back as a property again. */
const resultOf = (plain: PlainResult): OperationResult => ({
  applied: plain.applied,
  revision: plain.revision,
  previous: plain.previous && { ...plain.previous, expiresAtMs: plain.previous.expiresAtMs },
  number: plain.number,
  count: plain.count,
  error: plain.error && fromWireError(plain.error),
});
