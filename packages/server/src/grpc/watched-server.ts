/**
 * A grpc-js server that tells an observer of every call, whoever answers it: a handler of ours, or grpc-js itself, which refuses what it does
 * not know, what is too large, and what takes too long.
 */
import {
  Server,
  type ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerOptions,
  type ServiceDefinition,
  status,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import type { Clock } from "@session-bridge/core/internal";
import { isDue } from "./call-signal.ts";
import type { Received } from "./received.ts";
import type { RpcObserver } from "./rpc-observer.ts";
import { harmless, type WatchedCall, watchedCall } from "./watched-call.ts";

/** Makes a server; it is one of grpc-js's and nothing else when nobody observes. */
export function newServer(options: ServerOptions, observer: RpcObserver | undefined, clock: Clock): Server {
  return observer === undefined ? new Server(options) : new WatchedServer(options, observer, clock);
}

/** A request that was decoded, on its way to the listener that takes it apart. */
interface Decoded {
  readonly message: unknown;
  readonly ms: number;
  readonly bytes: number;
}

class WatchedServer extends Server {
  readonly #observer: RpcObserver;
  readonly #clock: Clock;
  /** What was encoded last; grpc-js encodes a message while it is being sent, so whoever sends finds its own. */
  #encoded: { readonly ms: number; readonly bytes: number } | undefined;

  constructor(options: ServerOptions, observer: RpcObserver, clock: Clock) {
    super({
      ...options,
      interceptors: [
        (method, call) => {
          this.#watch(method.path, call);
          return call as ServerInterceptingCall;
        },
      ],
    });
    this.#observer = harmless(observer);
    this.#clock = clock;
    this.#watchUnknownMethods();
  }

  /** Times what decodes the requests and encodes the responses. */
  override addService(service: ServiceDefinition, implementation: UntypedServiceImplementation): void {
    const clock = this.#clock;
    const timed = Object.entries(service).map(([name, method]) => {
      const requestDeserialize = (bytes: Buffer): Decoded => {
        const startedAtMs = clock.monotonic();
        const message: unknown = method.requestDeserialize(bytes);
        return { message, ms: clock.monotonic() - startedAtMs, bytes: bytes.length };
      };
      const responseSerialize = (response: unknown): Buffer => {
        const startedAtMs = clock.monotonic();
        const bytes = method.responseSerialize(response);
        this.#encoded = { ms: clock.monotonic() - startedAtMs, bytes: bytes.length };
        return bytes;
      };
      return [name, { ...method, requestDeserialize, responseSerialize }];
    });
    super.addService(Object.fromEntries(timed) as ServiceDefinition, implementation);
  }

  /**
   * Follows a call from its headers to its status. What grpc-js answers by itself goes past an interceptor that wraps the call, but not past the
   * call's own methods.
   */
  #watch(path: string, call: ServerInterceptingCallInterface): void {
    const watched = watchedCall(methodName(path), this.#observer, this.#clock);

    const start = call.start.bind(call);
    call.start = (listener) =>
      start({
        onReceiveMetadata(metadata) {
          watched.begin(metadata);
          listener.onReceiveMetadata(metadata);
        },
        onReceiveMessage({ message, ms, bytes }: Decoded) {
          watched.decoded(ms, bytes);
          if (isReceived(message)) message.watched = watched;
          listener.onReceiveMessage(message);
        },
        onReceiveHalfClose: () => listener.onReceiveHalfClose(),
        onCancel() {
          listener.onCancel();
          watched.answered(isDue(call) ? status.DEADLINE_EXCEEDED : status.CANCELLED);
        },
      });

    const sendMessage = call.sendMessage.bind(call);
    call.sendMessage = (message, sent) => {
      this.#encoded = undefined;
      sendMessage(message, sent);
      this.#takeEncoded(watched);
    };

    const sendStatus = call.sendStatus.bind(call);
    call.sendStatus = (answer) => {
      sendStatus(answer);
      watched.answered(answer.code ?? status.UNKNOWN);
    };
  }

  #takeEncoded(watched: WatchedCall): void {
    if (this.#encoded !== undefined) watched.encoded(this.#encoded.ms, this.#encoded.bytes);
  }

  /** Interceptors are for methods that there are. With a grpc-js that looks methods up in another way, unknown ones are not told of. */
  #watchUnknownMethods(): void {
    const lookUp: unknown = Reflect.get(this, "_retrieveHandler");
    if (typeof lookUp !== "function") return;
    Reflect.set(this, "_retrieveHandler", (path: unknown): unknown => {
      const handler: unknown = lookUp.call(this, path);
      if (!handler) this.#observer.begin(methodName(String(path))).end({ status: "UNIMPLEMENTED", reason: "", durationMs: 0 });
      return handler;
    });
  }
}

const methodName = (path: string): string => path.replace(/^\//, "");

/** Whether a message is one of our own services, with its bytes beside it. */
const isReceived = (message: unknown): message is Received<unknown> =>
  typeof message === "object" && message !== null && "message" in message && "bytes" in message;
