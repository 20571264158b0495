/** WatchVariables: what a watch delivers, in messages that are small enough to wait for a slow reader. */
import type { Selection, Signal, StoredVariable, WatchChange, WatchDelivery, WatchPort } from "@session-bridge/core/internal";
import {
  ChangeKind,
  type VariableChange,
  type WatchVariablesRequest,
  type WatchVariablesResponse,
} from "@session-bridge/protocol/session_bridge/v1/variables";
import { checkFits, pageEnd, variableSize } from "./message-budget.ts";
import { invalidArgument, variableMessage } from "./messages.ts";

/** Each watch has up to two messages in memory; only one large value makes a larger one. */
const MESSAGE_TARGET_BYTES = 64 * 1024;
/** A change beside its variable: kind, revision, mark, and the name once more. */
const CHANGE_BYTES = 32;

const KINDS = {
  set: ChangeKind.CHANGE_KIND_SET,
  delete: ChangeKind.CHANGE_KIND_DELETE,
  expire: ChangeKind.CHANGE_KIND_EXPIRE,
  session_created: ChangeKind.CHANGE_KIND_SESSION_CREATED,
  session_deleted: ChangeKind.CHANGE_KIND_SESSION_DELETED,
  session_expired: ChangeKind.CHANGE_KIND_SESSION_EXPIRED,
} as const satisfies Record<WatchChange["kind"], ChangeKind>;

/**
 * The messages of a watch. Fails with InvalidArgumentError for a request that contradicts itself, LimitExceededError MESSAGE_TOO_LARGE at a value
 * that no message can carry, and whatever the port fails with.
 */
export async function* watchVariables(
  port: WatchPort,
  request: WatchVariablesRequest,
  caller: { readonly signal?: Signal | undefined },
  messageBytes: number,
): AsyncGenerator<WatchVariablesResponse> {
  const { sessionId, withoutValues } = request;
  const watch = { selection: selectionOf(request), since: sinceOf(request.since), withoutValues };
  for await (const delivery of port.watch(sessionId, watch, caller)) yield* messagesOf(delivery, messageBytes);
}

function selectionOf({ names, prefix }: WatchVariablesRequest): Selection {
  if (names.length > 0 && prefix !== "") throw invalidArgument("names and prefix exclude each other");
  return names.length > 0 ? { names } : { prefix };
}

function sinceOf(value: bigint | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (value < 0n) throw invalidArgument("since is a revision that an earlier watch named");
  return Number(value);
}

function* messagesOf(delivery: WatchDelivery, messageBytes: number): Generator<WatchVariablesResponse> {
  switch (delivery.kind) {
    case "snapshot":
      for (const variables of pieces(delivery.variables, variableSize)) {
        yield {
          changes: variables.map((variable) => setMessage(variable, variable.revision, messageBytes)),
          revision: undefined,
          caughtUp: false,
        };
      }
      return;
    case "commit": {
      let left = delivery.changes.length;
      const revision = BigInt(delivery.revision);
      for (const piece of pieces(delivery.changes, changeSize)) {
        left -= piece.length;
        const changes = piece.map((change) => changeMessage(change, delivery.revision, messageBytes));
        const last = changes.at(-1);
        if (left === 0 && last !== undefined) last.last = true;
        yield { changes, revision: left === 0 ? revision : undefined, caughtUp: false };
      }
      return;
    }
    case "caught_up":
    case "heartbeat":
      yield { changes: [], revision: BigInt(delivery.revision), caughtUp: delivery.kind === "caught_up" };
  }
}

/** The items in their order, as many at a time as a message should have. */
function* pieces<T>(items: readonly T[], sizeOf: (item: T) => number): Generator<readonly T[]> {
  for (let start = 0; start < items.length; ) {
    const end = pageEnd(items, start, MESSAGE_TARGET_BYTES, sizeOf);
    yield items.slice(start, end);
    start = end;
  }
}

function changeSize(change: WatchChange): number {
  if (change.kind === "set") return variableSize(change.variable) + 3 * change.variable.name.length + CHANGE_BYTES;
  return ("name" in change ? 3 * change.name.length : 0) + CHANGE_BYTES;
}

function changeMessage(change: WatchChange, revision: number, messageBytes: number): VariableChange {
  if (change.kind === "set") return setMessage(change.variable, revision, messageBytes);
  const name = "name" in change ? change.name : "";
  return { kind: KINDS[change.kind], name, revision: BigInt(revision), variable: undefined, last: false };
}

function setMessage(variable: StoredVariable, revision: number, messageBytes: number): VariableChange {
  checkFits(variable, messageBytes);
  return { kind: KINDS.set, name: variable.name, revision: BigInt(revision), variable: variableMessage(variable), last: false };
}
