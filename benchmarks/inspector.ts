/** A server's garbage collector, asked from outside: what is measured is what sessions hold, not what V8 has not cleared away yet. */
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

const SETTLE_MS = 1_000;

/** Lets the server collect garbage, twice because finalizers free what the first round finds; gives the heap that is in use, in bytes. */
export async function collectGarbage(inspector: string): Promise<number> {
  await sleep(SETTLE_MS);
  const socket = new WebSocket(inspector);
  await once(socket, "open");
  let lastId = 0;
  const ask = async (method: string) => {
    const answer = once(socket, "message");
    socket.send(JSON.stringify({ id: ++lastId, method }));
    const [event] = await answer;
    return JSON.parse((event as { readonly data: string }).data).result;
  };
  for (let round = 0; round < 2; round++) {
    await ask("HeapProfiler.collectGarbage");
    await sleep(SETTLE_MS);
  }
  const { usedSize, embedderHeapUsedSize = 0, backingStorageSize = 0 } = await ask("Runtime.getHeapUsage");
  socket.close();
  return usedSize + embedderHeapUsedSize + backingStorageSize;
}
