/** The listening socket. It is ours rather than grpc-js's, which can neither limit connections nor, with channelz off, end them all. */
import { createServer, type Socket } from "node:net";
import { type Server, ServerCredentials } from "@grpc/grpc-js";

/** Where to listen. */
export interface ListenAddress {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
}

/** A socket that listens for a gRPC server. */
export interface Listener {
  /** `host:port` as bound, an IPv6 host in brackets. */
  readonly address: string;
  /** Takes no more connections; those that are open stay. Resolves when the last one has ended. */
  stopListening(): Promise<void>;
  /** Ends every connection at once. */
  destroyConnections(): void;
}

/** Listens, and hands connections to `server`. Rejects with Node's error when the address cannot be used. */
export async function listen(
  server: Server,
  at: ListenAddress,
  maxConnections: number,
  onRefused: (remoteAddress: string | undefined) => void,
): Promise<Listener> {
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const sockets = new Set<Socket>();
  const listening = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    injector.injectConnection(socket);
  });
  listening.maxConnections = maxConnections;
  listening.on("drop", (dropped) => onRefused(dropped?.remoteAddress));
  await new Promise<void>((resolve, reject) => {
    listening.once("error", reject);
    listening.listen({ host: at.host, port: at.port }, () => {
      listening.off("error", reject);
      resolve();
    });
  });
  const bound = listening.address();
  if (bound === null || typeof bound === "string") throw new Error("the listening socket has no port");
  return {
    address: bound.family === "IPv6" ? `[${bound.address}]:${bound.port}` : `${bound.address}:${bound.port}`,
    stopListening: () => new Promise((resolve) => listening.close(() => resolve())),
    destroyConnections() {
      for (const socket of sockets) socket.destroy();
    },
  };
}
