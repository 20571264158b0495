/**
 * Spans of sampled calls: the call, what the engine did for it, and the commits that carried it. They are made when the call has ended, from what
 * core told meanwhile; a commit that comes later still, as write-behind has it, joins them. A call that is not sampled costs a random number.
 */
import { type Attributes, type Context, ROOT_CONTEXT, SpanKind, SpanStatusCode, type Tracer, trace } from "@opentelemetry/api";
import { parseTraceParent, W3CTraceContextPropagator } from "@opentelemetry/core";
import type { BatchEvent, Clock, CommitEvent, ObserverEvent, SessionCallEvent, VariableEvent } from "@session-bridge/core/internal";
import { outcomeOf } from "./engine-metrics.ts";
import type { ShowName } from "./names.ts";
import { serverError } from "./rpc-metrics.ts";
import type { RpcOutcome, TraceHeaders } from "./rpc-observer.ts";
import { SPAN_ATTRIBUTES as A, ENGINE_SPANS } from "./span-catalogue.ts";

/** More operations of one call, and more calls of one commit, get no spans of their own. */
const MAX_SPANS = 32;

/** The events of calls, which become spans. */
type OperationEvent = VariableEvent | BatchEvent | SessionCallEvent;

/** What spans are made with. */
export interface SpanParts {
  readonly tracer: Tracer;
  /** The clock that core has, too. */
  readonly clock: Clock;
  readonly show: ShowName;
  /** The share of calls that are traced when their caller does not say. */
  readonly ratio: number;
  /** A number in [0, 1). */
  readonly fraction: () => number;
}

/** Makes spans. */
export interface Spans {
  /** What core is to be given for a call; undefined when it is not sampled. */
  begin(headers: TraceHeaders | undefined): CallTrace | undefined;
  observe(event: ObserverEvent): void;
}

const propagator = new W3CTraceContextPropagator();
const getter = {
  get: (headers: TraceHeaders, name: string) => headers[name as keyof TraceHeaders],
  keys: (headers: TraceHeaders) => Object.keys(headers),
};

/** Makes the spans of a process. */
export function spans(parts: SpanParts): Spans {
  return {
    begin(headers) {
      const parent = headers?.traceparent === undefined ? null : parseTraceParent(headers.traceparent);
      if (parent === null) return parts.fraction() < parts.ratio ? new CallTrace(parts, ROOT_CONTEXT) : undefined;
      const sampled = (parent.traceFlags & 1) === 1;
      return sampled ? new CallTrace(parts, propagator.extract(ROOT_CONTEXT, headers, getter)) : undefined;
    },
    observe(event) {
      if (event.kind === "commit") {
        let told = 0;
        for (const call of event.traces) {
          if (told >= MAX_SPANS) return;
          if (call instanceof CallTrace) {
            call.committed(event);
            told += 1;
          }
        }
      } else if ("trace" in event && event.trace instanceof CallTrace) event.trace.operated(event);
    },
  };
}

/** What is known of a sampled call. It is what core carries as `trace`. */
export class CallTrace {
  readonly #parts: SpanParts;
  readonly #parent: Context;
  readonly #operations: OperationEvent[] = [];
  readonly #commits: CommitEvent[] = [];
  /** The call itself, when it is about many variables or a session. */
  #whole: OperationEvent | undefined;
  #left = 0;
  /** Where commits belong once the call has ended. */
  #ended: Context | undefined;

  constructor(parts: SpanParts, parent: Context) {
    this.#parts = parts;
    this.#parent = parent;
  }

  /** Core did something for the call. */
  operated(event: OperationEvent): void {
    if (event.kind === "variable.batch" || event.kind === "session.call") this.#whole = event;
    else if (this.#operations.length < MAX_SPANS) this.#operations.push(event);
    else this.#left += 1;
  }

  /** Core saved something of the call. */
  committed(event: CommitEvent): void {
    if (this.#ended !== undefined) this.#commit(event, this.#ended);
    else if (this.#commits.length < MAX_SPANS) this.#commits.push(event);
  }

  /** The call has ended: its spans are made. */
  end(method: string, outcome: RpcOutcome): void {
    if (this.#ended !== undefined) return;
    const { tracer, clock } = this.#parts;
    const endedAt = clock.now();
    const options = { kind: SpanKind.SERVER, startTime: endedAt - outcome.durationMs, attributes: this.#callAttributes(method, outcome) };
    const span = tracer.startSpan(method, options, this.#parent);
    const within = trace.setSpan(this.#parent, span);
    const whole = this.#whole && this.#operation(this.#whole, within);
    const each = this.#operations.map((event) => this.#operation(event, whole ?? within));
    this.#ended = whole ?? each[0] ?? within;
    for (const event of this.#commits) this.#commit(event, this.#ended);
    if (serverError(outcome.status) !== "") span.setStatus({ code: SpanStatusCode.ERROR });
    span.end(endedAt);
    this.#operations.length = 0;
    this.#commits.length = 0;
  }

  #callAttributes(method: string, outcome: RpcOutcome): Attributes {
    const { status, reason, decodeMs, encodeMs, requestBytes, responseBytes } = outcome;
    return {
      [A.rpcSystem]: "grpc",
      [A.rpcMethod]: method,
      [A.rpcStatus]: status,
      ...(reason !== "" && { [A.reason]: reason }),
      ...(decodeMs !== undefined && { [A.decode]: decodeMs / 1000 }),
      ...(encodeMs !== undefined && { [A.encode]: encodeMs / 1000 }),
      ...(requestBytes !== undefined && { [A.requestSize]: requestBytes }),
      ...(responseBytes !== undefined && { [A.responseSize]: responseBytes }),
      ...(this.#left > 0 && { [A.spansDropped]: this.#left }),
    };
  }

  /** The span of something that the engine did; gives the context below it. */
  #operation(event: OperationEvent, parent: Context): Context {
    const { show } = this.#parts;
    const session = event.key.id === "" ? undefined : show(event.key.id);
    const variable = "name" in event && event.name !== "" ? show(event.name) : undefined;
    const attributes: Attributes = {
      [A.operation]: event.operation,
      ...(session !== undefined && { [A.session]: session }),
      ...(variable !== undefined && { [A.variable]: variable }),
      ...("type" in event && { [A.outcome]: outcomeOf(event), [A.type]: event.type, [A.size]: event.sizeBytes }),
      ...(event.kind === "variable.batch" && { [A.operations]: event.operations, [A.size]: event.sizeBytes }),
      ...(event.reason !== "" && { [A.reason]: event.reason }),
      [A.sessionSize]: event.sessionBytes,
      [A.sessionVariables]: event.sessionVariables,
    };
    return this.#timed(event, parent, attributes, false);
  }

  #commit(event: CommitEvent, parent: Context): void {
    const attributes: Attributes = {
      [A.outcome]: event.outcome,
      [A.deltas]: event.deltas,
      [A.conflicts]: event.conflicts,
      [A.operations]: event.operations,
      [A.size]: event.sizeBytes,
      [A.wait]: event.waitMs / 1000,
    };
    this.#timed(event, parent, attributes, event.outcome === "failed");
  }

  #timed(event: OperationEvent | CommitEvent, parent: Context, attributes: Attributes, failed: boolean): Context {
    const { tracer, clock } = this.#parts;
    const startTime = clock.now() - (clock.monotonic() - event.startedAtMs);
    const span = tracer.startSpan(ENGINE_SPANS[event.kind].name, { kind: SpanKind.INTERNAL, startTime, attributes }, parent);
    if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end(startTime + event.durationMs);
    return trace.setSpan(parent, span);
  }
}
