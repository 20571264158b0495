import type { SessionPersistence, SessionPort } from "@session-bridge/core/internal";
import type { StoreConfig } from "../config/serve-config.ts";

/** A server far away. */
export type RemotePort = SessionPort & { close(): Promise<void> | void };

/** What the commands touch of the world; `main.ts` makes the real one. */
export interface CommandIo {
  /** Writes to standard output; nothing but the answer. */
  print(text: string): void;
  /** Writes to standard error. */
  complain(text: string): void;
  readStdin(): Promise<string>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Undefined is memory only. */
  openStore(store: StoreConfig): Promise<SessionPersistence | undefined>;
  connect(address: string): Promise<RemotePort>;
}
