/** A network between a client and a server, in the hands of a test. */
import { connect, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

export interface TcpProxy {
  readonly address: string;
  /** Ends every connection at once; new ones are let through. */
  cut(): void;
  /** Passes nothing on any more, and closes nothing. */
  freeze(): void;
  /** Passes on what clients say; what the server says on the connections that there are comes to nobody any more. */
  loseAnswers(): void;
}

/** A proxy to what `target` names when a connection comes, gone when the test is. */
export async function tcpProxy(target: () => string): Promise<TcpProxy> {
  const open = new Set<Socket>();
  const answering = new Set<Socket>();
  const server = createServer((near) => {
    const to = target();
    const at = to.lastIndexOf(":");
    const far = connect(Number(to.slice(at + 1)), to.slice(0, at));
    answering.add(far);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one);
      one.on("error", () => {});
      one.on("close", () => {
        open.delete(one);
        answering.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = (): void => {
    for (const socket of open) socket.destroy();
  };
  onTestFinished(() => {
    cut();
    server.close();
  });
  const bound = server.address();
  return {
    address: `127.0.0.1:${typeof bound === "object" ? bound?.port : ""}`,
    cut,
    freeze() {
      for (const socket of open) socket.unpipe().pause();
    },
    loseAnswers() {
      for (const socket of answering) socket.unpipe().resume();
    },
  };
}
