/** Watches of the TypeScript client that lose their server, their connection, or the race with the writers. */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Bridge, connect } from "@session-bridge/client";
import type { Change, Session } from "@session-bridge/core";
import { expect, onTestFinished, test } from "vitest";
import { serveProcess, temporaryDirectory } from "./support/command.ts";
import { tcpProxy } from "./support/tcp-proxy.ts";
import { testServer } from "./support/test-server.ts";

const LONGEST_MS = 60_000;

const CARRIERS = ["direct", "grpc"] as const;

function bridgeTo(address: string, carrier: (typeof CARRIERS)[number]): Bridge {
  const bridge = connect(address, { timeoutMs: 30_000, carrier });
  onTestFinished(() => bridge.close());
  return bridge;
}

/**
 * Follows a variable `n` that counts up by one with each commit. Says what it heard when it hears of `end`; fails when a number is missing or
 * told twice, unless a resync says that everything begins anew. `caughtUp` is where the beginning was read already.
 */
async function follow(
  watch: AsyncIterable<Change>,
  end: number,
  caughtUp?: { readonly n: number },
): Promise<{ resyncs: number; commits: number }> {
  const heard = { resyncs: 0, commits: 0 };
  let n = caughtUp?.n ?? 0;
  let isAnew = caughtUp === undefined;
  for await (const change of watch) {
    if (change.kind === "resync") {
      heard.resyncs += 1;
      isAnew = true;
    } else if (change.kind === "caught_up") isAnew = false;
    else if (change.kind === "set" && change.name === "n") {
      const value = change.value as number;
      if (isAnew) expect(value).toBeGreaterThanOrEqual(n);
      else expect(value).toBe(n + 1);
      if (!isAnew) heard.commits += 1;
      n = value;
    }
    if (n === end && !isAnew) break;
  }
  return heard;
}

async function count(session: Session, from: number, to: number): Promise<void> {
  for (let n = from; n <= to; n++) await session.set("n", n);
}

test.for(CARRIERS)(
  "[P15] a watch goes on by itself when its server is killed and started again, without a gap that it does not tell (over %s)",
  { timeout: LONGEST_MS },
  async (carrier) => {
    const store = ["--store", `sqlite:${join(temporaryDirectory(), "sessions.db")}`];
    let server = await serveProcess(store);
    const { address } = server;
    const [watcher, writer] = [bridgeTo(address, carrier).session("s"), bridgeTo(address, carrier).session("s")];
    await writer.set("n", 0);
    const followed = [watcher.watch(), watcher.watch({ names: ["n"] }), writer.watch({ prefix: "n" })].map((watch) => follow(watch, 400));
    const writing = count(writer, 1, 400);
    for (let kills = 0; kills < 3; kills++) {
      await delay(150);
      server.child.kill("SIGKILL");
      await server.ended;
      server = await serveProcess([...store, "--listen", address]);
    }
    await writing;
    for (const { resyncs } of await Promise.all(followed)) expect(resyncs).toBeLessThanOrEqual(3);
    expect(await watcher.get("n")).toBe(400);
  },
);

test.for(CARRIERS)(
  "[P15] a watch whose connection is cut again and again misses nothing and begins nothing anew (over %s)",
  { timeout: LONGEST_MS },
  async (carrier) => {
    const { address } = await testServer();
    const proxy = await tcpProxy(() => address);
    const [watcher, writer] = [bridgeTo(proxy.address, carrier).session("s"), bridgeTo(address, carrier).session("s")];
    await writer.set("n", 0);
    const watch = watcher.watch();
    expect([(await watch.next()).value?.kind, (await watch.next()).value?.kind]).toEqual(["set", "caught_up"]);
    let cuts = 0;
    let isOver = false;
    const cutting = (async () => {
      for (; !isOver; cuts++) {
        await delay(100);
        proxy.cut();
      }
    })();
    const followed = follow(watch, 300, { n: 0 });
    for (let n = 1; n <= 300; n++) {
      await writer.set("n", n);
      if (n % 10 === 0) await delay(20);
    }
    isOver = true;
    expect(await followed).toEqual({ resyncs: 0, commits: 300 });
    await cutting;
    expect(cuts).toBeGreaterThan(3);
  },
);

test.for(CARRIERS)(
  "[P15] a loop that is too slow is told of a resync, and then of what is there (over %s)",
  { timeout: LONGEST_MS },
  async (carrier) => {
    const { address } = await testServer();
    const [watcher, writer] = [bridgeTo(address, carrier).session("s"), bridgeTo(address, carrier).session("s")];
    const big = new Uint8Array(1024 * 1000);
    const watch = watcher.watch();
    expect((await watch.next()).value?.kind).toBe("caught_up");
    for (let n = 1; n <= 60; n++) await writer.setMany({ n, big });
    const kinds = [];
    let n: unknown;
    for await (const change of watch) {
      kinds.push(change.kind);
      if (change.kind === "set" && change.name === "n") n = change.value;
      if (change.kind === "caught_up") break;
    }
    expect(kinds.filter((kind) => kind === "resync")).toEqual(["resync"]);
    expect(kinds.slice(kinds.indexOf("resync"))).toEqual(["resync", "set", "set", "caught_up"]);
    expect(n).toBe(60);
    expect(kinds.length).toBeLessThan(100);
  },
);
