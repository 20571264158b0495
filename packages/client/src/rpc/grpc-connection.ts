/** gRPC as a carrier. */
import {
  type ChannelOptions,
  Client,
  connectivityState,
  credentials,
  Metadata,
  type MethodDefinition,
  type ServiceError,
} from "@grpc/grpc-js";
import { BridgeClosedError } from "@session-bridge/core";
import {
  type Answered,
  type CallParts,
  type CallStatus,
  type Carrier,
  type CarrierStream,
  type Connection,
  MAX_MESSAGE_BYTES,
  oneAtATime,
  StatusError,
  unreachable,
} from "./carrier.ts";
import { LOOPBACK } from "./proxy.ts";

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

const DETAILS = "grpc-status-details-bin";
const NO_METADATA = new Metadata();

/** A connection over gRPC; nothing is sent. */
export function grpcConnection(address: string): Connection {
  const options = LOOPBACK.test(address) ? { ...CHANNEL_OPTIONS, "grpc.enable_http_proxy": 0 } : CHANNEL_OPTIONS;
  let carrier: GrpcCarrier | undefined;
  let contacted = false;
  let closed = false;

  const connecting = oneAtATime(async (): Promise<Carrier> => {
    const fresh = carrier ?? new GrpcCarrier(new Client(address, credentials.createInsecure(), options));
    carrier = fresh;
    const channel = fresh.client.getChannel();
    for (;;) {
      if (closed) throw new BridgeClosedError("the bridge is closed");
      const state = channel.getConnectivityState(true);
      if (state === connectivityState.READY) {
        contacted = true;
        return fresh;
      }
      if (state === connectivityState.TRANSIENT_FAILURE && !contacted) {
        // The next call tries afresh instead of being told what is known already.
        fresh.client.close();
        carrier = undefined;
        throw unreachable(address);
      }
      await new Promise<void>((resolve) => channel.watchConnectivityState(state, Number.POSITIVE_INFINITY, () => resolve()));
    }
  });

  return {
    address,
    get contacted() {
      return contacted;
    },
    carrier() {
      return carrier?.client.getChannel().getConnectivityState(false) === connectivityState.READY ? carrier : connecting();
    },
    another: () => grpcConnection(address),
    close() {
      closed = true;
      carrier?.client.close();
    },
  };
}

const asIs = (bytes: Buffer): Buffer => bytes;

class GrpcCarrier implements Carrier {
  readonly client: Client;

  constructor(client: Client) {
    this.client = client;
  }

  unary<Q, A>(method: MethodDefinition<Q, A>, request: Buffer, { leftMs, headers }: CallParts, answered: Answered<A>): () => void {
    const metadata = headers === undefined ? NO_METADATA : Metadata.fromHttp2Headers(headers);
    const options = { deadline: Date.now() + leftMs };
    const call = this.client.makeUnaryRequest<Buffer, A>(
      method.path,
      asIs,
      method.responseDeserialize,
      request,
      metadata,
      options,
      (error, answer) => answered(error === null ? undefined : statusOf(error), answer),
    );
    return () => call.cancel();
  }

  stream<Q, A>(method: MethodDefinition<Q, A>, request: Q): CarrierStream<A> {
    const { path, requestSerialize, responseDeserialize } = method;
    const call = this.client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request, new Metadata());
    // The iteration says it, too.
    call.on("error", () => {});
    const messages = call[Symbol.asyncIterator]() as AsyncIterator<A, undefined>;
    return {
      async next() {
        try {
          const { done, value } = await messages.next();
          return done ? undefined : value;
        } catch (error) {
          throw isServiceError(error) ? new StatusError(statusOf(error)) : error;
        }
      },
      cancel: () => call.cancel(),
    };
  }
}

function statusOf({ code, details: message, metadata }: ServiceError): CallStatus {
  const encoded = metadata?.get(DETAILS)[0];
  return { code, message, details: encoded instanceof Uint8Array ? encoded : undefined };
}

const isServiceError = (error: unknown): error is ServiceError => error instanceof Error && "code" in error && "metadata" in error;
