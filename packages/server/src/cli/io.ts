import type { SessionPersistence, SessionPort } from "@session-bridge/core/internal";
import type { StoreConfig } from "../config/serve-config.ts";

/** A server far away. */
export type RemotePort = SessionPort & { close(): Promise<void> | void };

/** Told how much is done of how much. */
export type OnProgress = (done: number, total: number) => void;

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
  /** Checks the file of a store, which a server may have open. */
  checkStore(file: string, onProgress: OnProgress): Promise<{ readonly ok: boolean }>;
  /** Copies the file of a store, which a server may have open, to a file that is not there yet. */
  backupStore(file: string, target: string, onProgress: OnProgress): Promise<object>;
  /** Shows one changing line to a person at a terminal, and to nobody else; "" takes it away. */
  showProgress(line: string): void;
}
