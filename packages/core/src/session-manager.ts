/** Sessions in this process: the engine behind the same interface that a client has. */
import type { Clock, Random } from "./clock.ts";
import type { Limits } from "./limits.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import type { SessionObserver } from "./observer.ts";
import type { SessionPersistence } from "./persistence.ts";
import type { CreateSessionOptions, ListSessionsOptions, Session, SessionDirectory, SessionOptions } from "./session.ts";
import { sessionDirectory } from "./session-directory.ts";
import { type SessionEngine, sessionEngine } from "./session-engine.ts";
import { checkOptions, isPlainObject, milliseconds, type OptionCheck, refuse, wholeFrom } from "./session-options.ts";
import type { CallOptions, SessionInfo } from "./session-port.ts";
import { type Integers, valueCodec } from "./session-values.ts";
import { systemClock, systemRandom } from "./system.ts";
import type { WriteBehindOptions } from "./write-behind.ts";

/** Milliseconds that a call may take when nobody says otherwise. */
export const DEFAULT_TIMEOUT_MS = 5_000;

/** What a manager is made of; everything has a default. */
export interface SessionManagerOptions {
  /** Where sessions are kept; left out, in memory only. */
  readonly persistence?: SessionPersistence | undefined;
  /**
   * Acknowledges changes at once and saves them in the background: a crash loses the last of them [P12]. Needs a `persistence` that keeps
   * what it is given. Left out, nothing is acknowledged before it is saved.
   */
  readonly writeBehind?: WriteBehindOptions | undefined;
  /** Those that differ from `DEFAULT_LIMITS`. */
  readonly limits?: Partial<Limits> | undefined;
  /** Is told what happens, never what is stored. */
  readonly observer?: SessionObserver | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
  /** "auto" (the default) reads an integer as a number when that is exact and else as a bigint; "bigint" always as a bigint. */
  readonly integers?: Integers | undefined;
  /** Milliseconds that a call may take when it says nothing; 5,000 unless said. */
  readonly timeoutMs?: number | undefined;
}

/** Hands out the sessions of one store. The store is opened at once; calls wait for it, and fail when it cannot be opened. */
export class SessionManager implements SessionDirectory {
  readonly #engine: SessionEngine;
  readonly #directory: SessionDirectory;

  /** Throws InvalidArgumentError for unknown options and bad values. */
  constructor(options?: SessionManagerOptions) {
    const { integers = "auto", timeoutMs = DEFAULT_TIMEOUT_MS, ...parts } = checkOptions("SessionManager", options, MANAGER);
    const { clock = systemClock, random = systemRandom } = parts;
    this.#engine = sessionEngine(parts);
    this.#directory = sessionDirectory({ port: this.#engine.port(""), codec: valueCodec, integers, timeoutMs, clock, random });
    // Whoever calls later is told why it failed.
    this.#engine.open().catch(() => {});
  }

  /** The session of this id, without asking anybody; without an id, one of 128 random bits. Throws InvalidArgumentError for a bad id. */
  session(...given: [id?: string, options?: SessionOptions]): Session {
    return this.#directory.session(...given);
  }

  /** Creates a session. SessionExistsError when there is one of this id. */
  createSession(options?: CreateSessionOptions): Promise<Session> {
    return this.#directory.createSession(options);
  }

  /** The sessions that are alive, in byte order of their ids, fetched page by page. */
  listSessions(options?: ListSessionsOptions): AsyncIterable<SessionInfo> {
    return this.#directory.listSessions(options);
  }

  /** Deletes a session and all of its variables; whether there was one. */
  deleteSession(id: string, options?: CallOptions): Promise<boolean> {
    return this.#directory.deleteSession(id, options);
  }

  /**
   * Waits for what is being saved, then closes the store. Later calls fail with BridgeClosedError. Rejects with StoreUnavailableError when
   * changes that were acknowledged before they were saved could not be saved.
   */
  close(): Promise<void> {
    return this.#engine.close();
  }

  /** As `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** A check that something has these methods. */
const having =
  (...methods: readonly string[]): OptionCheck =>
  (value, label) => {
    const found = value as Readonly<Record<string, unknown>> | null | undefined;
    if (found === undefined) return;
    const missing = methods.find((method) => typeof found?.[method] !== "function");
    if (missing !== undefined) throw refuse(`${label} must have a method ${missing}`);
  };

const limits: OptionCheck = (value, label) => {
  if (value === undefined) return;
  if (!isPlainObject(value)) throw refuse(`${label} must be an object`);
  for (const [name, limit] of Object.entries(value)) {
    if (!Object.hasOwn(DEFAULT_LIMITS, name)) throw refuse(`there is no limit ${JSON.stringify(name)}`);
    if (name === "allowNever" ? typeof limit === "boolean" : name === "defaultTtlMs" && limit === undefined) continue;
    if (name === "allowNever") throw refuse(`${label}.${name} must be true or false`);
    wholeFrom(1)(limit, `${label}.${name}`);
  }
};

const writeBehind: OptionCheck = (value, label) => {
  if (value === undefined) return;
  if (!isPlainObject(value)) throw refuse(`${label} must be an object`);
  for (const [name, number] of Object.entries(value)) {
    if (!WRITE_BEHIND.includes(name)) throw refuse(`${label} has no option ${JSON.stringify(name)}; it has ${WRITE_BEHIND.join(", ")}`);
    if (number !== undefined) wholeFrom(1)(number, `${label}.${name}`);
  }
};

const WRITE_BEHIND = ["windowMs", "backlogBytes", "backlogMs"];

/** A check for "auto" and "bigint". */
export const integersOption: OptionCheck = (value, label) => {
  if (value !== undefined && value !== "auto" && value !== "bigint") throw refuse(`${label} must be "auto" or "bigint"`);
};

/** A check for a default timeout, which may be left out. */
export const timeoutOption: OptionCheck = (value, label) => {
  if (value !== undefined) milliseconds(value, label);
};

const MANAGER = {
  persistence: having("open", "load", "loadValues", "save", "listSessions", "due", "close"),
  writeBehind,
  limits,
  observer: having("observe"),
  clock: having("now", "monotonic", "schedule"),
  random: having("bytes", "fraction"),
  integers: integersOption,
  timeoutMs: timeoutOption,
};
