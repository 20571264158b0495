import type { Deadline, ServerUnaryCall } from "@grpc/grpc-js";
import type { Signal } from "@session-bridge/core/internal";

/** How far before its deadline a call may end and still end because of it: the caller began to count when the request was on its way. */
const SLACK_MS = 100;

/** Whether a call that ends now ends because of its deadline. */
export const isDue = (call: { getDeadline(): Deadline }): boolean => Number(call.getDeadline()) - Date.now() <= SLACK_MS;

/**
 * The end of a call as a signal. It listens to the call only when somebody listens to it, so that a call answered at once pays nothing.
 * A deadline is no abort, although grpc-js says "cancelled" then, too: the engine has it as a time limit, and knows it by its name.
 */
export function callSignal(call: ServerUnaryCall<unknown, unknown>): Signal {
  let listeners: Map<() => void, () => void> | undefined;
  return {
    get aborted() {
      return call.cancelled && !isDue(call);
    },
    get reason() {
      return call.cancelled ? new Error("the caller cancelled the call") : undefined;
    },
    addEventListener(_type, listener) {
      const heard = () => {
        if (!isDue(call)) listener();
      };
      listeners ??= new Map();
      listeners.set(listener, heard);
      call.on("cancelled", heard);
    },
    removeEventListener(_type, listener) {
      const heard = listeners?.get(listener);
      if (heard !== undefined) call.off("cancelled", heard);
    },
  };
}
