/** Very many sessions whose time is over at once, swept while others are served. */
import { closeSync, copyFileSync, fsyncSync, openSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { atMost, type Table } from "./report.ts";
import { storedSessions } from "./stored-sessions.ts";
import { type Lateness, watchedServer } from "./watched.ts";

const VARIABLES = 10;
const AIM_MS = 50;
const QUIET_MS = 5_000;
const [LOOK_MS, GIVE_UP_MS] = [1_000, 180_000];

/** Sweeps a copy of a file with so many expired sessions, then serves the same requests on what is left of it. */
export async function sweep({ directory, expired }: { readonly directory: string; readonly expired: number }): Promise<Table> {
  const file = join(directory, "expired.db");
  copyToDisk(await storedSessions({ sessions: expired, variables: VARIABLES, expired: true }), file);
  const beforeBytes = statSync(file).size;
  const server = await watchedServer(file);
  try {
    let swept = 0;
    const done = Promise.withResolvers<void>();
    server.onSwept((due) => {
      swept += due;
      if (swept >= expired && due === 0) done.resolve();
    });
    const begun = performance.now();
    const sweeping = await server.during(() => done.promise);
    const sweepS = (performance.now() - begun) / 1000;
    const quiet = await server.during(() => sleep(QUIET_MS));
    const shrinking = await server.during(() => shrunk(file));
    const afterBytes = statSync(file).size;
    const sizes = [beforeBytes, afterBytes].map((bytes) => (bytes / 1_000_000).toFixed(1));
    return {
      title: `${expired.toLocaleString("en")} expired sessions of ten variables`,
      method: [
        `Swept in ${sweepS.toFixed(1)} s by a server with durability fsync that meanwhile serves a write and a read every 10 ms. Then the file`,
        `gives its space back: from ${sizes[0]} MB to ${sizes[1]} MB. The thread's delay is that of its event loop.`,
      ].join("\n"),
      columns: LATENESS_COLUMNS,
      rows: [
        latenessRow("nothing else", quiet),
        latenessRow("the sweep", sweeping, AIM_MS),
        latenessRow("the file getting smaller", shrinking, AIM_MS),
      ],
      figures: { expired, sweepS, beforeBytes, afterBytes, quiet, sweeping, shrinking },
    };
  } finally {
    await server.stop();
  }
}

/** Copies a file; it is on the disk then, so that nobody's sync has to wait for it later. */
export function copyToDisk(from: string, to: string): void {
  copyFileSync(from, to);
  const descriptor = openSync(to, "r+");
  fsyncSync(descriptor);
  closeSync(descriptor);
}

/** The columns of `latenessRow`. */
export const LATENESS_COLUMNS = ["meanwhile", "request p50, ms", "p99", "aim", "worst", "thread p50, ms", "p99", "aim", "worst"];

/** What others noticed of something. */
export function latenessRow(meanwhile: string, { requests, thread }: Lateness, aimMs?: number) {
  const cells = ({ p50Ms, p99Ms, maxMs }: Lateness["thread"]) => [
    p50Ms.toFixed(1),
    p99Ms.toFixed(1),
    aimMs === undefined ? "" : atMost(p99Ms, aimMs, " ms"),
    maxMs.toFixed(1),
  ];
  return [meanwhile, ...cells(requests), ...cells(thread)];
}

/** Waits until the file has got smaller and stays as it is. */
async function shrunk(file: string): Promise<void> {
  const begun = performance.now();
  const first = statSync(file).size;
  let last = first;
  let sameFor = 0;
  while (performance.now() - begun < GIVE_UP_MS) {
    await sleep(LOOK_MS);
    const size = statSync(file).size;
    sameFor = size === last ? sameFor + LOOK_MS : 0;
    last = size;
    // The log is brought into the file every thirty seconds at the latest, and only then it gets shorter.
    if (last < first && sameFor > 35_000) return;
  }
}
