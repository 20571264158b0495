/** The batch: packed sets and operations in, one result for each operation out. */
import { BridgeError, type Operation, type OperationResult, type SessionPort, type UpdateResult } from "@session-bridge/core/internal";
import type * as wire from "@session-bridge/protocol/session_bridge/v1/variables";
import { type Answer, andThen, type Caller } from "./caller.ts";
import { resultsSize } from "./message-budget.ts";
import { operationError, sessionDefaults, variableMessage } from "./messages.ts";
import { operationsOf, packedSets, refuseSetTwice, type Translated } from "./updates.ts";

const NO_BYTES = new Uint8Array(0);

/**
 * UpdateVariables. An update whose previous values would not fit the answer is refused before anything is applied, with
 * LimitExceededError MESSAGE_TOO_LARGE. Throws whatever BridgeError the port throws.
 */
export function updateVariables(
  port: SessionPort,
  request: wire.UpdateVariablesRequest,
  caller: Caller,
  budgetBytes: number,
): Answer<wire.UpdateVariablesResponse> {
  const packed = packedSets(request.values);
  const translated = operationsOf(request);
  if (!request.independent) refuseSetTwice(packed, translated);
  const operations = [...packed, ...translated.filter((operation): operation is Operation => !(operation instanceof BridgeError))];
  const update = {
    operations,
    independent: request.independent,
    mustExist: request.mustExist,
    defaults: sessionDefaults(request.defaults),
    previousBytes: Math.max(0, budgetBytes - resultsSize(translated, request.independent)),
  };
  const nothingIsLeft = operations.length === 0 && translated.length > 0;
  return nothingIsLeft
    ? andThen(port.getVariables(request.sessionId, { names: [] }, caller), ({ sessionRevision }) =>
        response(packed, translated, { results: [], sessionRevision }),
      )
    : andThen(port.update(request.sessionId, update, caller), (result) => response(packed, translated, result));
}

function response(
  packed: readonly Operation[],
  translated: readonly Translated[],
  { results, sessionRevision }: UpdateResult,
): wire.UpdateVariablesResponse {
  let at = packed.length;
  return {
    results: translated.map((operation) =>
      operation instanceof BridgeError ? failedResult(operation) : resultMessage(results[at++] as OperationResult),
    ),
    sessionRevision: BigInt(sessionRevision),
    valueErrors: results.slice(0, packed.length).flatMap(({ error }, i) => (error === undefined ? [] : [valueError(packed[i], error)])),
  };
}

/** A packed set has no result of its own, so its error always says the name. */
function valueError(operation: Operation | undefined, error: BridgeError): wire.OperationError {
  const message = operationError(error);
  if (operation !== undefined) message.metadata.set("name", operation.name);
  return message;
}

function resultMessage(result: OperationResult): wire.OperationResult {
  if (result.error !== undefined) return failedResult(result.error);
  return {
    applied: result.applied,
    revision: BigInt(result.revision),
    previous: result.previous && variableMessage(result.previous),
    number: result.number ?? NO_BYTES,
    count: BigInt(result.count),
    error: undefined,
  };
}

function failedResult(error: BridgeError): wire.OperationResult {
  return { applied: false, revision: 0n, previous: undefined, number: NO_BYTES, count: 0n, error: operationError(error) };
}
