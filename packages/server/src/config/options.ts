/** Every option of the command line: one row gives the flag, the environment variable, the key in the file, and what is accepted. */
import { DEFAULT_LIMITS, DEFAULT_WRITE_BEHIND, MAX_HISTORY_ENTRIES } from "@session-bridge/core/internal";
import { z } from "zod";
import { LOG_LEVELS } from "../logger.ts";
import { DEFAULT_REQUEST_LIMITS } from "../service/server-info.ts";
import { bool, hostPort, listen, type OptionRow, row, seconds, whole } from "./schemas.ts";
import { TELEMETRY_OPTIONS } from "./telemetry-options.ts";

/** The modes of docs/guarantees.md. */
export const DURABILITIES = ["fsync", "commit", "write-behind"] as const;

const STORE = /^(?:memory|sqlite:.+)$/s;
const MAX_INT32 = 2 ** 31 - 1;
const count = (fallback: number) => whole(1, 1_000_000_000).default(fallback);
const { defaultTtlMs = 0 } = DEFAULT_LIMITS;

/** The options of `serve`. */
export const SERVE_OPTIONS = {
  listen: row("host:port|unix:path", "where to listen; port 0 picks a free one", listen.default("127.0.0.1:50051")),
  store: row(
    "sqlite:path|memory",
    "where sessions are kept",
    z
      .string({ error: "expected memory or sqlite:PATH" })
      .regex(STORE, { error: "expected memory or sqlite:PATH" })
      .default("sqlite:./session-bridge.db"),
  ),
  durability: row(
    DURABILITIES.join("|"),
    "what an answered change survives with a store: the loss of power, the end of the process, or a clean stop",
    z.enum(DURABILITIES, { error: `expected ${DURABILITIES.join(", ")}` }).default("fsync"),
  ),
  "write-behind-window-ms": row(
    "ms",
    "write-behind: how much a crash may lose",
    whole(1, MAX_INT32).default(DEFAULT_WRITE_BEHIND.windowMs),
  ),
  "write-behind-backlog-bytes": row(
    "bytes",
    "write-behind: changes that may wait for a failing store; more are refused",
    count(DEFAULT_WRITE_BEHIND.backlogBytes),
  ),
  "write-behind-backlog-ms": row(
    "ms",
    "write-behind: how long a change may wait for a failing store; then more are refused",
    whole(1, MAX_INT32).default(DEFAULT_WRITE_BEHIND.backlogMs),
  ),
  "log-level": row(
    "level",
    `how much is logged: ${LOG_LEVELS.join(", ")}`,
    z.enum(LOG_LEVELS, { error: `expected one of ${LOG_LEVELS.join(", ")}` }).default("info"),
  ),
  ...TELEMETRY_OPTIONS,
  look: row(
    "true|false",
    "whether to look for the next request for a moment before sleeping: quicker, for more of the processor",
    bool.default(true),
  ),
  "drain-ms": row("ms", "how long a stop waits for requests in flight", whole(0, MAX_INT32).default(10_000)),
  "max-deadline-ms": row("ms", "when a request is given up at the latest", whole(1, MAX_INT32).default(DEFAULT_REQUEST_LIMITS.deadlineMs)),
  "max-message-bytes": row("bytes", "one message, each way", whole(65_536, 1_073_741_824).default(DEFAULT_REQUEST_LIMITS.messageBytes)),
  "max-connections": row("n", "connections at once", count(DEFAULT_REQUEST_LIMITS.connections)),
  "max-streams-per-connection": row(
    "n",
    "calls of one connection at once, and of a direct one as many streams beside them",
    whole(1, MAX_INT32).default(DEFAULT_REQUEST_LIMITS.streamsPerConnection),
  ),
  "max-requests-in-flight": row("n", "requests that are being answered at once", count(DEFAULT_REQUEST_LIMITS.requestsInFlight)),
  "max-value-bytes": row("bytes", "one encoded value", count(DEFAULT_LIMITS.valueBytes)),
  "max-variables-per-session": row("n", "variables of one session", count(DEFAULT_LIMITS.variablesPerSession)),
  "max-session-bytes": row("bytes", "names and values of one session", count(DEFAULT_LIMITS.sessionBytes)),
  "max-memory-sessions": row("n", "sessions of a server without a store", count(DEFAULT_LIMITS.memorySessions)),
  "max-memory-bytes": row("bytes", "what loaded sessions may take in memory with a store, estimated", count(DEFAULT_LIMITS.memoryBytes)),
  "max-operations-per-update": row("n", "operations of one update", count(DEFAULT_LIMITS.operationsPerUpdate)),
  history: row(
    "n",
    "earlier states kept of each variable, where a session does not say; 0 keeps none",
    whole(0, MAX_HISTORY_ENTRIES).default(DEFAULT_LIMITS.historyEntries),
  ),
  "max-checkpoints-per-session": row("n", "checkpoints of one session", count(DEFAULT_LIMITS.checkpointsPerSession)),
  "max-watches-per-session": row("n", "watches of one session at once", count(DEFAULT_LIMITS.watchesPerSession)),
  "max-watches": row("n", "watches of all sessions at once", count(DEFAULT_LIMITS.watches)),
  "default-ttl-ms": row(
    "ms|never",
    "how long a session lives unused when nobody says otherwise",
    z
      .union([z.literal("never"), whole(1, Number.MAX_SAFE_INTEGER)], { error: "expected never, or milliseconds greater than 0" })
      .default(defaultTtlMs || "never"),
  ),
  "allow-never": row("true|false", "whether a session may ask never to expire", bool.default(DEFAULT_LIMITS.allowNever)),
} as const;

/** The options of the commands that work on the file of a store. */
export const STORE_OPTIONS = {
  store: row(
    "sqlite:path",
    "the store; a server may have it open",
    z
      .string({ error: "expected sqlite:PATH" })
      .regex(/^sqlite:.+$/s, { error: "expected sqlite:PATH" })
      .default("sqlite:./session-bridge.db"),
  ),
} as const;

/** The options of the command that asks for a server's summary. */
export const STATS_OPTIONS = {
  admin: row("host:port", "the server's admin pages: what serve --admin says", hostPort.default("127.0.0.1:9464")),
  timeout: row("seconds", "how long to wait for them", seconds.default(5)),
} as const;

/** The options of every command that asks a server. */
export const CLIENT_OPTIONS = {
  address: row(
    "host:port",
    "the server",
    z.string({ error: "expected host:port" }).min(1, { error: "expected host:port" }).default("localhost:50051"),
  ),
  timeout: row("seconds", "how long to wait for the server", seconds.default(5)),
} as const;

/** A table of options. */
export type OptionTable = Readonly<Record<string, OptionRow>>;

/** What a table resolves to. */
export type Resolved<Table extends OptionTable> = { readonly [Key in keyof Table]: z.output<Table[Key]["schema"]> };
