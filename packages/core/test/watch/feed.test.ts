import { describe, expect, it } from "vitest";
import { BridgeError } from "../../src/errors.ts";
import { FEED_BOUNDS, SessionFeed } from "../../src/session-feed.ts";
import { encode } from "../../src/values/index.ts";
import type { WatchChange } from "../../src/watch-port.ts";

const setOf = (name: string, bytes: Uint8Array = encode(1)): WatchChange => ({
  kind: "set",
  variable: { name, bytes, encoding: "", type: "integer", revision: 1, createdAtMs: 0, updatedAtMs: 0, expiresAtMs: undefined },
});

const watcher = (since?: number, concerns = (_: WatchChange): boolean => true, over = (): void => {}, ready = (): void => {}) => ({
  since,
  concerns,
  over,
  ready,
});

/** The revisions of all that can be taken; the reason of the error where there is one. */
function taken(cursor: ReturnType<SessionFeed["open"]>): (number | string)[] {
  const revisions: (number | string)[] = [];
  try {
    for (let commit = cursor.take(); commit !== undefined; commit = cursor.take()) revisions.push(commit.revision);
  } catch (error) {
    revisions.push((error as BridgeError).reason);
  }
  return revisions;
}

/** Whether a new watch can go on after each of the revisions, and what it is then told. */
const after = (feed: SessionFeed, since: number): (number | string)[] => {
  try {
    return taken(feed.open(watcher(since)));
  } catch (error) {
    expect(error).toBeInstanceOf(BridgeError);
    return [(error as BridgeError).reason];
  }
};

const publish = (feed: SessionFeed, ...revisions: number[]): void => {
  for (const revision of revisions) feed.publish(revision, [setOf("a")]);
};

describe("a feed", () => {
  it("[P15] gives each watcher every commit after its place once, in order", () => {
    const feed = new SessionFeed(10);
    const first = feed.open(watcher());
    publish(feed, 11, 13);
    const second = feed.open(watcher());
    publish(feed, 17);
    expect([taken(first), taken(second), taken(first)]).toEqual([[11, 13, 17], [17], []]);
    expect([first.revision, second.revision]).toEqual([17, 17]);
  });

  it("[P15] can be gone on from exactly the places that it has", () => {
    const feed = new SessionFeed(10);
    publish(feed, 11, 13);
    expect(after(feed, 10)).toEqual([11, 13]);
    expect(after(feed, 11)).toEqual([13]);
    expect(after(feed, 13)).toEqual([]);
    for (const since of [9, 12, 14]) expect(after(feed, since)).toEqual(["COMPACTED"]);
  });

  it("cannot be gone on from 0, which is before everything of every store", () => {
    expect(after(new SessionFeed(0), 0)).toEqual(["COMPACTED"]);
  });

  it("[P15] keeps so many commits, and so many bytes, and what is older is compacted", () => {
    const feed = new SessionFeed(10, { ...FEED_BOUNDS, keptCommits: 2 });
    publish(feed, 11, 12, 13);
    expect(after(feed, 10)).toEqual(["COMPACTED"]);
    expect(after(feed, 11)).toEqual([12, 13]);
    const heavy = new SessionFeed(10, { ...FEED_BOUNDS, keptBytes: 10_000 });
    for (const revision of [11, 12, 13]) heavy.publish(revision, [setOf("a", new Uint8Array(4_000))]);
    expect(after(heavy, 10)).toEqual(["COMPACTED"]);
    expect(after(heavy, 11)).toEqual([12, 13]);
    expect(heavy.sizeBytes).toBeLessThan(11_100);
  });

  it("passes over commits that do not concern a watcher, who is never behind because of them", () => {
    const feed = new SessionFeed(10, { ...FEED_BOUNDS, lagCommits: 2 });
    const cursor = feed.open(watcher(undefined, (change) => change.kind === "set" && change.variable.name === "b"));
    publish(feed, 11, 12, 13, 14);
    expect(cursor.revision).toBe(14);
    feed.publish(15, [setOf("a"), setOf("b"), { kind: "delete", name: "b" }]);
    expect(cursor.take()).toEqual({ revision: 15, changes: [setOf("b")] });
  });

  it("[P15] cuts a watcher that is too far behind at its last whole commit, and a new watch goes on from there", () => {
    const feed = new SessionFeed(10, { ...FEED_BOUNDS, lagCommits: 3 });
    const slow = feed.open(watcher());
    publish(feed, 11);
    expect(slow.take()?.revision).toBe(11);
    publish(feed, 12, 13, 14);
    const kept = feed.open(watcher(11));
    publish(feed, 15);
    expect(taken(slow)).toEqual(["WATCH_TOO_SLOW"]);
    expect(taken(kept)).toEqual(["WATCH_TOO_SLOW"]);
    expect(slow.revision).toBe(11);
    expect(after(feed, slow.revision)).toEqual([12, 13, 14, 15]);
    expect(feed.watchers).toBe(1);
  });

  it("cuts nobody for one large commit, and whoever does not take it for the next", () => {
    const feed = new SessionFeed(10, { ...FEED_BOUNDS, lagBytes: 1_000 });
    const cursor = feed.open(watcher());
    feed.publish(11, [setOf("a", new Uint8Array(5_000))]);
    expect(taken(cursor)).toEqual([11]);
    feed.publish(12, [setOf("a", new Uint8Array(5_000))]);
    feed.publish(13, [setOf("a", new Uint8Array(5_000))]);
    expect(taken(cursor)).toEqual(["WATCH_TOO_SLOW"]);
  });

  it("tells a watcher that is cut, once, so that it can let go what it holds", () => {
    const feed = new SessionFeed(10, { ...FEED_BOUNDS, lagCommits: 1 });
    let over = 0;
    let left = 0;
    const cursor = feed.open(
      watcher(undefined, undefined, () => {
        over += 1;
      }),
      () => {
        left += 1;
      },
    );
    publish(feed, 11, 12);
    expect([over, left]).toEqual([1, 0]);
    cursor.close();
    cursor.close();
    expect([over, left]).toEqual([1, 1]);
  });

  it("[P15] says to a watcher, while a commit that concerns it is published, that it can be taken; and when it is cut", () => {
    const feed = new SessionFeed(10);
    const told: (number | string)[][] = [];
    const cursor = feed.open(
      watcher(
        undefined,
        (change) => change.kind === "session_deleted",
        () => {},
        () => told.push(taken(cursor)),
      ),
    );
    publish(feed, 11, 12);
    expect(told).toEqual([]);
    feed.publish(20, [{ kind: "session_deleted" }]);
    expect(told).toEqual([[20]]);
    feed.restart(30);
    expect(told).toEqual([[20], ["COMPACTED"]]);
    expect(after(feed, 20)).toEqual(["COMPACTED"]);
    expect(after(feed, 30)).toEqual([]);
  });

  it("holds nothing for watchers that are stuck: a thousand of them are cut, and only what is kept remains", () => {
    const feed = new SessionFeed(10);
    const stuck = Array.from({ length: 1_000 }, () => feed.open(watcher()));
    for (let i = 0; i < 2_000; i++) feed.publish(11 + i, [setOf("a", new Uint8Array(1_000))]);
    expect(feed.watchers).toBe(0);
    expect(feed.sizeBytes).toBeLessThan(1.1 * FEED_BOUNDS.keptBytes);
    expect(taken(stuck[0] as (typeof stuck)[0])).toEqual(["WATCH_TOO_SLOW"]);
  });
});
