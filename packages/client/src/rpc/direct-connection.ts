/** Direct connections to one server, one at a time; and the choice between them and gRPC. */
import { BridgeClosedError, ServerUnavailableError, UnsupportedError } from "@session-bridge/core";
import { backoffMs, systemClock, systemRandom } from "@session-bridge/core/internal";
import { type Carrier, type Connection, oneAtATime, unreachable } from "./carrier.ts";
import { dial, NotDirectError } from "./direct-dial.ts";
import type { DirectLine } from "./direct-line.ts";
import { grpcConnection } from "./grpc-connection.ts";
import { goesThroughProxy } from "./proxy.ts";

const INITIAL_BACKOFF_MS = 50;
const MAX_BACKOFF_MS = 500;

/** A connection that speaks the direct protocol; nothing is sent. Its `carrier` rejects with UnsupportedError when the server speaks another one. */
export function directConnection(address: string): Connection {
  const dialled = dialledConnection(address);
  return {
    address,
    get contacted() {
      return dialled.contacted;
    },
    carrier() {
      const found = dialled.carrier();
      return found instanceof Promise ? found.catch(refuse) : found;
    },
    another: () => directConnection(address),
    close: dialled.close,
  };
}

/** Says to whoever wants nothing but this protocol that it is not there. */
function refuse(error: unknown): never {
  if (!(error instanceof NotDirectError)) throw error;
  const { isCertain, message } = error;
  throw isCertain ? new UnsupportedError("UNSUPPORTED", message) : new ServerUnavailableError("UNREACHABLE", message);
}

/** The same, which leaves it open what follows: its `carrier` rejects with NotDirectError. */
function dialledConnection(address: string): Connection {
  let line: DirectLine | undefined;
  let contacted = false;
  let closed = false;
  let cancelDialing = (): void => {};

  const connecting = oneAtATime(async (): Promise<Carrier> => {
    for (let attempt = 0; ; attempt++) {
      if (closed) throw new BridgeClosedError("the bridge is closed");
      try {
        const dialing = dial(address);
        cancelDialing = dialing.cancel;
        line = await dialing.line;
        contacted = true;
        if (closed) line.close();
        else return line;
      } catch (error) {
        if (closed) continue;
        if (error instanceof NotDirectError && (error.isCertain || !contacted)) throw error;
        if (!contacted) throw unreachable(address);
        // Whoever waits for the connection keeps the process alive.
        await new Promise<void>((resolve) => systemClock.schedule(backoffOf(attempt), resolve));
      }
    }
  });

  return {
    address,
    get contacted() {
      return contacted;
    },
    carrier() {
      return line?.isUsable ? line : connecting();
    },
    another: () => dialledConnection(address),
    close() {
      closed = true;
      cancelDialing();
      line?.close();
    },
  };
}

/** A connection that speaks the direct protocol if the server does, and gRPC if not, which is remembered. */
export function autoConnection(address: string): Connection {
  // Only gRPC knows its way through a proxy.
  if (goesThroughProxy(address)) return grpcConnection(address);
  const direct = dialledConnection(address);
  let grpc: Connection | undefined;

  async function otherwise(connecting: Promise<Carrier>): Promise<Carrier> {
    try {
      return await connecting;
    } catch (error) {
      if (!(error instanceof NotDirectError)) throw error;
    }
    grpc ??= grpcConnection(address);
    const chosen = grpc;
    try {
      return await chosen.carrier();
    } catch (error) {
      // Nobody was there after all: it may be anybody the next time.
      if (grpc === chosen && !chosen.contacted) grpc = undefined;
      throw error;
    }
  }

  return {
    address,
    get contacted() {
      return direct.contacted || grpc?.contacted === true;
    },
    carrier() {
      if (grpc !== undefined) return grpc.carrier();
      const found = direct.carrier();
      return found instanceof Promise ? otherwise(found) : found;
    },
    another: () => grpc?.another() ?? autoConnection(address),
    close() {
      direct.close();
      grpc?.close();
    },
  };
}

const backoffOf = (attempt: number): number => backoffMs(systemRandom, attempt, INITIAL_BACKOFF_MS, MAX_BACKOFF_MS);
