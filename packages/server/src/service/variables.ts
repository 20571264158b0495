/** VariableService over a port, knowing no transport. */
import {
  type LocalPort,
  MAX_HISTORY_ENTRIES,
  type Operation,
  type OperationResult,
  type StoredVariable,
  type Subscription,
  type VariableInfo,
} from "@session-bridge/core/internal";
import { packMap } from "@session-bridge/core/values";
import type * as wire from "@session-bridge/protocol/session_bridge/v1/variables";
import { type Answer, andThen, type Caller, type StreamCaller } from "./caller.ts";
import {
  budgetOf,
  checkFits,
  checkListing,
  ENVELOPE_BYTES,
  HISTORY_ENTRY_BYTES,
  infoSize,
  LISTED_BYTES,
  pageEnd,
  readingSize,
} from "./message-budget.ts";
import {
  historyMessage,
  ifRevision,
  infoMessage,
  infoOf,
  invalidArgument,
  sessionDefaults,
  variableMessage,
  variableTtl,
} from "./messages.ts";
import type { PagePins, PinnedPage, PinScope, Snapshot } from "./page-pins.ts";
import { updateVariables } from "./update-variables.ts";
import { watchMessages } from "./watch.ts";

const NO_BYTES = new Uint8Array(0);

/** What VariableService is made of. */
export interface VariableServiceOptions {
  readonly port: (tenant: string) => LocalPort;
  readonly readingPins: PagePins<StoredVariable>;
  readonly listingPins: PagePins<VariableInfo>;
  /** The greatest message that may be answered. */
  readonly messageBytes: number;
}

/** One function for each RPC of VariableService. They throw BridgeErrors. */
export type VariableFunctions = ReturnType<typeof variableService>;

