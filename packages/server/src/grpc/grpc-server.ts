/** The services on grpc-js: definitions, limits, and the way down. The connections come from elsewhere. */
import type { Socket } from "node:net";
import { type Server, ServerCredentials, type ServiceDefinition, type UntypedServiceImplementation } from "@grpc/grpc-js";
import type { CarrierOptions } from "../carrier/carrier.ts";
import type { Serve, ServedService, ServeStream } from "../carrier/methods.ts";
import { received } from "../carrier/received.ts";
import { addHealthService } from "./health.ts";
import { streams } from "./streaming.ts";
import { unaryWrapper } from "./unary.ts";
import { newServer } from "./watched-server.ts";

/** gRPC for the connections that it is given. */
export interface GrpcServer {
  /** Serves a connection, of which nothing has been read. */
  take(socket: Socket): void;
  /** What grpc.health.v1 answers. */
  setServing(serving: boolean): void;
  /** NOT_SERVING, streams ended, no new requests; each connection ends after its last one. */
  drain(): void;
  /** Ends everything at once. */
  destroy(): void;
}

/** Makes a server of gRPC. */
export function grpcServer(options: CarrierOptions): GrpcServer {
  const { limits, clock, keepaliveMs } = options;
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
  const wrap = unaryWrapper({ ...options, deadlineMs: limits.deadlineMs });
  const open = streams(options);
  for (const service of options.services) {
    addService(server, service, (path, serve, streaming) =>
      streaming ? open.wrap(path, serve as ServeStream) : wrap(path, serve as Serve),
    );
  }
  const health = addHealthService(
    server,
    options.services.map(({ name }) => name),
  );
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());

  return {
    take: (socket) => injector.injectConnection(socket),
    setServing: health.setServing,
    drain() {
      health.setServing(false);
      health.endWatches();
      open.shutDown();
      // Tells every connection to end after its last request. Its own callback comes too early: it does not count injected connections.
      server.tryShutdown(() => {});
    },
    destroy: () => server.forceShutdown(),
  };
}

type Handler = UntypedServiceImplementation[string];

/** Adds one wrapped handler for each method of a service. */
function addService(
  server: Server,
  service: ServedService,
  handlerOf: (path: string, serve: Serve | ServeStream, streaming: boolean) => Handler,
): void {
  const definition: Record<string, object> = {};
  const handlers: UntypedServiceImplementation = {};
  for (const { key, definition: method, serve } of service.methods) {
    definition[key] = { ...method, requestDeserialize: received(method.requestDeserialize) };
    handlers[key] = handlerOf(method.path, serve, method.responseStream);
  }
  server.addService(definition as ServiceDefinition, handlers);
}
