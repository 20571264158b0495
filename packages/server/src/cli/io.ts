import type { CallOptions, SessionPersistence, SessionPort } from "@session-bridge/core/internal";
import type { StoreConfig } from "../config/serve-config.ts";
import type { ServerTelemetry, TelemetryStart } from "../telemetry-door.ts";
import type { TextSink } from "./text-files.ts";

/** A server far away. */
export type RemotePort = SessionPort & {
  serverInfo(call: CallOptions): Promise<{ readonly version: string; readonly limits: Readonly<Record<string, number>> }>;
  close(): Promise<void> | void;
};

/** Told how much is done of how much. */
export type OnProgress = (done: number, total: number) => void;

/** What the commands touch of the world; `main.ts` makes the real one. */
export interface CommandIo {
  /** Writes to standard output; nothing but the answer. */
  print(text: string): void;
  /** Writes to standard output at once, and resolves when it can take more. */
  printLive(text: string): Promise<void>;
  /** Whether a person reads standard output, who may like colours. */
  readonly colours: boolean;
  /** Writes to standard error. */
  complain(text: string): void;
  readStdin(): Promise<string>;
  /** Where a long text goes: a file that is replaced only with `force`, or standard output. */
  openOutput(file: string | undefined, force: boolean): Promise<TextSink>;
  /** A file piece by piece, or standard input. */
  openInput(file: string | undefined): AsyncIterable<Uint8Array>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Undefined is memory only. */
  openStore(store: StoreConfig): Promise<SessionPersistence | undefined>;
  connect(address: string): Promise<RemotePort>;
  /** Checks the file of a store, which a server may have open. */
  checkStore(file: string, onProgress: OnProgress): Promise<{ readonly ok: boolean }>;
  /** Copies the file of a store, which a server may have open, to a file that is not there yet. */
  backupStore(file: string, target: string, onProgress: OnProgress): Promise<object>;
  /** Starts telemetry. Rejects when it cannot listen where it should. */
  startTelemetry(start: TelemetryStart): Promise<ServerTelemetry>;
  /** What an HTTP server answers to GET. Rejects when it does not, or not in time. */
  fetchPage(url: string, timeoutMs: number): Promise<{ readonly status: number; readonly text: string }>;
  /** A summary of telemetry as text for a person. */
  formatSummary(summary: object): Promise<string>;
  /** Shows one changing line to a person at a terminal, and to nobody else; "" takes it away. */
  showProgress(line: string): void;
}
