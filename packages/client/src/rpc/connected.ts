/** Waiting for a connection, no longer than the call does. */
import { type BridgeError, type CallOptions, DeadlineExceededError, ServerUnavailableError } from "@session-bridge/core";
import { cancelled, systemClock } from "@session-bridge/core/internal";
import type { Carrier, Connection } from "./carrier.ts";

/** What is left of a call: one deadline over all its tries and pages. */
export interface Budget {
  readonly timeoutMs: number;
  /** By `systemClock.monotonic()`. */
  readonly endsAt: number;
  readonly signal: CallOptions["signal"];
}

/** The carrier, at once or when it is connected, within the call's time. Nothing was sent yet, so nothing is applied when this fails. */
export function connected(link: Connection, within: Budget): Carrier | Promise<Carrier> {
  const found = link.carrier();
  return found instanceof Promise ? inTime(found, link, within) : found;
}

function inTime(connecting: Promise<Carrier>, link: Connection, { endsAt, timeoutMs, signal }: Budget): Promise<Carrier> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void): void => {
      cancelTimer();
      signal?.removeEventListener("abort", abort);
      finish();
    };
    const abort = (): void => settle(() => reject(cancelled(signal)));
    const cancelTimer = systemClock.schedule(
      endsAt - systemClock.monotonic(),
      () => settle(() => reject(notConnected(link, timeoutMs))),
      true,
    );
    signal?.addEventListener("abort", abort);
    connecting.then(
      (carrier) => settle(() => resolve(carrier)),
      (error: unknown) => settle(() => reject(error)),
    );
    if (signal?.aborted) abort();
  });
}

function notConnected(link: Connection, timeoutMs: number): BridgeError {
  if (!link.contacted) return new DeadlineExceededError(`no connection to ${link.address} within ${timeoutMs} ms`);
  const message = `the connection to ${link.address} was lost, and the server was not found again within ${timeoutMs} ms`;
  return new ServerUnavailableError("UNREACHABLE", message);
}
