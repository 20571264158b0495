/** Watches over either carrier: from the messages of one to what it delivers. */
import {
  closable,
  DataLossError,
  InvalidArgumentError,
  type StoredVariable,
  type WatchChange,
  type WatchDelivery,
  type WatchPort,
  type WatchRequest,
} from "@session-bridge/core/internal";
import {
  ChangeKind,
  type VariableChange,
  VariableServiceService as Variables,
  type WatchVariablesRequest,
  type WatchVariablesResponse,
} from "@session-bridge/protocol/session_bridge/v1/variables";
import type { Caller } from "./calls.ts";
import { maybeBigInt, storedVariable } from "./messages.ts";

/** The watches of a server. */
export const watchPort = (calls: Caller): WatchPort => ({
  watch: (sessionId, request, { signal }) => ({
    [Symbol.asyncIterator]: () =>
      closable(async function* (stop) {
        const deliver = deliveriesOf(request);
        for await (const message of calls.stream(Variables.watchVariables, requestOf(sessionId, request), stop)) yield* deliver(message);
      }, signal),
  }),
});

function requestOf(sessionId: string, { selection, since, withoutValues = false }: WatchRequest): WatchVariablesRequest {
  const names = "names" in selection ? [...selection.names] : [];
  const prefix = "prefix" in selection ? selection.prefix : "";
  // On the wire no names mean every name.
  if ("names" in selection && names.length === 0) throw new InvalidArgumentError("INVALID_ARGUMENT", "a watch needs a name, or a prefix");
  return { sessionId, names, prefix, since: maybeBigInt(since), withoutValues };
}

/** What the messages of one watch deliver; a commit that spans messages comes whole, after the last of them. */
function deliveriesOf(request: WatchRequest): (message: WatchVariablesResponse) => Generator<WatchDelivery, void> {
  let isSnapshot = request.since === undefined;
  let commit: WatchChange[] = [];
  return function* deliver({ changes, revision, caughtUp }) {
    if (isSnapshot && changes.length > 0) yield { kind: "snapshot", variables: changes.map(variableOf) };
    else {
      for (const message of changes) {
        const change = changeOf(message);
        if (change !== undefined) commit.push(change);
        if (!message.last) continue;
        yield { kind: "commit", revision: Number(message.revision), changes: commit };
        commit = [];
      }
    }
    if (caughtUp) {
      isSnapshot = false;
      yield { kind: "caught_up", revision: Number(revision) };
    } else if (changes.length === 0) yield { kind: "heartbeat", revision: Number(revision) };
  };
}

/** A change; undefined for a kind that this client does not know, of a server that is newer. */
function changeOf(message: VariableChange): WatchChange | undefined {
  const { name } = message;
  switch (message.kind) {
    case ChangeKind.CHANGE_KIND_SET:
      return { kind: "set", variable: variableOf(message) };
    case ChangeKind.CHANGE_KIND_DELETE:
      return { kind: "delete", name };
    case ChangeKind.CHANGE_KIND_EXPIRE:
      return { kind: "expire", name };
    case ChangeKind.CHANGE_KIND_SESSION_CREATED:
      return { kind: "session_created" };
    case ChangeKind.CHANGE_KIND_SESSION_DELETED:
      return { kind: "session_deleted" };
    case ChangeKind.CHANGE_KIND_SESSION_EXPIRED:
      return { kind: "session_expired" };
    default:
      return undefined;
  }
}

function variableOf({ name, variable }: VariableChange): StoredVariable {
  const stored = storedVariable(variable);
  if (stored === undefined) throw new DataLossError("the server told of a change without its variable", { details: { name } });
  return stored;
}
