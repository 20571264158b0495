/** The direct carrier (docs/direct-protocol.md) for the connections that it is given. */
import type { Socket } from "node:net";
import type { CarrierOptions } from "../carrier/carrier.ts";
import { DirectConnection } from "./connection.ts";
import { numberedMethods } from "./methods.ts";

/** Serves connections that have begun with the magic. */
export interface DirectServer {
  /** Serves a connection, of which nothing has been read. */
  take(socket: Socket): void;
  /** Tells every connection to go away: no more calls, streams ended; each is closed when its calls have been answered. */
  drain(): void;
}

/** Makes a server of the direct protocol. */
export function directServer(options: CarrierOptions): DirectServer {
  const context = { ...options, methods: numberedMethods(options.services) };
  const open = new Set<DirectConnection>();
  let isDraining = false;
  return {
    take(socket) {
      const connection = new DirectConnection(socket, context);
      open.add(connection);
      socket.once("close", () => open.delete(connection));
      if (isDraining) connection.drain();
    },
    drain() {
      isDraining = true;
      for (const connection of open) connection.drain();
    },
  };
}
