/** Unix sockets whose server is gone without taking its file along. */
import { lstat, unlink } from "node:fs/promises";
import { connect } from "node:net";

/** Removes the file of a socket that nobody listens at any more. Anything else stays, for whoever listens next to complain about. */
export async function removeStaleSocket(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found?.isSocket() && (await isDead(path))) await unlink(path).catch(() => {});
}

/** Whether a connection is refused, as only a socket without its server does. */
function isDead(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(false);
    });
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code === "ECONNREFUSED"));
  });
}
