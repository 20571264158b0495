/**
 * One call of the public interface, observed: a span of its own, and a measurement for each request that it makes. Nothing here has a value, the name
 * of a variable or the id of a session, and nothing here can make a call fail. The codec and the transport find the call that they work for in an
 * AsyncLocalStorage, so that nobody has to hand it to them.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Attributes, Context, Span } from "@opentelemetry/api";
import { BridgeError } from "@session-bridge/core";
import { CODES, systemClock, toWireError } from "@session-bridge/core/internal";
import { attempt, type Configured, configured, type OpenTelemetry } from "./opentelemetry.ts";

/** What an attempt of a request tells the server of its trace; undefined when nobody observes it. */
export type NextAttempt = () => Readonly<Record<string, string>> | undefined;

type Direction = "encode" | "decode";

const HEADERS = ["traceparent", "tracestate"];
const FITS = /^[\x20-\x7e]{1,512}$/;
const STATUS_NAMES: ReadonlyMap<number, string> = new Map(Object.entries(CODES).map(([name, code]) => [code, name]));

const current = new AsyncLocalStorage<ObservedCall>();

/** Runs a call of the public interface, observed when the program has configured OpenTelemetry. */
export function observe<T>(found: OpenTelemetry, address: string, operation: string, work: () => Promise<T>): Promise<T> {
  const now = configured(found);
  return now === undefined ? work() : new ObservedCall(now, address, operation).run(work);
}

/** Sends a request, observed when the call that makes it is; `send` asks for the headers of each attempt. */
export function observeRequest<A>(path: string, send: (next: NextAttempt) => Promise<A>): Promise<A> {
  const call = current.getStore();
  return call === undefined ? send(UNOBSERVED) : call.request(path.slice(1), send);
}

/** Does something of the codec, and tells the call under way how long it took and on how many bytes it worked. */
export function observeCodec<T>(direction: Direction, work: () => T, sizeOf: (result: T) => number): T {
  const call = current.getStore();
  if (call === undefined) return work();
  const begunAt = systemClock.monotonic();
  let size = 0;
  try {
    const result = work();
    size = sizeOf(result);
    return result;
  } finally {
    call.coded(direction, systemClock.monotonic() - begunAt, size);
  }
}

const UNOBSERVED: NextAttempt = () => undefined;

class ObservedCall {
  readonly #now: Configured;
  readonly #server: Attributes;
  readonly #codec = new Map<Direction, { ms: number; bytes: number }>();
  #span: Span | undefined;
  #context: Context | undefined;
  #requests = 0;
  #attempts = 0;
  /** Of the last request. */
  #status: Attributes = {};
  #failure: unknown;

  constructor(now: Configured, address: string, operation: string) {
    this.#now = now;
    this.#server = { "rpc.system.name": "grpc", ...serverOf(address) };
    attempt(() => this.#start(`session_bridge.client.${operation}`));
  }

  #start(name: string): void {
    const { tracer, api } = this.#now;
    if (tracer === undefined) return;
    const parent = api.context.active();
    this.#span = tracer.startSpan(name, { kind: api.SpanKind.CLIENT, attributes: this.#server }, parent);
    this.#context = api.trace.setSpan(parent, this.#span);
  }

  /** Runs the call once, with its span as the current one. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const running: Promise<T>[] = [];
    const start = (): void => {
      running.push(current.run(this, async () => work()));
    };
    const within = this.#context;
    if (within !== undefined) attempt(() => this.#now.api.context.with(within, start));
    if (running.length === 0) start();
    try {
      const result = await (running[0] as Promise<T>);
      this.#end();
      return result;
    } catch (error) {
      this.#end(error);
      throw error;
    }
  }

  /** Sends a request and measures it, attempts and the waits between them included. */
  async request<A>(method: string, send: (next: NextAttempt) => Promise<A>): Promise<A> {
    const begunAt = systemClock.monotonic();
    const ended = (status: string, error?: unknown): void => {
      this.#failure = error;
      this.#status = { "rpc.method": method, "rpc.response.status_code": status, ...(error !== undefined && { "error.type": status }) };
      const seconds = (systemClock.monotonic() - begunAt) / 1000;
      attempt(() => this.#now.instruments?.calls.record(seconds, { ...this.#server, ...this.#status }, this.#context));
    };
    this.#requests++;
    try {
      const answer = await send(() => {
        this.#attempts++;
        return this.#headers();
      });
      ended("OK");
      return answer;
    } catch (error) {
      ended(statusOf(error), error);
      throw error;
    }
  }

  /** Adds to the codec's part of the call. */
  coded(direction: Direction, ms: number, bytes: number): void {
    const before = this.#codec.get(direction) ?? { ms: 0, bytes: 0 };
    this.#codec.set(direction, { ms: before.ms + ms, bytes: before.bytes + bytes });
  }

  /** The trace context, as far as it fits into metadata. */
  #headers(): Readonly<Record<string, string>> {
    const carrier: Record<string, unknown> = {};
    const context = this.#context;
    if (context !== undefined) attempt(() => this.#now.api.propagation.inject(context, carrier));
    const fitting: Record<string, string> = {};
    for (const name of HEADERS) {
      const value = carrier[name];
      if (typeof value === "string" && FITS.test(value)) fitting[name] = value;
    }
    return fitting;
  }

  #end(error?: unknown): void {
    const { instruments, api } = this.#now;
    for (const [direction, { ms }] of this.#codec) {
      attempt(() => instruments?.serialization.record(ms / 1000, { direction }, this.#context));
    }
    attempt(() => this.#span?.setAttributes(this.#outcome(error)));
    if (error !== undefined) attempt(() => this.#span?.setStatus({ code: api.SpanStatusCode.ERROR }));
    attempt(() => this.#span?.end());
  }

  #outcome(error: unknown): Attributes {
    const { "error.type": _, ...answered } = this.#status;
    const outcome: Attributes = {
      ...answered,
      "session_bridge.client.requests": this.#requests,
      "session_bridge.client.attempts": this.#attempts,
    };
    for (const [direction, { ms, bytes }] of this.#codec) {
      outcome[`session_bridge.codec.${direction}.duration`] = ms / 1000;
      outcome[`session_bridge.codec.${direction}.size`] = bytes;
    }
    if (error === undefined) return outcome;
    outcome["error.type"] = error === this.#failure ? statusOf(error) : error instanceof Error ? error.constructor.name : typeof error;
    if (error instanceof BridgeError) outcome["session_bridge.reason"] = error.reason;
    return outcome;
  }
}

/** The name of the status that an error stands for. */
function statusOf(error: unknown): string {
  return (error instanceof BridgeError && STATUS_NAMES.get(toWireError(error).code)) || "INTERNAL";
}

function serverOf(address: string): Attributes {
  const [, host, port] = /^(.*):(\d+)$/.exec(address) ?? [];
  if (host === undefined || port === undefined) return { "server.address": address.replace(/^unix:/, "") };
  return { "server.address": host.replace(/^\[|\]$/g, ""), "server.port": Number(port) };
}
