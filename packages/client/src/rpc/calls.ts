/** Calls: unary ones with a deadline, a signal, a size check, and retries: mutations have an identity, so that a repeat changes nothing; and streams. */
import type { MethodDefinition } from "@grpc/grpc-js";
import {
  BridgeClosedError,
  type CallOptions,
  CancelledError,
  DeadlineExceededError,
  LimitExceededError,
  type Outcome,
  PageExpiredError,
  ServerUnavailableError,
  StoreUnavailableError,
} from "@session-bridge/core";
import { backoffMs, type Clock, cancelled, type Signal, systemClock, systemRandom, wait } from "@session-bridge/core/internal";
import { type NextAttempt, observeRequest } from "../telemetry/observed-call.ts";
import { type CallParts, type Carrier, type Connection, MAX_MESSAGE_BYTES } from "./carrier.ts";
import { type Budget, connected } from "./connected.ts";
import { type CallKind, errorOfStatus } from "./status.ts";
import { streams } from "./streams.ts";

/** How calls are tried again. */
export interface RetryPolicy {
  /** Tries in all, the first included. */
  readonly maxAttempts: number;
  /** The first wait is up to this long; each later one up to twice the one before. */
  readonly initialBackoffMs: number;
  /** No wait is longer. */
  readonly maxBackoffMs: number;
}

/** What names a mutation however often it is sent. */
interface Identified {
  requestId: Uint8Array;
  resentAfterMs?: bigint | undefined;
}

/** Sends calls to one server. */
export interface Caller {
  budget(call: CallOptions): Budget;
  read<Q, A>(method: MethodDefinition<Q, A>, request: Q, budget: Budget): Promise<A>;
  mutate<Q extends Identified, A>(method: MethodDefinition<Q, A>, request: Omit<Q, keyof Identified>, budget: Budget): Promise<A>;
  /** Runs a paged read from its first page, again when the server has lost the pages' snapshot. */
  paged<T>(read: (budget: Budget) => Promise<T>, call: CallOptions): Promise<T>;
  /**
   * The answers of a call that has many, read as fast as they are taken. Connects within the default timeout, once; fails with ServerUnavailableError
   * when the stream is lost, and with BridgeClosedError at `close`.
   */
  stream<Q, A>(method: MethodDefinition<Q, A>, request: Q, signal: Signal): AsyncGenerator<A, void>;
  /** Ends the streams, waits for the calls that are under way, then disconnects; later calls fail with BridgeClosedError. */
  close(): Promise<void>;
}

/** What saying that a request is sent again may add to it. */
const RESEND_BYTES = 11;

/** Makes a caller over a connection; nothing is sent. */
export function caller(link: Connection, defaultTimeoutMs: number, retry: RetryPolicy, clock: Clock = systemClock): Caller {
  const streaming = streams(link, clock);
  let closing: Promise<void> | undefined;
  let underWay = 0;
  let idle = (): void => {};

  function budget(call: CallOptions): Budget {
    const timeoutMs = call.timeoutMs ?? defaultTimeoutMs;
    return { timeoutMs, endsAt: systemClock.monotonic() + timeoutMs, signal: call.signal };
  }

  /** Sends what `serialize` makes for each try; what is too large for a message is refused before anything is sent. */
  function send<Q, A>(kind: CallKind, method: MethodDefinition<Q, A>, serialize: () => Buffer, within: Budget): Promise<A> {
    return observeRequest(method.path, (next) => attempts(kind, method, serialize, within, next));
  }

  async function attempts<Q, A>(
    kind: CallKind,
    method: MethodDefinition<Q, A>,
    serialize: () => Buffer,
    within: Budget,
    next: NextAttempt,
  ): Promise<A> {
    if (closing !== undefined) throw new BridgeClosedError("the bridge is closed");
    const first = serialize();
    if (first.length > MAX_MESSAGE_BYTES - RESEND_BYTES) throw tooLarge(first.length);
    let lost = false;
    underWay++;
    try {
      for (let attempt = 1; ; attempt++) {
        const headers = next();
        try {
          const found = connected(link, within);
          const carrier = found instanceof Promise ? await found : found;
          return await once(carrier, method, attempt === 1 ? first : serialize(), kind, headers, within);
        } catch (error) {
          const failure = lost ? asLost(error) : error;
          if (!link.contacted || !isTransient(error) || attempt >= retry.maxAttempts) throw failure;
          lost ||= error.outcome === "unknown";
          await pause(attempt, within, lost ? asLost(error) : error);
        }
      }
    } finally {
      if (--underWay === 0) idle();
    }
  }

  /** Waits before the next try, or rejects with `error` when there is no time for one. */
  async function pause(attempt: number, within: Budget, error: unknown): Promise<void> {
    const delayMs = backoffMs(systemRandom, attempt - 1, retry.initialBackoffMs, retry.maxBackoffMs);
    if (closing !== undefined || systemClock.monotonic() + delayMs >= within.endsAt) throw error;
    await wait(systemClock, delayMs, within.signal);
    if (closing !== undefined) throw error;
  }

  return {
    budget,
    read: (method, request, within) => send("read", method, () => method.requestSerialize(request), within),
    mutate<Q extends Identified, A>(method: MethodDefinition<Q, A>, request: Omit<Q, keyof Identified>, within: Budget): Promise<A> {
      const requestId = systemRandom.bytes(16);
      let firstSentAt: number | undefined;
      const serialize = (): Buffer => {
        const now = systemClock.monotonic();
        const resentAfterMs = firstSentAt === undefined ? undefined : BigInt(Math.ceil(now - firstSentAt));
        firstSentAt ??= now;
        return method.requestSerialize({ ...request, requestId, resentAfterMs } as Q);
      };
      return send("mutation", method, serialize, within);
    },
    async paged(read, call) {
      const within = budget(call);
      for (let attempt = 1; ; attempt++) {
        try {
          return await read(within);
        } catch (error) {
          if (!(error instanceof PageExpiredError)) throw error;
          await pause(attempt, within, error);
        }
      }
    },
    stream: (method, request, signal) => streaming.read(method, request, budget({ signal })),
    close() {
      streaming.close();
      closing ??= new Promise<void>((resolve) => {
        idle = resolve;
        if (underWay === 0) resolve();
      }).finally(() => link.close());
      return closing;
    },
  };
}

