/**
 * A server that tells how late its thread is: a program of its own, started by `measuredServer`. It serves the store at argv[2], says what
 * the sweeper does, and answers each message of its parent with the delays since the one before.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { sqlitePersistence } from "@session-bridge/persistence-sqlite";
import { startServer } from "@session-bridge/server";

/** What the parent is told. Durations are in milliseconds. */
export type Told =
  | { readonly kind: "ready"; readonly address: string }
  | { readonly kind: "swept"; readonly due: number; readonly failed: boolean }
  | { readonly kind: "delays"; readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number };

const NANOSECONDS = 1e6;
/** How often the delay is sampled; it is part of what the histogram counts. */
const EVERY_MS = 1;

const tell = (told: Told): void => void process.send?.(told);
const delays = monitorEventLoopDelay({ resolution: EVERY_MS });
const server = await startServer({
  listen: "127.0.0.1:0",
  persistence: sqlitePersistence({ file: process.argv[2] as string }),
  observer: {
    observe(event) {
      if (event.kind === "sweep") tell({ kind: "swept", due: event.due, failed: event.outcome === "failed" });
    },
  },
});
delays.enable();
tell({ kind: "ready", address: server.address });

process.on("message", () => {
  const of = (nanoseconds: number): number => Math.max(0, nanoseconds / NANOSECONDS - EVERY_MS);
  tell({ kind: "delays", p50Ms: of(delays.percentile(50)), p99Ms: of(delays.percentile(99)), maxMs: of(delays.max) });
  delays.reset();
});
process.on("disconnect", () => void server.stop());
