/** A watcher of a port in a test's hands: it takes what is delivered when the test lets it. */
import type { BridgeError } from "../../src/errors.ts";
import { decode } from "../../src/values/index.ts";
import type { WatchChange, WatchDelivery, WatchPort, WatchRequest } from "../../src/watch-port.ts";
import { settled } from "../engine/stage.ts";

export interface Watcher {
  /** Everything that was taken, in words. */
  readonly told: readonly string[];
  /** What was taken, as it came. */
  readonly deliveries: readonly WatchDelivery[];
  /** The last revision that was delivered. */
  readonly revision: number | undefined;
  /** What it ended with. */
  readonly error: BridgeError | undefined;
  readonly ended: boolean;
  /** Takes one delivery, as soon as there is one. */
  take(): Promise<WatchDelivery | undefined>;
  /** Leaves. */
  leave(): Promise<void>;
}

export const ALL = { selection: { prefix: "" } } as const;

/** A change in words: `a=1`, `-a`, `expire a`, `session_created`. */
export function inWords(change: WatchChange): string {
  if (change.kind === "set") return `${change.variable.name}=${valueText(change.variable.bytes)}`;
  if (change.kind === "delete") return `-${change.name}`;
  return change.kind === "expire" ? `expire ${change.name}` : change.kind;
}

const valueText = (bytes: Uint8Array): string => {
  if (bytes.length === 0) return "?";
  const value = JSON.stringify(decode(bytes));
  return value.length > 100 ? `${value.slice(0, 2)}…${value.length}` : value;
};

const delivered = (delivery: WatchDelivery): string => {
  if (delivery.kind === "snapshot") return delivery.variables.map((variable) => inWords({ kind: "set", variable })).join(" ");
  return delivery.kind === "commit" ? `| ${delivery.changes.map(inWords).join(" ")}` : delivery.kind;
};

/** A watcher that takes only what `take` says. */
export function slowWatcher(port: WatchPort, id: string, request: WatchRequest = ALL): Watcher {
  const deliveries: WatchDelivery[] = [];
  let error: BridgeError | undefined;
  let ended = false;
  const iterator = port.watch(id, request, {})[Symbol.asyncIterator]();
  return {
    deliveries,
    get told() {
      return deliveries.map(delivered);
    },
    get revision() {
      return deliveries.flatMap((delivery) => ("revision" in delivery ? [delivery.revision] : [])).at(-1);
    },
    get error() {
      return error;
    },
    get ended() {
      return ended;
    },
    async take() {
      try {
        const { value, done } = await iterator.next();
        if (done) ended = true;
        else deliveries.push(value);
        return value;
      } catch (cause) {
        error = cause as BridgeError;
        ended = true;
        return undefined;
      }
    },
    async leave() {
      await iterator.return?.();
      ended = true;
    },
  };
}

/** A watcher that takes everything at once; it has caught up, or failed, when this resolves. */
export async function watcher(port: WatchPort, id: string, request: WatchRequest = ALL): Promise<Watcher> {
  const slow = slowWatcher(port, id, request);
  void (async () => {
    while (!slow.ended) await slow.take();
  })();
  await settled();
  return slow;
}
