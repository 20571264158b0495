/** Bridges: connections to servers, as programs hold them. */
import type {
  CallOptions,
  CreateSessionOptions,
  ListSessionsOptions,
  Session,
  SessionDirectory,
  SessionInfo,
  SessionOptions,
} from "@session-bridge/core";
import {
  checkOptions,
  DEFAULT_TIMEOUT_MS,
  OPTIONS,
  sessionDirectory,
  systemClock,
  systemRandom,
  valueCodec,
} from "@session-bridge/core/internal";
import { type ConnectOptions, checkAddress, checkConnectOptions } from "./options.ts";
import { type RemotePort, remotePort, type ServerInfo } from "./rpc.ts";
import { observedDirectory, observedPort } from "./telemetry/observed-sessions.ts";
import { openTelemetry } from "./telemetry/opentelemetry.ts";

/** A connection to a server. Its sessions behave as those of a `SessionManager` in this process. */
export interface Bridge extends SessionDirectory {
  readonly address: string;
  /** The server's version, limits and features. */
  serverInfo(options?: CallOptions): Promise<ServerInfo>;
  /** Waits for the calls that are under way, then disconnects; later calls fail with BridgeClosedError. No other bridge is touched. */
  close(): Promise<void>;
  /** As `close`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * A bridge to the server at `address` ("host:port"; left out, SESSION_BRIDGE_ADDRESS or localhost:50051). It connects when it is first used:
 * a server that refuses then fails the call at once with ServerUnavailableError; one that is lost later is sought again within each call's
 * timeout. Throws InvalidArgumentError for a bad address and for unknown or bad options.
 */
export function connect(address?: string, options?: ConnectOptions): Bridge {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, integers = "auto", carrier = "auto", retry } = checkConnectOptions(options);
  const checked = checkAddress(address);
  const api = openTelemetry();
  const remote = remotePort(checked, { timeoutMs, retry, carrier });
  const port = api === undefined ? remote : observedPort(api, checked, remote);
  const context = { port, codec: valueCodec, integers, timeoutMs, clock: systemClock, random: systemRandom };
  const directory = api === undefined ? sessionDirectory(context) : observedDirectory(api, checked, context);
  return new RemoteBridge(checked, port, directory, timeoutMs);
}

class RemoteBridge implements Bridge {
  readonly address: string;
  readonly #port: RemotePort;
  readonly #directory: SessionDirectory;
  readonly #timeoutMs: number;

  constructor(address: string, port: RemotePort, directory: SessionDirectory, timeoutMs: number) {
    this.address = address;
    this.#port = port;
    this.#directory = directory;
    this.#timeoutMs = timeoutMs;
  }

  session(...given: [id?: string, options?: SessionOptions]): Session {
    return this.#directory.session(...given);
  }

  createSession(options?: CreateSessionOptions): Promise<Session> {
    return this.#directory.createSession(options);
  }

  listSessions(options?: ListSessionsOptions): AsyncIterable<SessionInfo> {
    return this.#directory.listSessions(options);
  }

  deleteSession(id: string, options?: CallOptions): Promise<boolean> {
    return this.#directory.deleteSession(id, options);
  }

  async serverInfo(options?: CallOptions): Promise<ServerInfo> {
    const { signal, timeoutMs = this.#timeoutMs } = checkOptions("serverInfo", options, OPTIONS.call);
    return this.#port.serverInfo({ signal, timeoutMs });
  }

  close(): Promise<void> {
    return this.#port.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
