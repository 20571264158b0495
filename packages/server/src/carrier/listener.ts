/** The listening socket. It is ours rather than grpc-js's, which can neither limit connections nor, with channelz off, end them all. */
import { chmodSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import type { Clock } from "@session-bridge/core/internal";
import { type CarrierName, carrierOf } from "./first-bytes.ts";
import { removeStaleSocket } from "./stale-socket.ts";

/** A place in the network. */
export interface HostPort {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
}

/** Where to listen: there, or at the path of a Unix socket. */
export type ListenAddress = HostPort | { readonly path: string };

/** Who takes connections: the socket, of which nothing has been read. */
export type Takers = Readonly<Record<CarrierName, (socket: Socket) => void>>;

/** How connections are taken. */
export interface ListenOptions {
  readonly takers: Takers;
  readonly maxConnections: number;
  /** Told of one too many, which is closed. */
  readonly onRefused: (remoteAddress: string | undefined) => void;
  /** How long a connection may say nothing at all. */
  readonly patienceMs: number;
  readonly clock: Clock;
}

/** A socket that listens. */
export interface Listener {
  /** `host:port` as bound, an IPv6 host in brackets; or `unix:/path`. */
  readonly address: string;
  /** Takes no more connections; those that are open stay. Resolves when the last one has ended. */
  stopListening(): Promise<void>;
  /** Ends every connection at once. */
  destroyConnections(): void;
}

/** Listens, and hands each connection to the carrier that it speaks. Rejects with Node's error when the address cannot be used. */
export async function listen(at: ListenAddress, options: ListenOptions): Promise<Listener> {
  if ("path" in at) await removeStaleSocket(at.path);
  const sockets = new Set<Socket>();
  const listening = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    sort(socket, options);
  });
  listening.maxConnections = options.maxConnections;
  listening.on("drop", (dropped) => options.onRefused(dropped?.remoteAddress));
  await bound(listening, at);
  return {
    address: addressOf(listening),
    stopListening: () => new Promise((resolve) => listening.close(() => resolve())),
    destroyConnections() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Reads until it is clear who speaks, puts that back, and hands the connection over. What is neither carrier, or says nothing, is closed. */
function sort(socket: Socket, { takers, patienceMs, clock }: ListenOptions): void {
  let read: Buffer = Buffer.alloc(0);
  const close = (): void => void socket.destroy();
  const giveUp = clock.schedule(patienceMs, close);
  const look = (chunk: Buffer): void => {
    read = read.length === 0 ? chunk : Buffer.concat([read, chunk]);
    const carrier = carrierOf(read);
    if (carrier === undefined) return;
    leave();
    if (carrier === "none") {
      close();
      return;
    }
    socket.pause();
    socket.unshift(read);
    takers[carrier](socket);
  };
  const leave = (): void => {
    giveUp();
    socket.off("data", look).off("error", close).off("end", close);
  };
  socket.once("close", giveUp);
  socket.on("error", close).on("end", close).on("data", look);
}

function bound(listening: Server, at: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    listening.once("error", reject);
    listening.listen(at, () => {
      listening.off("error", reject);
      // There is no authentication: whoever may write to the socket does and sees everything.
      if ("path" in at) chmodSync(at.path, 0o600);
      resolve();
    });
  });
}

function addressOf(listening: Server): string {
  const address = listening.address();
  if (typeof address === "string") return `unix:${address}`;
  if (address === null) throw new Error("the listening socket has no address");
  return address.family === "IPv6" ? `[${address.address}]:${address.port}` : `${address.address}:${address.port}`;
}