/** Makes the functions of VariableService. */
export function variableService({ port, readingPins, listingPins, messageBytes }: VariableServiceOptions) {
  const budgetBytes = budgetOf(messageBytes);
  const previousBytes = messageBytes - ENVELOPE_BYTES;
  const messages = watchMessages(messageBytes);
  const historyBytes = Math.max(budgetBytes - MAX_HISTORY_ENTRIES * HISTORY_ENTRY_BYTES, 0);
  return {
    getVariable(request: wire.GetVariableRequest, caller: Caller): Answer<wire.GetVariableResponse> {
      const reading = port(caller.tenant).getVariable(request.sessionId, request.name, caller);
      return andThen(reading, ({ variable, sessionRevision }) => {
        if (variable !== undefined) checkFits(variable, messageBytes);
        return {
          found: variable !== undefined,
          value: variable?.bytes ?? NO_BYTES,
          encoding: variable?.encoding ?? "",
          sessionRevision: BigInt(sessionRevision),
          info: variable !== undefined && request.includeInfo ? infoOf(variable) : undefined,
        };
      });
    },

    setVariable(request: wire.SetVariableRequest, caller: Caller): Answer<wire.SetVariableResponse> {
      const { sessionId, name, mustExist } = request;
      const operation: Operation = {
        kind: "set",
        name,
        value: { bytes: request.value, encoding: request.encoding },
        ttl: variableTtl(request.ttl, name),
        ifMissing: request.ifMissing,
        ifRevision: ifRevision(request.ifRevision, name),
        wantPrevious: request.wantPrevious,
      };
      const update = { operations: [operation], mustExist, defaults: sessionDefaults(request.defaults), previousBytes };
      return andThen(port(caller.tenant).update(sessionId, update, caller), ({ results, sessionRevision }) => {
        const { applied, revision, previous } = results[0] as OperationResult;
        return {
          applied,
          revision: BigInt(revision),
          sessionRevision: BigInt(sessionRevision),
          previous: previous && variableMessage(previous),
        };
      });
    },

    deleteVariable(request: wire.DeleteVariableRequest, caller: Caller): Answer<wire.DeleteVariableResponse> {
      const { sessionId, name, mustExist, wantPrevious } = request;
      const operation: Operation = { kind: "delete", name, ifRevision: ifRevision(request.ifRevision, name), wantPrevious };
      return andThen(
        port(caller.tenant).update(sessionId, { operations: [operation], mustExist, previousBytes }, caller),
        ({ results, sessionRevision }) => {
          const { applied, previous } = results[0] as OperationResult;
          return { deleted: applied, sessionRevision: BigInt(sessionRevision), previous: previous && variableMessage(previous) };
        },
      );
    },

    listVariables(request: wire.ListVariablesRequest, caller: Caller): Answer<wire.ListVariablesResponse> {
      const { sessionId, prefix, pageToken } = request;
      const scope = { tenant: caller.tenant, sessionId, request: JSON.stringify(prefix) };
      const read = () =>
        andThen(port(caller.tenant).listVariables(sessionId, prefix, caller), ({ variables, sessionRevision }) => ({
          items: variables,
          sessionRevision,
        }));
      return andThen(pageOf(listingPins, scope, pageToken, read, budgetBytes, infoSize), (page) => ({
        variables: page.items.map(infoMessage),
        nextPageToken: page.nextPageToken,
        sessionRevision: BigInt(page.sessionRevision),
      }));
    },

    getVariables(request: wire.GetVariablesRequest, caller: Caller): Answer<wire.GetVariablesResponse> {
      const { sessionId, names, prefix, includeInfo, pageToken } = request;
      if (names.length > 0 && prefix !== "") throw invalidArgument("names and prefix exclude each other");
      const scope = { tenant: caller.tenant, sessionId, request: JSON.stringify([names, prefix, includeInfo]) };
      const read = () =>
        andThen(port(caller.tenant).getVariables(sessionId, names.length > 0 ? { names } : { prefix }, caller), (reading) => ({
          items: readable(reading.variables, messageBytes),
          sessionRevision: reading.sessionRevision,
        }));
      const sizeOf = (variable: StoredVariable) => readingSize(variable, includeInfo);
      return andThen(pageOf(readingPins, scope, pageToken, read, budgetBytes, sizeOf), ({ items, nextPageToken, sessionRevision }) => ({
        values: packMap(items.filter(({ encoding }) => encoding === "")),
        custom: items.filter(({ encoding }) => encoding !== "").map(variableMessage),
        infos: includeInfo ? items.map(infoOf) : [],
        nextPageToken,
        sessionRevision: BigInt(sessionRevision),
      }));
    },

    updateVariables(request: wire.UpdateVariablesRequest, caller: Caller): Answer<wire.UpdateVariablesResponse> {
      return updateVariables(port(caller.tenant), request, caller, budgetBytes);
    },

    getVariableHistory(request: wire.GetVariableHistoryRequest, caller: Caller): Answer<wire.GetVariableHistoryResponse> {
      const { sessionId, name, before, limit } = request;
      if (limit < 0) throw invalidArgument("limit is a number of entries from 1, or 0 for as many as fit", name);
      const page = {
        before: before === undefined ? undefined : Number(before),
        limit: limit === 0 ? undefined : limit,
        maxBytes: historyBytes,
      };
      return andThen(port(caller.tenant).getHistory(sessionId, name, page, caller), ({ items, next, sessionRevision }) => {
        for (const item of items) if (item.kind === "set") checkFits(item.variable, messageBytes);
        return {
          entries: items.map(historyMessage),
          nextBefore: next === undefined ? undefined : BigInt(next),
          sessionRevision: BigInt(sessionRevision),
        };
      });
    },

    listDeclarations(request: wire.ListDeclarationsRequest, caller: Caller): Answer<wire.ListDeclarationsResponse> {
      return andThen(port(caller.tenant).listDeclarations(request.sessionId, caller), ({ declarations, sessionRevision }) => {
        const sizes = declarations.map(({ name, schema }) => 3 * name.length + schema.length + LISTED_BYTES);
        checkListing("declarations", sizes, messageBytes);
        return {
          declarations: declarations.map(({ name, schema, revision }) => ({ name, schema, revision: BigInt(revision) })),
          sessionRevision: BigInt(sessionRevision),
        };
      });
    },

    watchVariables(request: wire.WatchVariablesRequest, caller: StreamCaller): Subscription<wire.WatchVariablesResponse> {
      return messages.watch(port(caller.tenant), request, caller);
    },
  };
}

/** The variables, after making sure that each of them fits a page. */
function readable(variables: readonly StoredVariable[], messageBytes: number): readonly StoredVariable[] {
  for (const variable of variables) checkFits(variable, messageBytes);
  return variables;
}

interface MessagePage<T> extends Snapshot<T> {
  readonly nextPageToken: string;
}

/** The asked page; a snapshot is pinned only when it does not fit one message. */
function pageOf<T>(
  pins: PagePins<T>,
  scope: PinScope,
  token: string,
  read: () => Answer<Snapshot<T>>,
  budgetBytes: number,
  sizeOf: (item: T) => number,
): Answer<MessagePage<T>> {
  const cut = (page: PinnedPage<T>): MessagePage<T> => {
    const end = pageEnd(page.items, page.offset, budgetBytes, sizeOf);
    const nextPageToken = end < page.items.length ? page.tokenAt(end) : "";
    return { items: page.items.slice(page.offset, end), sessionRevision: page.sessionRevision, nextPageToken };
  };
  if (token !== "") return cut(pins.open(scope, token));
  return andThen(read(), (snapshot) => {
    const fits = pageEnd(snapshot.items, 0, budgetBytes, sizeOf) === snapshot.items.length;
    return fits ? { ...snapshot, nextPageToken: "" } : cut(pins.pin(scope, snapshot));
  });
}
