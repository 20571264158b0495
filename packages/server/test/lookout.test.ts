/** How the server waits for its next request. Calls through a real server show what it gains: benchmarks/compare. */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { expect, onTestFinished, test, vi } from "vitest";
import { LOOK_MS, lookout } from "../src/carrier/lookout.ts";
import { startServer } from "../src/server.ts";
import { bytesOf } from "./support/bytes.ts";
import { serveProcess } from "./support/command.ts";
import { rawClient } from "./support/raw-client.ts";

const SOON_MS = LOOK_MS / 2;
const TURN_MS = LOOK_MS / 10;
const MOST_NEEDED = 1024;

/** A lookout of a server whose event loop is turned by hand. */
function stage() {
  let nowMs = 0;
  const turns: (() => void)[] = [];
  const { busy, idle } = lookout({ now: () => nowMs, nextTurn: (fn) => turns.push(fn) });
  return {
    busy,
    idle,
    isLooking: () => turns.length > 0,
    /** One turn of the event loop. */
    turn() {
      nowMs += TURN_MS;
      for (const fn of turns.splice(0)) fn();
    },
    /** Time passes, without turns when the loop is asleep. */
    wait(ms: number) {
      const untilMs = nowMs + ms;
      while (turns.length > 0 && nowMs + TURN_MS < untilMs) this.turn();
      nowMs = Math.max(nowMs, untilMs);
    },
    /** A request comes so long after the answer before. */
    begin(afterMs: number) {
      this.wait(afterMs);
      busy();
    },
    /** The same, and it is answered at once. */
    request(afterMs: number) {
      this.begin(afterMs);
      idle();
    },
    /** Nothing comes any more; gives how long the loop does not sleep. */
    quiet() {
      const sinceMs = nowMs;
      while (turns.length > 0) this.turn();
      return nowMs - sinceMs;
    },
  };
}

test("looks for the next request when the last one came soon, and never longer than LOOK_MS", () => {
  const loop = stage();
  loop.request(1);
  expect(loop.isLooking()).toBe(false);
  loop.request(SOON_MS);
  expect(loop.isLooking()).toBe(true);
  expect(loop.quiet()).toBeLessThanOrEqual(LOOK_MS + TURN_MS);
  expect(loop.isLooking()).toBe(false);
});

test("does not look while a request is being answered", () => {
  const loop = stage();
  loop.request(1);
  loop.request(SOON_MS);
  loop.busy();
  loop.turn();
  expect(loop.isLooking()).toBe(false);
  loop.idle();
  expect(loop.isLooking()).toBe(true);
});

test("the next request is looked for, however long it took to answer the last one", () => {
  const loop = stage();
  for (let i = 0; i < 3; i++) {
    loop.begin(SOON_MS);
    loop.wait(10 * LOOK_MS);
    expect(loop.isLooking()).toBe(false);
    loop.idle();
  }
  expect(loop.isLooking()).toBe(true);
  expect(loop.quiet()).toBeLessThanOrEqual(LOOK_MS + TURN_MS);
});

test("requests that do not come soon are slept for", () => {
  const loop = stage();
  for (let i = 0; i < 100; i++) {
    loop.request(2 * LOOK_MS);
    expect(loop.isLooking()).toBe(false);
  }
});

test("each look in vain doubles the requests that have to come soon before the next one, and one that finds something ends that", () => {
  const loop = stage();
  for (let needed = 1; needed <= 4 * MOST_NEEDED; needed *= 2) {
    loop.request(1);
    let soon = 0;
    while (!loop.isLooking()) {
      loop.request(SOON_MS);
      soon += 1;
    }
    expect(soon).toBe(Math.min(needed, MOST_NEEDED));
    loop.quiet();
  }
  while (!loop.isLooking()) loop.request(SOON_MS);
  loop.request(SOON_MS);
  loop.quiet();
  loop.request(1);
  loop.request(SOON_MS);
  loop.request(SOON_MS);
  expect(loop.isLooking()).toBe(true);
});

test("requests that come several in a turn are slept for", () => {
  const loop = stage();
  for (let i = 0; i < 100; i++) {
    loop.request(SOON_MS);
    loop.request(0);
    loop.request(0);
    loop.turn();
    expect(loop.isLooking()).toBe(false);
  }
});

test("whatever comes and when, the loop sleeps LOOK_MS after the last answer", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 3 * LOOK_MS, noNaN: true })), (gaps) => {
      const loop = stage();
      for (const gap of gaps) loop.request(gap);
      expect(loop.quiet()).toBeLessThanOrEqual(LOOK_MS + TURN_MS);
    }),
  );
});

test.each([true, false])("a server looks, or never does: %s", async (look) => {
  const turns = vi.spyOn(globalThis, "setImmediate");
  const server = await startServer({ listen: "127.0.0.1:0", look });
  const client = rawClient(server.address);
  onTestFinished(async () => {
    turns.mockRestore();
    client.close();
    await server.stop();
  });
  await client.call("setVariable", { sessionId: "s", name: "a", value: bytesOf("01") });
  await Promise.all(Array.from({ length: 300 }, () => client.call("getVariable", { sessionId: "s", name: "a" })));
  expect(turns.mock.calls.some(([fn]) => fn.name === "look")).toBe(look);
});

// Other systems do not show what a process has used.
test.runIf(process.platform === "linux")("a server that was asked many times, and is not any more, sleeps", async () => {
  const { child, address } = await serveProcess();
  const client = rawClient(address);
  onTestFinished(() => client.close());
  await client.call("setVariable", { sessionId: "s", name: "a", value: bytesOf("01") });
  // Many at once, so that one comes soon after the other.
  await Promise.all(Array.from({ length: 300 }, () => client.call("getVariable", { sessionId: "s", name: "a" })));
  await sleep(300);
  const beforeMs = usedMs(child.pid);
  await sleep(1_000);
  expect(usedMs(child.pid) - beforeMs).toBeLessThan(200);
});

/** What a process has used of processors, as proc_pid_stat(5) counts it: in hundredths of a second. */
function usedMs(pid: number | undefined): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
