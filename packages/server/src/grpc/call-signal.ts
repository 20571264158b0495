import type { ServerUnaryCall } from "@grpc/grpc-js";
import type { Signal } from "@session-bridge/core/internal";

/** The end of a call as a signal. It listens to the call only when somebody listens to it, so that a call answered at once pays nothing. */
export function callSignal(call: ServerUnaryCall<unknown, unknown>): Signal {
  return {
    get aborted() {
      return call.cancelled;
    },
    get reason() {
      return call.cancelled ? new Error("the caller cancelled the call") : undefined;
    },
    addEventListener(_type, listener) {
      call.on("cancelled", listener);
    },
    removeEventListener(_type, listener) {
      call.off("cancelled", listener);
    },
  };
}
