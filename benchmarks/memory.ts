/**
 * What sessions cost the server in memory: `npm run bench:memory`. A server for each store, its resident set size as the operating
 * system counts it, before and after, each time after a full garbage collection: what is asked is what sessions hold, not what V8 has not
 * cleared away yet. Exits with 1 when a measurement is over its bound.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { type Bridge, connect } from "@session-bridge/client";
import { residentBytes } from "./durability/server-process.ts";
import { collectGarbage } from "./inspector.ts";

const COMMAND = fileURLToPath(new URL("../packages/server/bin/session-bridge.js", import.meta.url));
const MIB = 1024 * 1024;
const SESSIONS = 10_000;
const AT_ONCE = 64;
const TEN_VARIABLES = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`variable-${i}`, `value ${i}`]));

interface Server {
  readonly bridge: Bridge;
  /** The resident set and the live JavaScript heap in bytes, after a full garbage collection. */
  memory(): Promise<Memory>;
  stop(): Promise<void>;
}

interface Memory {
  readonly resident: number;
  readonly heap: number;
}

async function start(store: string): Promise<Server> {
  const serve = ["serve", "--listen", "127.0.0.1:0", "--store", store, "--log-level", "warn"];
  const child = spawn(process.execPath, ["--inspect=127.0.0.1:0", COMMAND, ...serve], { stdio: ["ignore", "pipe", "pipe"] });
  const inspector = await firstMatch(child.stderr, /ws:\/\/\S+/);
  const address = await firstMatch(child.stdout, /(?<="address":")[^"]+/);
  child.stderr.resume();
  const bridge = connect(address, { timeoutMs: 60_000 });
  const stop = async () => {
    await bridge.close();
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    await ended;
  };
  const memory = async () => ({ heap: await collectGarbage(inspector), resident: residentBytes(child.pid ?? 0) });
  return { bridge, memory, stop };
}

async function firstMatch(output: Readable, pattern: RegExp): Promise<string> {
  for await (const line of createInterface({ input: output })) {
    const found = pattern.exec(line)?.[0];
    if (found !== undefined) return found;
  }
  throw new Error(`the server never said ${pattern}`);
}

async function setGetDelete(bridge: Bridge, times: number): Promise<void> {
  const session = bridge.session("churn");
  for (let i = 0; i < times; i++) {
    await session.set("name", { i, text: "x".repeat(100) });
    await session.get("name");
    await session.delete("name");
  }
}

async function fillSessions(bridge: Bridge): Promise<void> {
  let next = 0;
  const fill = async () => {
    while (next < SESSIONS) await bridge.session(`idle-${next++}`).setMany(TEN_VARIABLES);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, fill));
}

interface Measurement {
  readonly what: string;
  readonly boundMiB: number;
  readonly warmUp: (bridge: Bridge) => Promise<void>;
  readonly run: (bridge: Bridge) => Promise<void>;
}

const MEASUREMENTS: readonly Measurement[] = [
  {
    what: "1,000 × set, get, delete in one session, after 10,000",
    boundMiB: 10,
    warmUp: (bridge) => setGetDelete(bridge, 10_000),
    run: (bridge) => setGetDelete(bridge, 1_000),
  },
  { what: "10,000 idle sessions of ten small variables, above an empty server", boundMiB: 64, warmUp: async () => {}, run: fillSessions },
];

const folder = mkdtempSync(join(tmpdir(), "bench-memory-"));
try {
  console.log(
    "| store | what | before, MiB | after, MiB | growth, MiB | bound, MiB | | live heap grew, MiB |\n|---|---|---|---|---|---|---|---|",
  );
  for (const store of ["memory", "sqlite"])
    for (const [at, { what, boundMiB, warmUp, run }] of MEASUREMENTS.entries()) {
      const server = await start(store === "sqlite" ? `sqlite:${join(folder, `${at}.db`)}` : store);
      try {
        await warmUp(server.bridge);
        const before = await server.memory();
        await run(server.bridge);
        const after = await server.memory();
        const growth = (after.resident - before.resident) / MIB;
        const sizes = [before.resident / MIB, after.resident / MIB, growth].map((size) => size.toFixed(1));
        const verdict = growth < boundMiB ? "within" : "over";
        console.log(`| ${[store, what, ...sizes, boundMiB, verdict, ((after.heap - before.heap) / MIB).toFixed(1)].join(" | ")} |`);
        if (growth >= boundMiB) process.exitCode = 1;
      } finally {
        await server.stop();
      }
    }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
