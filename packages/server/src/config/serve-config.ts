import type { Limits } from "@session-bridge/core/internal";
import type { LogLevel } from "../logger.ts";
import { ENVELOPE_BYTES } from "../service/message-budget.ts";
import type { RequestLimits } from "../service/server-info.ts";
import { SERVE_OPTIONS } from "./options.ts";
import { resolveOptions, type Sources, UsageError } from "./resolve.ts";

/** Which store. */
export type StoreConfig =
  | { readonly kind: "memory" }
  | { readonly kind: "sqlite"; readonly file: string; readonly durability: "fsync" | "commit" };

/** The configuration of `serve`. */
export interface ServeConfig {
  readonly listen: string;
  readonly store: StoreConfig;
  readonly logLevel: LogLevel;
  readonly drainMs: number;
  readonly limits: Limits;
  readonly requestLimits: RequestLimits;
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
  const defaultTtl = options["default-ttl-ms"];
  if (defaultTtl === "never" && !options["allow-never"])
    throw new UsageError("--default-ttl-ms: never is not allowed by --allow-never false");
  return {
    listen: options.listen,
    store: storeConfig(options.store, options.durability),
    logLevel: options["log-level"],
    drainMs: options["drain-ms"],
    limits: {
      valueBytes: options["max-value-bytes"],
      variablesPerSession: options["max-variables-per-session"],
      sessionBytes: options["max-session-bytes"],
      memorySessions: options["max-memory-sessions"],
      memoryBytes: options["max-memory-bytes"],
      operationsPerUpdate: options["max-operations-per-update"],
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
    printed: options,
  };
}

function storeConfig(store: string, durability: "fsync" | "commit"): StoreConfig {
  return store === "memory" ? { kind: "memory" } : { kind: "sqlite", file: store.slice("sqlite:".length), durability };
}
