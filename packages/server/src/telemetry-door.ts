/** What a server asks of telemetry and gives it. `main.ts` alone knows who does it, and loads it only when somebody wants it. */
import type { Clock, EventKind, SessionObserver } from "@session-bridge/core/internal";
import type { RpcObserver } from "./carrier/rpc-observer.ts";
import type { Logger } from "./logger.ts";

/** How telemetry is started; `@session-bridge/telemetry` says what each of these means. */
export interface TelemetryStart {
  readonly names: "plain" | "hash" | "off";
  readonly namesKey: string | undefined;
  readonly traceRatio: number;
  readonly events:
    | {
        readonly sink: (record: object) => void;
        readonly perSecond: number;
        readonly sample: Readonly<Partial<Record<EventKind, number>>>;
      }
    | undefined;
  readonly otlp: boolean;
  readonly admin: { readonly host: string; readonly port: number } | undefined;
  readonly ready: () => boolean;
  readonly methods: readonly string[];
  readonly dbSystem: string | undefined;
  readonly serviceVersion: string;
  readonly clock: Clock;
  readonly log: Pick<Logger, "warn">;
}

/** Telemetry that runs. */
export interface ServerTelemetry {
  readonly observer: SessionObserver;
  readonly rpc: RpcObserver;
  /** Where the admin pages are, as bound; undefined when there are none. */
  readonly adminAddress: string | undefined;
  watch(read: () => { readonly sessionsInMemory?: number | undefined; readonly memoryBytes?: number | undefined }): void;
  /** Delivers what waits, within a few seconds. */
  close(): Promise<void>;
}
