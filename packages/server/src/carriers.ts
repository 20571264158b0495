/** Both carriers behind one listening socket, with what they share: functions, limits, and the way down. */
import type { Clock, Random } from "@session-bridge/core/internal";
import { inFlight } from "./carrier/in-flight.ts";
import { type ListenAddress, listen } from "./carrier/listener.ts";
import { lookout, SLEEPING } from "./carrier/lookout.ts";
import { type ServiceFunctions, servedServices } from "./carrier/methods.ts";
import type { RpcObserver } from "./carrier/rpc-observer.ts";
import { directServer } from "./direct/direct-server.ts";
import { grpcServer } from "./grpc/grpc-server.ts";
import type { Logger } from "./logger.ts";
import type { RequestLimits } from "./service/server-info.ts";

const KEEPALIVE_MS = 20_000;

/** What is served, and where. */
export interface CarriersOptions extends ServiceFunctions {
  readonly listen: ListenAddress;
  readonly limits: RequestLimits;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Whether to look for the next request before sleeping; true when left out. */
  readonly look?: boolean | undefined;
  /** A connection is pinged so often, and closed when it is silent for as long again; 20 s when left out. */
  readonly keepaliveMs?: number | undefined;
  /** Told of every call; nobody when left out. */
  readonly rpcObserver?: RpcObserver | undefined;
}

/** Carriers that serve. */
export interface Carriers {
  /** `host:port` as bound, or `unix:/path`. */
  readonly address: string;
  /** What grpc.health.v1 answers. */
  setServing(serving: boolean): void;
  /** NOT_SERVING, no new requests, then at most `graceMs` for those in flight. True when all of them ended by themselves. */
  stop(graceMs: number): Promise<boolean>;
}

/** Starts to listen. Rejects with Node's error when the address cannot be used. */
export async function serveCarriers(options: CarriersOptions): Promise<Carriers> {
  const { limits, clock, logger, look = true, keepaliveMs = KEEPALIVE_MS } = options;
  const waiting = look ? lookout({ now: () => performance.now(), nextTurn: setImmediate }) : SLEEPING;
  const carrier = { ...options, keepaliveMs, services: servedServices(options), inFlight: inFlight(limits.requestsInFlight, waiting) };
  const grpc = grpcServer(carrier);
  const direct = directServer(carrier);
  const listener = await listen(options.listen, {
    takers: { grpc: grpc.take, direct: direct.take },
    maxConnections: limits.connections,
    onRefused: (remoteAddress) =>
      logger.warn({ remoteAddress, limit: "connections", limitValue: limits.connections }, "a connection too many was closed"),
    patienceMs: keepaliveMs,
    clock,
  });
  return {
    address: listener.address,
    setServing: grpc.setServing,
    async stop(graceMs) {
      const ended = listener.stopListening();
      grpc.drain();
      direct.drain();
      const drained = await withinGrace(ended, graceMs, clock);
      if (!drained) logger.warn({ graceMs }, "requests were still in flight; their connections are closed");
      listener.destroyConnections();
      grpc.destroy();
      return drained;
    },
  };
}

function withinGrace(ended: Promise<void>, graceMs: number, clock: Clock): Promise<boolean> {
  return new Promise((resolve) => {
    const cancel = clock.schedule(graceMs, () => resolve(false));
    void ended.then(() => {
      cancel();
      resolve(true);
    });
  });
}
