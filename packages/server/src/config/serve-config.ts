import type { Limits, WriteBehindOptions } from "@session-bridge/core/internal";
import type { LogLevel } from "../logger.ts";
import { ENVELOPE_BYTES } from "../service/message-budget.ts";
import type { RequestLimits } from "../service/server-info.ts";
import { type DURABILITIES, SERVE_OPTIONS } from "./options.ts";
import { resolveOptions, type Sources, UsageError } from "./resolve.ts";
import { type TelemetryConfig, telemetryConfig } from "./telemetry-config.ts";

/** What an answered change survives. */
export type Durability = (typeof DURABILITIES)[number];

/** Which store. */
export type StoreConfig = { readonly kind: "memory" } | { readonly kind: "sqlite"; readonly file: string; readonly durability: Durability };

/** The configuration of `serve`. */
export interface ServeConfig {
  readonly listen: string;
  readonly store: StoreConfig;
  /** Given when the store is behind what is answered. */
  readonly writeBehind: WriteBehindOptions | undefined;
  readonly logLevel: LogLevel;
  readonly drainMs: number;
  /** Whether to look for the next request before sleeping. */
  readonly look: boolean;
  readonly limits: Limits;
  readonly requestLimits: RequestLimits;
  /** Undefined when nobody wants any. */
  readonly telemetry: TelemetryConfig | undefined;
  /** Every option by its name with its value in force, for `--print-config`. */
  readonly printed: Readonly<Record<string, unknown>>;
}

/** The configuration of `serve`. Throws UsageError. */
export function serveConfig(sources: Sources): ServeConfig {
  const options = resolveOptions(SERVE_OPTIONS, sources);
  if (options["max-value-bytes"] + ENVELOPE_BYTES > options["max-message-bytes"]) {
    throw new UsageError(
      `--max-value-bytes: a value of ${options["max-value-bytes"]} bytes does not fit --max-message-bytes ${options["max-message-bytes"]}`,
    );
  }
  if (options.store === "memory" && sources.flags.durability !== undefined)
    throw new UsageError("--durability: a server without a store keeps nothing; leave it out, or say --store sqlite:PATH");
  const unused = Object.keys(sources.flags).find((flag) => flag.startsWith("write-behind-") && sources.flags[flag] !== undefined);
  if (unused !== undefined && options.durability !== "write-behind") throw new UsageError(`--${unused}: needs --durability write-behind`);
  const defaultTtl = options["default-ttl-ms"];
  if (defaultTtl === "never" && !options["allow-never"])
    throw new UsageError("--default-ttl-ms: never is not allowed by --allow-never false");
  return {
    listen: options.listen,
    store: storeConfig(options.store, options.durability),
    writeBehind:
      options.store === "memory" || options.durability !== "write-behind"
        ? undefined
        : {
            windowMs: options["write-behind-window-ms"],
            backlogBytes: options["write-behind-backlog-bytes"],
            backlogMs: options["write-behind-backlog-ms"],
          },
    logLevel: options["log-level"],
    drainMs: options["drain-ms"],
    look: options.look,
    limits: {
      valueBytes: options["max-value-bytes"],
      variablesPerSession: options["max-variables-per-session"],
      sessionBytes: options["max-session-bytes"],
      memorySessions: options["max-memory-sessions"],
      memoryBytes: options["max-memory-bytes"],
      operationsPerUpdate: options["max-operations-per-update"],
      historyEntries: options.history,
      checkpointsPerSession: options["max-checkpoints-per-session"],
      watchesPerSession: options["max-watches-per-session"],
      watches: options["max-watches"],
      defaultTtlMs: defaultTtl === "never" ? undefined : defaultTtl,
      allowNever: options["allow-never"],
    },
    requestLimits: {
      messageBytes: options["max-message-bytes"],
      connections: options["max-connections"],
      streamsPerConnection: options["max-streams-per-connection"],
      requestsInFlight: options["max-requests-in-flight"],
      deadlineMs: options["max-deadline-ms"],
    },
    telemetry: telemetryConfig(options, options["log-level"], sources),
    printed: options,
  };
}

function storeConfig(store: string, durability: Durability): StoreConfig {
  return store === "memory" ? { kind: "memory" } : { kind: "sqlite", file: store.slice("sqlite:".length), durability };
}