const isTransient = (error: unknown): error is ServerUnavailableError => error instanceof ServerUnavailableError;

/**
 * The error of a later try when an earlier one may have been applied: what says nothing of the change is unknown then. A refusal is the
 * server's answer to this very identity, and stands.
 */
function asLost(error: unknown): unknown {
  // A server that is overloaded refuses before it looks at the identity.
  const isOverload = error instanceof LimitExceededError && error.reason === "OVERLOADED";
  const isSilent = isTransient(error) || isOverload || error instanceof DeadlineExceededError || error instanceof CancelledError;
  if (!isSilent || error.outcome === "unknown") return error;
  const options = { outcome: "unknown", details: error.details, cause: error.cause } as const;
  if (error instanceof DeadlineExceededError) return new DeadlineExceededError(error.message, options);
  if (error instanceof CancelledError) return new CancelledError(error.message, options);
  if (error instanceof StoreUnavailableError) return new StoreUnavailableError(error.message, options);
  if (error instanceof LimitExceededError) return new LimitExceededError(error.reason, error.message, options);
  return new ServerUnavailableError(error.reason, error.message, options);
}

/** One try. */
function once<Q, A>(
  carrier: Carrier,
  method: MethodDefinition<Q, A>,
  bytes: Buffer,
  kind: CallKind,
  headers: CallParts["headers"],
  { endsAt, timeoutMs, signal }: Budget,
): Promise<A> {
  return new Promise((resolve, reject) => {
    const leftMs = endsAt - systemClock.monotonic();
    if (leftMs <= 0) return reject(new DeadlineExceededError(`the call was not sent within ${timeoutMs} ms`));
    if (signal?.aborted) return reject(cancelled(signal));
    const abort = (): void => {
      cancel();
      reject(new CancelledError("the call was aborted by its signal", { outcome: outcomeOfLoss(kind), cause: signal?.reason }));
    };
    const cancel = carrier.unary<Q, A>(method, bytes, { leftMs, headers }, (status, answer) => {
      signal?.removeEventListener("abort", abort);
      if (status === undefined) resolve(answer as A);
      else reject(errorOfStatus(status, kind));
    });
    signal?.addEventListener("abort", abort);
  });
}

const outcomeOfLoss = (kind: CallKind): Outcome => (kind === "read" ? "not_applied" : "unknown");

function tooLarge(actual: number): LimitExceededError {
  const message = `the request has ${actual} bytes; at most ${MAX_MESSAGE_BYTES} fit into one message`;
  return new LimitExceededError("MESSAGE_TOO_LARGE", message, {
    details: { limit: "messageBytes", limitValue: MAX_MESSAGE_BYTES, actual },
  });
}
