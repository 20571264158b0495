import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { FEED_BOUNDS, SessionFeed } from "../../src/session-feed.ts";
import type { WatchChange } from "../../src/watch-port.ts";
import { set, settled, stage } from "../engine/stage.ts";
import { slowWatcher } from "./watcher.ts";

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");

/** Whether something is still in memory. */
async function isKept(ref: WeakRef<object>): Promise<boolean> {
  await settled();
  collect();
  return ref.deref() !== undefined;
}

const bounds = { ...FEED_BOUNDS, keptCommits: 2, lagCommits: 4 };

/** Publishes a change that nothing else holds. */
function publish(feed: SessionFeed, revision: number): WeakRef<object> {
  const change: WatchChange = { kind: "delete", name: `n${revision}` };
  feed.publish(revision, [change]);
  return new WeakRef(change);
}

describe("a watcher that is stuck", () => {
  it("keeps what it has not taken until it is cut, and nothing from then on", async () => {
    const feed = new SessionFeed(1, bounds);
    const cursor = feed.open({ since: undefined, concerns: () => true, over: () => {}, ready: () => {} });
    const first = publish(feed, 2);
    for (const revision of [3, 4, 5]) publish(feed, revision);
    expect(await isKept(first)).toBe(true);
    publish(feed, 6);
    expect(await isKept(first)).toBe(false);
    expect(cursor.revision).toBe(1);
  });

  it("keeps nothing of what came after the commit that it was given", async () => {
    const feed = new SessionFeed(1, bounds);
    const cursor = feed.open({ since: undefined, concerns: () => true, over: () => {}, ready: () => {} });
    publish(feed, 2);
    const given = cursor.take();
    cursor.close();
    const later = publish(feed, 3);
    for (const revision of [4, 5, 6]) publish(feed, revision);
    expect(await isKept(later)).toBe(false);
    expect(given?.revision).toBe(2);
  });

  it("keeps nothing of what was there at its beginning, once it is cut", async () => {
    const { port } = stage({ feedBounds: bounds });
    // Every piece holds one of them.
    for (const name of ["a", "b", "c"]) await set(port, "s", name, "x".repeat(300_000));
    const watch = slowWatcher(port, "s");
    await watch.take();
    const there = await bytesOf(port, "c");
    for (let i = 0; i < 4; i++) await set(port, "s", "c", i);
    expect(await isKept(there)).toBe(true);
    await set(port, "s", "c", 5);
    expect(await isKept(there)).toBe(false);
    await watch.take();
    expect(watch.error?.reason).toBe("WATCH_TOO_SLOW");
  });
});

async function bytesOf(port: ReturnType<typeof stage>["port"], name: string): Promise<WeakRef<object>> {
  const { variable } = await port.getVariable("s", name, {});
  return new WeakRef((variable as { readonly bytes: Uint8Array }).bytes);
}
