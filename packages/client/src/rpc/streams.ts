/** Streams of answers. They share the connection of the calls while they are few, and have their own when they are many. */
import type { MethodDefinition } from "@grpc/grpc-js";
import { BridgeClosedError, ServerUnavailableError } from "@session-bridge/core";
import type { Clock, Signal } from "@session-bridge/core/internal";
import { type Carrier, type Connection, StatusError } from "./carrier.ts";
import { type Budget, connected } from "./connected.ts";
import { errorOfStatus } from "./status.ts";

/** Servers send something every 15 seconds; what is silent for three times as long is lost. */
const SILENCE_MS = 45_000;
/** A server takes 256 calls of a connection at once, and lets the others wait. */
const BESIDE_CALLS = 100;
const PER_CONNECTION = 200;

/** The streams of one bridge. */
export interface Streams {
  read<Q, A>(method: MethodDefinition<Q, A>, request: Q, within: Budget): AsyncGenerator<A, void>;
  /** Ends every stream with BridgeClosedError, and later ones. */
  close(): void;
}

interface Line {
  readonly link: Connection;
  most: number;
  streams: number;
}

/** Makes the streams of a bridge whose calls use `main`. */
export function streams(main: Connection, clock: Clock): Streams {
  const closing = new AbortController();
  let lines: readonly Line[] = [{ link: main, most: BESIDE_CALLS, streams: 0 }];

  const takeLine = (): Line => {
    const free = lines.find((line) => line.streams < line.most);
    const line = free ?? { link: main.another(), most: PER_CONNECTION, streams: 0 };
    if (free === undefined) lines = [...lines, line];
    line.streams += 1;
    return line;
  };
  const leave = (line: Line): void => {
    line.streams -= 1;
    if (line.streams > 0 || line.link === main) return;
    lines = lines.filter((other) => other !== line);
    line.link.close();
  };
  /** The carrier of a line. Whether the server was ever there is the main connection's to say. */
  const carrierOf = async ({ link }: Line, within: Budget): Promise<Carrier> => {
    const carrier = await connected(main, within);
    return link === main ? carrier : connected(link, within);
  };

  return {
    async *read(method, request, within) {
      if (closing.signal.aborted) throw closed();
      if (within.signal?.aborted) return;
      const stop = new AbortController();
      const end = (): void => stop.abort();
      const enders = [closing.signal, ...(within.signal ? [within.signal] : [])];
      for (const ender of enders) ender.addEventListener("abort", end);
      const connecting = { ...within, signal: stop.signal };
      let line = takeLine();
      try {
        let carrier = await carrierOf(line, connecting);
        for (let most = mostOf(carrier); line.streams > most; most = mostOf(carrier)) {
          line.most = most;
          leave(line);
          line = takeLine();
          carrier = await carrierOf(line, connecting);
        }
        yield* answers(carrier, method, request, { clock, signal: stop.signal });
      } catch (error) {
        throw closing.signal.aborted ? closed() : error;
      } finally {
        for (const ender of enders) ender.removeEventListener("abort", end);
        leave(line);
      }
    },
    close: () => closing.abort(),
  };
}

const mostOf = ({ maxStreams = Number.POSITIVE_INFINITY }: Carrier): number => maxStreams;

/** The answers to one request, until the signal is aborted. Fails when the stream ends or is silent for too long. */
async function* answers<Q, A>(
  carrier: Carrier,
  method: MethodDefinition<Q, A>,
  request: Q,
  { clock, signal }: { readonly clock: Clock; readonly signal: Signal },
): AsyncGenerator<A, void> {
  if (signal.aborted) return;
  const stream = carrier.stream(method, request);
  const cancel = (): void => stream.cancel();
  signal.addEventListener("abort", cancel);
  const silence = watchSilence(clock, cancel);
  try {
    for (;;) {
      silence.begin();
      const message = await stream.next();
      silence.end();
      if (message === undefined) throw lost("the server ended the stream");
      yield message;
    }
  } catch (error) {
    if (silence.tooLong) throw lost(`the server said nothing for ${SILENCE_MS / 1000} seconds`);
    throw error instanceof StatusError ? errorOfStatus(error.status, "read") : error;
  } finally {
    silence.stop();
    signal.removeEventListener("abort", cancel);
    // Once more: grpc-js forgets to cancel a call that it is about to send.
    cancel();
  }
}

/** Calls `over` when something has been waited for too long. One timer, however often that begins and ends. */
function watchSilence(clock: Clock, over: () => void) {
  let sinceMs: number | undefined;
  let tooLong = false;
  const look = (): void => {
    const leftMs = (sinceMs ?? clock.monotonic()) + SILENCE_MS - clock.monotonic();
    if (leftMs > 0) {
      cancel = clock.schedule(leftMs, look);
      return;
    }
    tooLong = true;
    over();
  };
  let cancel = clock.schedule(SILENCE_MS, look);
  return {
    get tooLong() {
      return tooLong;
    },
    begin() {
      sinceMs = clock.monotonic();
    },
    end() {
      sinceMs = undefined;
    },
    stop: () => cancel(),
  };
}

const closed = (): BridgeClosedError => new BridgeClosedError("the bridge is closed");
const lost = (message: string): ServerUnavailableError => new ServerUnavailableError("UNREACHABLE", message);
