/** The services on grpc-js: definitions, limits, and the way down. */
import type { Server, ServiceDefinition, UntypedServiceImplementation } from "@grpc/grpc-js";
import type { Clock, Random } from "@session-bridge/core/internal";
import { SessionServiceService } from "@session-bridge/protocol/session_bridge/v1/sessions";
import { VariableServiceService } from "@session-bridge/protocol/session_bridge/v1/variables";
import type { Logger } from "../logger.ts";
import type { RequestLimits } from "../service/server-info.ts";
import type { SessionFunctions } from "../service/sessions.ts";
import type { VariableFunctions } from "../service/variables.ts";
import { addHealthService } from "./health.ts";
import { type ListenAddress, listen } from "./listener.ts";
import { received } from "./received.ts";
import type { RpcObserver } from "./rpc-observer.ts";
import { type ServeStream, streams } from "./streaming.ts";
import { type Serve, unaryWrapper } from "./unary.ts";
import { newServer } from "./watched-server.ts";

const SERVICES = ["session_bridge.v1.SessionService", "session_bridge.v1.VariableService"];

const KEEPALIVE_MS = 20_000;

/** What a gRPC server is made of. */
export interface GrpcServerOptions {
  readonly sessions: SessionFunctions;
  readonly variables: VariableFunctions;
  readonly listen: ListenAddress;
  readonly limits: RequestLimits;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** A connection is pinged so often, and closed when it is silent for as long again; 20 s when left out. */
  readonly keepaliveMs?: number | undefined;
  /** Told of every call; nobody when left out. */
  readonly rpcObserver?: RpcObserver | undefined;
}

/** A gRPC server that serves. */
export interface GrpcServer {
  /** `host:port` as bound. */
  readonly address: string;
  /** What grpc.health.v1 answers. */
  setServing(serving: boolean): void;
  /** NOT_SERVING, no new requests, then at most `graceMs` for those in flight. True when all of them ended by themselves. */
  stop(graceMs: number): Promise<boolean>;
}

/** Starts to listen. Rejects with Node's error when the address cannot be used. */
export async function grpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const { limits, clock, logger, keepaliveMs = KEEPALIVE_MS } = options;
  const channel = {
    "grpc.max_receive_message_length": limits.messageBytes,
    "grpc.max_send_message_length": limits.messageBytes,
    "grpc.max_concurrent_streams": limits.streamsPerConnection,
    "grpc.enable_channelz": 0,
    // A peer that vanished without closing would keep its watches for ever.
    "grpc.keepalive_time_ms": keepaliveMs,
    "grpc.keepalive_timeout_ms": keepaliveMs,
  };
  const server = newServer(channel, options.rpcObserver, clock);
  const wrap = unaryWrapper({ ...options, deadlineMs: limits.deadlineMs, requestsInFlight: limits.requestsInFlight });
  const open = streams(options);
  const handlerOf = (method: Method, serve: unknown): Handler =>
    method.responseStream
      ? open.wrap(method.path, serve as ServeStream<unknown, unknown>)
      : wrap(method.path, serve as Serve<unknown, unknown>);
  addService(server, handlerOf, SessionServiceService, options.sessions);
  addService(server, handlerOf, VariableServiceService, options.variables);
  const health = addHealthService(server, SERVICES);
  const listener = await listen(server, options.listen, limits.connections, (remoteAddress) =>
    logger.warn({ remoteAddress, limit: "connections", limitValue: limits.connections }, "a connection too many was closed"),
  );

  return {
    address: listener.address,
    setServing: health.setServing,
    async stop(graceMs) {
      health.setServing(false);
      const ended = listener.stopListening();
      health.endWatches();
      open.shutDown();
      // Tells every connection to end after its last request. Its own callback comes too early: it does not count injected connections.
      server.tryShutdown(() => {});
      const drained = await withinGrace(ended, graceMs, clock);
      if (!drained) logger.warn({ graceMs }, "requests were still in flight; their connections are closed");
      listener.destroyConnections();
      server.forceShutdown();
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

/** Adds one wrapped handler for each method of a definition. A method without a function does not compile. */
function addService<Definition extends Readonly<Record<string, Method>>>(
  server: Server,
  handlerOf: (method: Method, serve: unknown) => Handler,
  definition: Definition,
  functions: { readonly [Name in keyof Definition]: (request: never, caller: never) => unknown },
): void {
  const safe: Record<string, Method> = {};
  const handlers: UntypedServiceImplementation = {};
  for (const [name, method] of Object.entries(definition)) {
    safe[name] = { ...method, requestDeserialize: received(method.requestDeserialize) };
    handlers[name] = handlerOf(method, functions[name]);
  }
  server.addService(safe as ServiceDefinition, handlers);
}

type Handler = UntypedServiceImplementation[string];

interface Method {
  readonly path: string;
  readonly requestStream: false;
  readonly responseStream: boolean;
  readonly requestDeserialize: (bytes: Buffer) => unknown;
}
