/** The calls of a server, from their beginning to where they are counted and traced. */
import type { guard } from "./guard.ts";
import { OTHER } from "./rpc-metrics.ts";
import type { RpcCall, RpcObserver, RpcOutcome } from "./rpc-observer.ts";
import type { CallTrace, Spans } from "./spans.ts";

/** A call that has ended. */
export interface EndedCall {
  /** The full name of a method that there is, or OTHER. */
  readonly method: string;
  readonly outcome: RpcOutcome;
}

/** What observes calls. */
export interface CallObserverParts {
  /** The methods that there are. */
  readonly methods: readonly string[];
  /** Undefined when nobody takes spans. */
  readonly traced: Spans | undefined;
  /** Told once of every call. */
  readonly ended: (call: EndedCall) => void;
  readonly guarded: ReturnType<typeof guard>;
}

/** Observes calls; nothing of it throws. */
export function callObserver({ methods, traced, ended, guarded }: CallObserverParts): RpcObserver {
  const known = new Set(methods);
  const endSpans = guarded((trace: CallTrace, method: string, outcome: RpcOutcome) => trace.end(method, outcome));
  return {
    begin(name, headers) {
      const method = known.has(name) ? name : OTHER;
      let trace: CallTrace | undefined;
      if (traced !== undefined)
        guarded(() => {
          trace = traced.begin(headers);
        })();
      return new ObservedCall(method, trace, ended, endSpans);
    },
  };
}

type EndSpans = (trace: CallTrace, method: string, outcome: RpcOutcome) => void;

/** A class, since one is made for each call. */
class ObservedCall implements RpcCall {
  readonly trace: CallTrace | undefined;
  readonly #method: string;
  readonly #ended: (call: EndedCall) => void;
  readonly #endSpans: EndSpans;
  #isOver = false;

  constructor(method: string, trace: CallTrace | undefined, ended: (call: EndedCall) => void, endSpans: EndSpans) {
    this.trace = trace;
    this.#method = method;
    this.#ended = ended;
    this.#endSpans = endSpans;
  }

  end(outcome: RpcOutcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#ended({ method: this.#method, outcome });
    if (this.trace !== undefined) this.#endSpans(this.trace, this.#method, outcome);
  }
}
