import { type CallOptions, type SessionInfo, SessionNotFoundError } from "@session-bridge/core/internal";
import type { RemotePort } from "./io.ts";

/** What is known of a session; undefined when there is none. */
export async function findSession(port: RemotePort, id: string, call: CallOptions): Promise<SessionInfo | undefined> {
  try {
    return await port.getSession(id, call);
  } catch (error) {
    if (error instanceof SessionNotFoundError) return undefined;
    throw error;
  }
}
