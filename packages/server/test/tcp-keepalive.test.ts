/** A client that answers no pings: the system asks its machine, which can be seen as a timer of the server's end of the connection. */
import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { MAGIC } from "@session-bridge/client/frames";
import { expect, test } from "vitest";
import { directClient, hello } from "./support/direct-client.ts";
import { serving } from "./support/direct-serving.ts";

const KEEPALIVE_MS = 20_000;
/** Timers are counted in hundredths of a second there, whatever the kernel's own tick is. */
const TICK_MS = 10;
/** A connection's timer when nothing is on its way: none, or the one for keep-alive. */
const NO_TIMER = "00";
const KEEPALIVE_TIMER = "02";

/** The timer of the other end of a connection within this machine, as proc_pid_net(5) has it: its kind, and when it fires. */
function timerOfPeer({ localPort, remotePort }: Socket): { kind: string; inMs: number } {
  const end = (port: number | undefined): string => `:${(port ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
  for (const line of readFileSync("/proc/net/tcp", "utf8").split("\n")) {
    const [, local = "", remote = "", , , timer = ""] = line.trim().split(/\s+/);
    const [kind = "", when = ""] = timer.split(":");
    if (local.endsWith(end(remotePort)) && remote.endsWith(end(localPort))) return { kind, inMs: Number.parseInt(when, 16) * TICK_MS };
  }
  throw new Error("the system has no such connection");
}

/** Greets a server as a client that answers pings, or does not. */
async function greeted(answersPings: boolean): Promise<Socket> {
  const { server } = await serving({}, {}, { keepaliveMs: KEEPALIVE_MS });
  const client = directClient(server.address, { first: Buffer.concat([MAGIC, hello({ answersPings })]) });
  await client.welcome;
  return client.socket;
}

// Other systems do not show the timers of their connections. Until what was sent has been acknowledged, the timer is another one.
test.runIf(process.platform === "linux")("the machine of a client that answers no pings is asked by TCP after a silence", async () => {
  const socket = await greeted(false);
  await expect.poll(() => timerOfPeer(socket).kind, { timeout: 5_000 }).toBe(KEEPALIVE_TIMER);
  expect(timerOfPeer(socket).inMs).toBeLessThanOrEqual(KEEPALIVE_MS);
});

test.runIf(process.platform === "linux")("that of a client that answers pings is not", async () => {
  const socket = await greeted(true);
  await expect.poll(() => timerOfPeer(socket).kind, { timeout: 5_000 }).toBe(NO_TIMER);
});
