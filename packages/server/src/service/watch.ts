/** WatchVariables: what a watch delivers, in messages that are small enough to wait for a slow reader. */
import type {
  LocalWatchPort,
  Selection,
  StoredVariable,
  Subscriber,
  Subscription,
  WatchChange,
  WatchDelivery,
} from "@session-bridge/core/internal";
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

/** Watches of sessions as messages. */
export interface WatchMessages {
  /**
   * The messages of a watch. Fails with InvalidArgumentError for a request that contradicts itself, LimitExceededError MESSAGE_TOO_LARGE at a
   * value that no message can carry, and whatever the port fails with.
   */
  watch(port: LocalWatchPort, request: WatchVariablesRequest, subscriber: Subscriber): Subscription<WatchVariablesResponse>;
}

/** Makes messages of at most `messageBytes`. All who watch the same are given the same message. */
export function watchMessages(messageBytes: number): WatchMessages {
  /** The last commit, if it is one message. */
  let last: { readonly changes: readonly WatchChange[]; readonly message: WatchVariablesResponse } | undefined;
  const messagesOf = (delivery: WatchDelivery): Iterator<WatchVariablesResponse> => {
    if (delivery.kind !== "commit" || pageEnd(delivery.changes, 0, MESSAGE_TARGET_BYTES, changeSize) < delivery.changes.length) {
      return piecesOf(delivery, messageBytes);
    }
    const { revision, changes } = delivery;
    if (last?.changes !== changes) last = { changes, message: commitMessage(changes, revision, messageBytes, true) };
    return [last.message].values();
  };
  return {
    watch(port, request, subscriber) {
      const { sessionId, withoutValues } = request;
      const watch = { selection: selectionOf(request), since: sinceOf(request.since), withoutValues };
      const deliveries = port.follow(sessionId, watch, subscriber);
      let messages = NO_MESSAGES;
      return {
        get isOver() {
          return deliveries.isOver;
        },
        take() {
          for (;;) {
            const { value, done } = messages.next();
            if (!done) return value;
            const delivery = deliveries.take();
            if (delivery === undefined) return undefined;
            messages = messagesOf(delivery);
          }
        },
      };
    },
  };
}

const NO_MESSAGES: Iterator<WatchVariablesResponse> = [].values();

function selectionOf({ names, prefix }: WatchVariablesRequest): Selection {
  if (names.length > 0 && prefix !== "") throw invalidArgument("names and prefix exclude each other");
  return names.length > 0 ? { names } : { prefix };
}

function sinceOf(value: bigint | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (value < 0n) throw invalidArgument("since is a revision that an earlier watch named");
  return Number(value);
}

function* piecesOf(delivery: WatchDelivery, messageBytes: number): Generator<WatchVariablesResponse, undefined> {
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
      for (const piece of pieces(delivery.changes, changeSize)) {
        left -= piece.length;
        yield commitMessage(piece, delivery.revision, messageBytes, left === 0);
      }
      return;
    }
    case "caught_up":
    case "heartbeat":
      yield { changes: [], revision: BigInt(delivery.revision), caughtUp: delivery.kind === "caught_up" };
  }
}

/** Changes of a commit, or of its end. */
function commitMessage(piece: readonly WatchChange[], revision: number, messageBytes: number, isLast: boolean): WatchVariablesResponse {
  const changes = piece.map((change) => changeMessage(change, revision, messageBytes));
  const last = changes.at(-1);
  if (isLast && last !== undefined) last.last = true;
  return { changes, revision: isLast ? BigInt(revision) : undefined, caughtUp: false };
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
