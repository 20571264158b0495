/** A server: engine, services and carriers, put together and taken apart. */
import {
  type Clock,
  type EngineMemory,
  type Limits,
  type LocalPort,
  type SessionEngine,
  type SessionObserver,
  type SessionPersistence,
  sessionEngine,
  systemClock,
  systemRandom,
  type WriteBehindOptions,
} from "@session-bridge/core/internal";
import type { RpcObserver } from "./carrier/rpc-observer.ts";
import { serveCarriers } from "./carriers.ts";
import { parseListenAddress } from "./listen-address.ts";
import { logNotice } from "./log-notice.ts";
import { jsonLogger, type Logger } from "./logger.ts";
import { pagePins } from "./service/page-pins.ts";
import { DEFAULT_REQUEST_LIMITS, type RequestLimits, type ServerInfo, serverInfo } from "./service/server-info.ts";
import { sessionService } from "./service/sessions.ts";
import { variableService } from "./service/variables.ts";
import { VERSION } from "./version.ts";

const HEALTH_INTERVAL_MS = 500;

/** How a server is started; everything has a default. */
export interface ServerOptions {
  /** `host:port`, 127.0.0.1:50051 by default; port 0 picks a free one. Or `unix:path`. */
  readonly listen?: string | undefined;
  /** Where sessions are kept; memory only when left out. The server opens and closes it. */
  readonly persistence?: SessionPersistence | undefined;
  /** Answers before changes are saved in the background; left out, nothing is answered before it is saved. */
  readonly writeBehind?: WriteBehindOptions | undefined;
  /** Limits of variables and sessions that differ from the defaults. */
  readonly limits?: Partial<Limits> | undefined;
  /** Limits of requests and connections that differ from the defaults. */
  readonly requestLimits?: Partial<RequestLimits> | undefined;
  /** Whether to look for the next request for a moment before sleeping, which is quicker and takes more of the processor; true by default. */
  readonly look?: boolean | undefined;
  /** Silent when left out. */
  readonly logger?: Logger | undefined;
  /** Told what happens to sessions; nobody when left out. */
  readonly observer?: SessionObserver | undefined;
  /** Told of every call; nobody when left out. */
  readonly rpcObserver?: RpcObserver | undefined;
  /** The machine's clock when left out. */
  readonly clock?: Clock | undefined;
}

/** A server that serves. */
export interface RunningServer {
  /** `host:port` as bound, or `unix:path`. */
  readonly address: string;
  readonly version: string;
  /** Whether it takes requests and its store works. */
  readonly ready: boolean;
  /** What is in memory at this moment. */
  readonly memory: EngineMemory;
  /**
   * Refuses new requests, waits at most `graceMs` (10 s) for those in flight, then closes the store. Resolves to whether all of them ended
   * by themselves; rejects with StoreUnavailableError when answered changes could not be saved. Calling it again gives the same promise.
   */
  stop(options?: { readonly graceMs?: number }): Promise<boolean>;
}

/** Opens the store and serves it. Rejects when the store cannot be opened or the address cannot be used; nothing is left open then. */
export async function startServer(options: ServerOptions = {}): Promise<RunningServer> {
  const listen = parseListenAddress(options.listen ?? "127.0.0.1:50051");
  const logger = options.logger ?? jsonLogger("silent");
  const clock = options.clock ?? systemClock;
  const limits: RequestLimits = { ...DEFAULT_REQUEST_LIMITS, ...options.requestLimits };
  const { persistence, writeBehind, observer, rpcObserver, look } = options;
  const engine = sessionEngine({
    persistence,
    writeBehind,
    limits: options.limits,
    clock,
    observer,
    notify: (notice) => logNotice(logger, notice),
  });
  try {
    await engine.open();
    const info = serverInfo(VERSION, engine.limits, limits, persistence?.capabilities.sections);
    const services = servicesOf(engine, info, limits.messageBytes, clock);
    const server = await serveCarriers({ ...services, listen, limits, clock, random: systemRandom, logger, look, rpcObserver });
    const stopFollowing = followHealth(engine, clock, server.setServing);
    let stopped: Promise<boolean> | undefined;
    const stop = async (graceMs: number): Promise<boolean> => {
      stopFollowing();
      const drained = await server.stop(graceMs);
      await engine.close();
      return drained;
    };
    return {
      address: server.address,
      version: VERSION,
      get ready() {
        return stopped === undefined && engine.healthy;
      },
      get memory() {
        return engine.memory;
      },
      stop: ({ graceMs = 10_000 } = {}) => (stopped ??= stop(graceMs)),
    };
  } catch (error) {
    await engine.close().catch(() => {});
    throw error;
  }
}

function servicesOf(engine: SessionEngine, info: ServerInfo, messageBytes: number, clock: Clock) {
  const ports = new Map<string, LocalPort>();
  const port = (tenant: string): LocalPort => {
    const known = ports.get(tenant) ?? engine.port(tenant);
    ports.set(tenant, known);
    return known;
  };
  return {
    sessions: sessionService({ port, info, messageBytes }),
    variables: variableService({
      port,
      readingPins: pagePins(clock, systemRandom),
      listingPins: pagePins(clock, systemRandom),
      messageBytes,
    }),
  };
}

/** Says SERVING while the engine's store works. Returns what ends it. */
function followHealth(engine: SessionEngine, clock: Clock, setServing: (serving: boolean) => void): () => void {
  let said: boolean | undefined;
  let cancel = (): void => {};
  const look = (): void => {
    if (engine.healthy !== said) {
      said = engine.healthy;
      setServing(said);
    }
    cancel = clock.schedule(HEALTH_INTERVAL_MS, look);
  };
  look();
  return () => cancel();
}
