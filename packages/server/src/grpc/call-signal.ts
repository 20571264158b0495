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
export class CallSignal implements Signal {
  readonly #call: ServerUnaryCall<unknown, unknown>;
  #listeners: Set<() => void> | undefined;

  constructor(call: ServerUnaryCall<unknown, unknown>) {
    this.#call = call;
  }

  get aborted(): boolean {
    return this.#call.cancelled && !isDue(this.#call);
  }

  get reason(): Error | undefined {
    return this.#call.cancelled ? new Error("the caller cancelled the call") : undefined;
  }

  addEventListener(_type: "abort", listener: () => void): void {
    if (this.#listeners === undefined) {
      this.#listeners = new Set();
      this.#call.once("cancelled", () => this.#cancelled());
    }
    this.#listeners.add(listener);
  }

  removeEventListener(_type: "abort", listener: () => void): void {
    this.#listeners?.delete(listener);
  }

  #cancelled(): void {
    if (isDue(this.#call)) return;
    for (const listener of this.#listeners ?? []) listener();
  }
}
