/** The telemetry of `serve`: from configuration to what the server is started with. */
import { systemClock } from "@session-bridge/core/internal";
import { METHODS } from "../carrier/methods.ts";
import type { ServeConfig } from "../config/serve-config.ts";
import { eventLog } from "../event-log.ts";
import type { Logger } from "../logger.ts";
import type { RunningServer } from "../server.ts";
import type { ServerTelemetry } from "../telemetry-door.ts";
import { VERSION } from "../version.ts";
import type { CommandIo } from "./io.ts";

/** Telemetry, and the server that it is about once there is one. */
export interface ServeTelemetry extends Pick<ServerTelemetry, "observer" | "rpc" | "adminAddress"> {
  /** The server runs: from now on it is asked how it is. */
  follow(server: RunningServer): void;
  /** Never rejects. */
  close(): Promise<void>;
}

/** Starts what is configured; undefined when that is nothing. Rejects when the admin pages cannot be served. */
export async function serveTelemetry(config: ServeConfig, io: CommandIo, logger: Logger): Promise<ServeTelemetry | undefined> {
  const { telemetry: wanted, store } = config;
  if (wanted === undefined) return undefined;
  const { events, ...others } = wanted;
  const records = events && eventLog();
  let server: RunningServer | undefined;
  const started = await io
    .startTelemetry({
      ...others,
      events: events && records && { ...events, sink: records.write },
      ready: () => server?.ready ?? false,
      methods: METHODS,
      dbSystem: store.kind === "memory" ? undefined : store.kind,
      serviceVersion: VERSION,
      // The engine's, too.
      clock: systemClock,
      log: logger,
    })
    .catch((error: unknown) => {
      if (!(error instanceof Error && "syscall" in error) || wanted.admin === undefined) throw error;
      throw new Error(`--admin: cannot listen on ${wanted.admin.host}:${wanted.admin.port}: ${error.message}`, { cause: error });
    });
  return {
    observer: started.observer,
    rpc: started.rpc,
    adminAddress: started.adminAddress,
    follow(running) {
      server = running;
      started.watch(() => ({ sessionsInMemory: running.memory.sessions, memoryBytes: running.memory.bytes }));
    },
    async close() {
      await started.close().catch(() => {});
      await records?.close();
    },
  };
}
