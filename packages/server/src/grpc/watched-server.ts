/**
 * A grpc-js server that tells an observer of every call, whoever answers it: a handler of ours, or grpc-js itself, which refuses what it does
 * not know, what is too large, and what takes too long.
 */
import {
  type Metadata,
  Server,
  type ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerOptions,
  type ServiceDefinition,
  status,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import type { Clock } from "@session-bridge/core/internal";
import type { Received } from "../carrier/received.ts";
import type { RpcObserver, TraceHeaders } from "../carrier/rpc-observer.ts";
import { WatchedCall } from "../carrier/watched-call.ts";
import { isDue } from "./call-signal.ts";

/** Makes a server; it is one of grpc-js's and nothing else when nobody observes. */
export function newServer(options: ServerOptions, observer: RpcObserver | undefined, clock: Clock): Server {
  return observer === undefined ? new Server(options) : new WatchedServer(options, observer, clock);
}

type Listener = Parameters<ServerInterceptingCallInterface["start"]>[0];

/** A request that was decoded, on its way to the listener that takes it apart. */
interface Decoded {
  readonly message: unknown;
  readonly ms: number;
  readonly bytes: number;
}

class WatchedServer extends Server {
  readonly #observer: RpcObserver;
  readonly #clock: Clock;
  /** The full names of the methods that there are, by their paths. */
  readonly #methods = new Map<string, string>();
  /** What was encoded last; grpc-js encodes a message while it is being sent, so whoever sends finds its own. */
  #encodedMs = 0;
  #encodedBytes = -1;

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
    this.#observer = observer;
    this.#clock = clock;
    this.#watchUnknownMethods();
  }

  /** Times what decodes the requests and encodes the responses. */
  override addService(service: ServiceDefinition, implementation: UntypedServiceImplementation): void {
    const clock = this.#clock;
    const timed = Object.entries(service).map(([name, method]) => {
      this.#methods.set(method.path, methodName(method.path));
      const requestDeserialize = (bytes: Buffer): Decoded => {
        const startedAtMs = clock.monotonic();
        const message: unknown = method.requestDeserialize(bytes);
        return { message, ms: clock.monotonic() - startedAtMs, bytes: bytes.length };
      };
      const responseSerialize = (response: unknown): Buffer => {
        const startedAtMs = clock.monotonic();
        const bytes = method.responseSerialize(response);
        this.#encodedMs = clock.monotonic() - startedAtMs;
        this.#encodedBytes = bytes.length;
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
    const method = this.#methods.get(path) ?? methodName(path);
    const watched = new WatchedCall(method, this.#observer, this.#clock);
    const { start, sendMessage, sendStatus } = call;
    call.start = (listener) => start.call(call, new WatchedListener(listener, call, watched));
    call.sendMessage = (message, sent) => {
      this.#encodedBytes = -1;
      sendMessage.call(call, message, sent);
      if (this.#encodedBytes >= 0) watched.encoded(this.#encodedMs, this.#encodedBytes);
    };
    call.sendStatus = (answer) => {
      sendStatus.call(call, answer);
      watched.answered(answer.code ?? status.UNKNOWN);
    };
  }

  /** Interceptors are for methods that there are. With a grpc-js that looks methods up in another way, unknown ones are not told of. */
  #watchUnknownMethods(): void {
    const lookUp: unknown = Reflect.get(this, "_retrieveHandler");
    if (typeof lookUp !== "function") return;
    Reflect.set(this, "_retrieveHandler", (path: unknown): unknown => {
      const handler: unknown = lookUp.call(this, path);
      if (!handler) {
        const watched = new WatchedCall(methodName(String(path)), this.#observer, this.#clock);
        watched.begin(NO_TRACE);
        watched.answered(status.UNIMPLEMENTED);
      }
      return handler;
    });
  }
}

/** What grpc-js tells of a call goes on to `listener`, and is noted. */
class WatchedListener implements Listener {
  readonly #listener: Listener;
  readonly #call: ServerInterceptingCallInterface;
  readonly #watched: WatchedCall;

  constructor(listener: Listener, call: ServerInterceptingCallInterface, watched: WatchedCall) {
    this.#listener = listener;
    this.#call = call;
    this.#watched = watched;
  }

  onReceiveMetadata(headers: Metadata): void {
    this.#watched.begin(traceHeaders(headers));
    this.#listener.onReceiveMetadata(headers);
  }

  onReceiveMessage({ message, ms, bytes }: Decoded): void {
    this.#watched.decoded(ms, bytes);
    if (isReceived(message)) message.watched = this.#watched;
    this.#listener.onReceiveMessage(message);
  }

  onReceiveHalfClose(): void {
    this.#listener.onReceiveHalfClose();
  }

  onCancel(): void {
    this.#listener.onCancel();
    this.#watched.answered(isDue(this.#call) ? status.DEADLINE_EXCEEDED : status.CANCELLED);
  }
}

const NO_TRACE: TraceHeaders = {};

function traceHeaders(headers: Metadata): TraceHeaders {
  const traceparent = header(headers, "traceparent");
  return traceparent === undefined ? NO_TRACE : { traceparent, tracestate: header(headers, "tracestate") };
}

function header(headers: Metadata, name: string): string | undefined {
  const [value] = headers.get(name);
  return typeof value === "string" ? value : undefined;
}

const methodName = (path: string): string => (path.startsWith("/") ? path.slice(1) : path);

/** Whether a message is one of our own services, with its bytes beside it. */
const isReceived = (message: unknown): message is Received<unknown> =>
  typeof message === "object" && message !== null && "message" in message && "bytes" in message;
