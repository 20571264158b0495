/** Finds the other side of a connection gone although nobody has said so. */
import type { Socket } from "node:net";
import type { Cancel, Clock } from "@session-bridge/core/internal";

/** How somebody is found gone. */
export interface KeepAlive {
  /** Asks for a sign of life; left out for a client that does not answer, whose machine is asked by TCP instead. */
  readonly ping: (() => void) | undefined;
  /** A silence of so long is asked about, and one of twice that is the end. */
  readonly intervalMs: number;
  readonly clock: Clock;
}

/** Destroys a socket whose other side is gone. While it is paused, nothing is expected of it. Returns what stops this. */
export function keepAlive(socket: Socket, { ping, intervalMs, clock }: KeepAlive): Cancel {
  if (ping === undefined) {
    socket.setKeepAlive(true, intervalMs);
    return () => {};
  }
  let bytes = -1;
  let isAsked = false;
  let cancel: Cancel = () => {};
  const look = (): void => {
    const isSilent = bytes === socket.bytesRead && !socket.isPaused();
    bytes = socket.bytesRead;
    if (isSilent && isAsked) {
      socket.destroy();
      return;
    }
    if (isSilent) ping();
    isAsked = isSilent;
    cancel = clock.schedule(intervalMs, look);
  };
  look();
  return () => cancel();
}
