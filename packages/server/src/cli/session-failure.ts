import { BridgeError } from "@session-bridge/core/internal";

/** A session that is there already, where that was to be a failure. */
export class ConflictError extends Error {
  override readonly name = "ConflictError";
}

/** What befell one of many sessions. The message says which; the exit code is that of the cause. */
export class SessionFailure extends Error {
  override readonly name = "SessionFailure";
}

/** Does something with one session; what goes wrong with it names the place. */
export async function withSession<T>(place: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof BridgeError || cause instanceof ConflictError)) throw cause;
    throw new SessionFailure(`${place}: ${cause.message}`, { cause });
  }
}
