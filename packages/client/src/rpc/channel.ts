/** One connection to one server: made when it is first needed, made again when it is lost. */
import { type ChannelOptions, Client, connectivityState, credentials } from "@grpc/grpc-js";
import { BridgeClosedError, ServerUnavailableError } from "@session-bridge/core";

/** The largest message either way. */
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

/** A connection to the server at one address. */
export interface Connection {
  readonly address: string;
  /** Whether the server was ever reached. */
  readonly contacted: boolean;
  /** What to send with, at once when it is connected. Rejects with ServerUnavailableError when nobody was ever reached there and nobody answers. */
  client(): Client | Promise<Client>;
  close(): void;
}

const CHANNEL_OPTIONS: ChannelOptions = {
  "grpc.max_send_message_length": MAX_MESSAGE_BYTES,
  "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
  // Finds a peer that vanished without closing; only while calls wait for it.
  "grpc.keepalive_time_ms": 30_000,
  "grpc.keepalive_timeout_ms": 10_000,
  "grpc.keepalive_permit_without_calls": 0,
  // A server that was restarted is found again within a fraction of a call's timeout.
  "grpc.initial_reconnect_backoff_ms": 50,
  "grpc.max_reconnect_backoff_ms": 500,
  // Closing one bridge must not touch another, and one that never reached its server must not learn from another's failures.
  "grpc.use_local_subchannel_pool": 1,
};

const LOOPBACK = /^(localhost|127\.[\d.]+|\[::1\])(:|$)|^unix:/;

/** Makes the connection's state; nothing is sent. */
export function connection(address: string): Connection {
  const options = LOOPBACK.test(address) ? { ...CHANNEL_OPTIONS, "grpc.enable_http_proxy": 0 } : CHANNEL_OPTIONS;
  let client: Client | undefined;
  let contacted = false;
  let closed = false;
  let connecting: Promise<Client> | undefined;

  async function connect(): Promise<Client> {
    const fresh = client ?? new Client(address, credentials.createInsecure(), options);
    client = fresh;
    const channel = fresh.getChannel();
    for (;;) {
      if (closed) throw new BridgeClosedError("the bridge is closed");
      const state = channel.getConnectivityState(true);
      if (state === connectivityState.READY) {
        contacted = true;
        return fresh;
      }
      if (state === connectivityState.TRANSIENT_FAILURE && !contacted) {
        // The next call tries afresh instead of being told what is known already.
        fresh.close();
        client = undefined;
        throw unreachable(address);
      }
      await new Promise<void>((resolve) => channel.watchConnectivityState(state, Number.POSITIVE_INFINITY, () => resolve()));
    }
  }

  return {
    address,
    get contacted() {
      return contacted;
    },
    client() {
      if (client?.getChannel().getConnectivityState(false) === connectivityState.READY) return client;
      connecting ??= connect().finally(() => {
        connecting = undefined;
      });
      // Every caller may have stopped waiting by the time it fails.
      connecting.catch(() => {});
      return connecting;
    },
    close() {
      closed = true;
      client?.close();
    },
  };
}

const unreachable = (address: string): ServerUnavailableError =>
  new ServerUnavailableError("UNREACHABLE", `no session-bridge server answers at ${address}; start one: npx @session-bridge/server serve`);
