/** A network between a client and a server, in the hands of a test. */
import { connect, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

export interface TcpProxy {
  readonly address: string;
  /** Ends every connection at once; new ones are let through. */
  cut(): void;
  /** Passes nothing on any more, and closes nothing. */
  freeze(): void;
}

/** A proxy to `target`, gone when the test is. */
export async function tcpProxy(target: string): Promise<TcpProxy> {
  const at = target.lastIndexOf(":");
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(target.slice(at + 1)), target.slice(0, at));
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one);
      one.on("error", () => {});
      one.on("close", () => {
        open.delete(one);
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
  };
}
