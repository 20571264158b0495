/** The limits of docs/limits.md: one table, all checked on every path that writes. */

/** Every limit that can be configured. Sizes are uncompressed encoded bytes. */
export interface Limits {
  /** Encoded bytes of one value. */
  readonly valueBytes: number;
  /** Variables of one session. */
  readonly variablesPerSession: number;
  /** Names and encoded values of one session, in bytes, history included; its checkpoints may take as much again. */
  readonly sessionBytes: number;
  /** Sessions of a memory-only manager; a stored one has no such limit. */
  readonly memorySessions: number;
  /** What loaded sessions may take in memory, estimated; the one used longest ago leaves first. Memory-only managers have no such limit. */
  readonly memoryBytes: number;
  /** Operations of one update, packed values included. */
  readonly operationsPerUpdate: number;
  /** Earlier states kept of each variable where the session does not say; 0 keeps none. */
  readonly historyEntries: number;
  /** Checkpoints of one session. */
  readonly checkpointsPerSession: number;
  /** Watches of one session. */
  readonly watchesPerSession: number;
  /** Watches of one manager. */
  readonly watches: number;
  /** Milliseconds that a session lives unused when nobody says otherwise; undefined means for ever. */
  readonly defaultTtlMs: number | undefined;
  /** Whether a session may ask never to expire. */
  readonly allowNever: boolean;
}

/** What holds when nothing is configured. */
export const DEFAULT_LIMITS: Limits = {
  valueBytes: 1024 * 1024,
  variablesPerSession: 1000,
  sessionBytes: 16 * 1024 * 1024,
  memorySessions: 10_000,
  memoryBytes: 512 * 1024 * 1024,
  operationsPerUpdate: 1000,
  historyEntries: 0,
  checkpointsPerSession: 16,
  watchesPerSession: 1000,
  watches: 10_000,
  defaultTtlMs: 24 * 60 * 60 * 1000,
  allowNever: true,
};

/** Bytes of a session id, 1 to this many. */
export const MAX_SESSION_ID_BYTES = 128;
/** Bytes of a variable's name, 1 to this many. */
export const MAX_NAME_BYTES = 256;
/** Labels of a session. */
export const MAX_LABELS = 16;
/** Bytes of a label's key, 1 to this many. */
export const MAX_LABEL_KEY_BYTES = 63;
/** Bytes of a label's value. */
export const MAX_LABEL_VALUE_BYTES = 255;
/** Earlier states kept of each variable, 0 to this many. */
export const MAX_HISTORY_ENTRIES = 64;
/** Bytes of a checkpoint's label, 1 to this many; otherwise it is as a name. */
export const MAX_CHECKPOINT_LABEL_BYTES = 128;
/** The longest time to live: beyond it a date would not fit; about 285,000 years. */
export const MAX_TTL_MS = 9_000_000_000_000_000;
