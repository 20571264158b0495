import {
  type Limits,
  MAX_CHECKPOINT_LABEL_BYTES,
  MAX_DECLARATIONS_BYTES,
  MAX_HISTORY_ENTRIES,
  MAX_LABELS,
  MAX_NAME_BYTES,
  MAX_SCHEMA_BYTES,
  MAX_SESSION_ID_BYTES,
} from "@session-bridge/core/internal";
import { MAX_DEPTH, MAX_NODES } from "@session-bridge/core/values";

/** What the transport allows; the limits of variables and sessions are core's. */
export interface RequestLimits {
  /** Bytes of one message, each way. */
  readonly messageBytes: number;
  /** Connections at once; a further one is closed. */
  readonly connections: number;
  /** Calls of one connection at once. */
  readonly streamsPerConnection: number;
  /** Requests that are being answered, of all connections; a further one is refused (OVERLOADED). */
  readonly requestsInFlight: number;
  /** Milliseconds after which a request is given up, whatever its caller allows. */
  readonly deadlineMs: number;
}

/** What holds when nothing is configured. */
export const DEFAULT_REQUEST_LIMITS: RequestLimits = {
  messageBytes: 4 * 1024 * 1024,
  connections: 1000,
  streamsPerConnection: 256,
  requestsInFlight: 1024,
  deadlineMs: 30_000,
};

/** What GetServerInfo answers. */
export interface ServerInfo {
  readonly version: string;
  /** By their names in docs/limits.md; 0 stands for "none". */
  readonly limits: Readonly<Record<string, number>>;
  readonly features: readonly string[];
}

/** Features that a store may lack the sections for; a server without a store has all of them. */
const OPTIONAL_FEATURES = ["history", "checkpoints", "declarations"];

/** The limits in force under one roof, as whole numbers, and what the server can do with a store of these sections. */
export function serverInfo(version: string, limits: Limits, requestLimits: RequestLimits, sections?: readonly string[]): ServerInfo {
  return {
    version,
    limits: {
      ...limits,
      defaultTtlMs: limits.defaultTtlMs ?? 0,
      allowNever: limits.allowNever ? 1 : 0,
      ...requestLimits,
      sessionIdBytes: MAX_SESSION_ID_BYTES,
      nameBytes: MAX_NAME_BYTES,
      labels: MAX_LABELS,
      valueDepth: MAX_DEPTH,
      valueNodes: MAX_NODES,
      sessionHistoryEntries: MAX_HISTORY_ENTRIES,
      checkpointLabelBytes: MAX_CHECKPOINT_LABEL_BYTES,
      schemaBytes: MAX_SCHEMA_BYTES,
      declarationsBytes: MAX_DECLARATIONS_BYTES,
    },
    features: ["watch", "fork", ...OPTIONAL_FEATURES.filter((feature) => sections === undefined || sections.includes(feature))],
  };
}
