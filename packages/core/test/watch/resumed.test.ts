import { describe, expect, it } from "vitest";
import {
  BridgeClosedError,
  type BridgeError,
  CancelledError,
  CompactedError,
  InvalidArgumentError,
  LimitExceededError,
  PermissionDeniedError,
  SerializationError,
  ServerUnavailableError,
  StoreUnavailableError,
} from "../../src/errors.ts";
import type { StoredVariable } from "../../src/persistence.ts";
import { sessionOver } from "../../src/session-over-port.ts";
import type { SessionPort } from "../../src/session-port.ts";
import type { Change } from "../../src/session-told.ts";
import { UndecodedValue, valueCodec } from "../../src/session-values.ts";
import { manualClock, seededRandom } from "../../src/testing/index.ts";
import { encode } from "../../src/values/index.ts";
import type { WatchDelivery } from "../../src/watch-port.ts";
import { isSettled, settled } from "../engine/stage.ts";

const variable = (name: string, value: unknown, encoding = ""): StoredVariable => ({
  name,
  bytes: encode(value),
  encoding,
  type: "integer",
  revision: 1,
  createdAtMs: 0,
  updatedAtMs: 0,
  expiresAtMs: undefined,
});
const snapshot = (...names: string[]): WatchDelivery => ({ kind: "snapshot", variables: names.map((name) => variable(name, name)) });
const commit = (revision: number, ...names: string[]): WatchDelivery => ({
  kind: "commit",
  revision,
  changes: names.map((name) => ({ kind: "set", variable: variable(name, revision) })),
});
const caughtUp = (revision: number): WatchDelivery => ({ kind: "caught_up", revision });
const heartbeat = (revision: number): WatchDelivery => ({ kind: "heartbeat", revision });
const lost = () => new ServerUnavailableError("UNREACHABLE", "lost");

/** A session whose port plays one script after another, each to its error or until it is left; says after which revisions it was asked. */
function scripted(...scripts: readonly (readonly (WatchDelivery | BridgeError)[])[]) {
  const clock = manualClock();
  const asked: (number | undefined)[] = [];
  let left = 0;
  let ahead = 0;
  async function* play(): AsyncGenerator<WatchDelivery> {
    const script = scripts[asked.length - 1];
    if (script === undefined) throw new Error(`asked once too often: ${asked.join()}`);
    try {
      for (const each of script) {
        if (each instanceof Error) throw each;
        ahead += 1;
        yield each;
      }
      await new Promise(() => {});
    } finally {
      left += 1;
    }
  }
  const port = {
    watch(_: string, { since }: { since?: number | undefined }) {
      asked.push(since);
      return play();
    },
  } as unknown as SessionPort;
  const session = sessionOver({ port, codec: valueCodec, integers: "auto", timeoutMs: 5_000, clock, random: seededRandom(1) }, "s");
  return {
    clock,
    session,
    asked,
    get left() {
      return left;
    },
    /** How many deliveries were asked for. */
    get ahead() {
      return ahead;
    },
  };
}

const inWords = (change: Change): string => {
  const what = "name" in change ? `${change.kind} ${change.name}` : change.kind;
  return `${what}${"revision" in change ? `@${change.revision}` : ""}${change.last ? "." : ""}`;
};

/** What a watch tells until it waits for nothing but more, time passing as it needs it; with the error that it ends with. */
async function told({ session, clock }: ReturnType<typeof scripted>, since?: number): Promise<string[]> {
  const words: string[] = [];
  const all = (async () => {
    for await (const change of session.watch({ since })) words.push(inWords(change));
  })().catch((error: BridgeError) => void words.push(error.name));
  for (let i = 0; i < 20 && !(await isSettled(all)); i++) clock.advance(1_000);
  return words;
}

describe("[P15] a watch goes on by itself", () => {
  it.each([
    ["a lost connection", lost()],
    ["a failing store", new StoreUnavailableError("down")],
    ["being too slow", new LimitExceededError("WATCH_TOO_SLOW", "slow")],
    ["an overloaded server", new LimitExceededError("OVERLOADED", "busy")],
    ["a stream that was ended on its way", new CancelledError("cancelled")],
  ])("after %s, from the last revision that was told", async (_, error) => {
    const stage = scripted([snapshot("a"), caughtUp(5), commit(7, "a", "b"), error], [commit(9, "a"), caughtUp(9), commit(11, "b")]);
    expect(await told(stage)).toEqual(["set a@1", "caught_up@5.", "set a@7", "set b@7.", "set a@9.", "set b@11."]);
    expect(stage.asked).toEqual([undefined, 7]);
  });

  it("from a heartbeat, which is a place as good as a commit", async () => {
    const stage = scripted([caughtUp(5), heartbeat(8), lost()], [caughtUp(8), commit(9, "a")]);
    expect(await told(stage)).toEqual(["caught_up@5.", "set a@9."]);
    expect(stage.asked).toEqual([undefined, 8]);
  });

  it("with a resync, when what came after its place is not known any more", async () => {
    const stage = scripted([caughtUp(5), lost()], [new CompactedError("gone")], [snapshot("b"), caughtUp(9), commit(11, "a")]);
    expect(await told(stage)).toEqual(["caught_up@5.", "resync.", "set b@1", "caught_up@9.", "set a@11."]);
    expect(stage.asked).toEqual([undefined, 5, undefined]);
  });

  it("with a resync, when the beginning was interrupted half way, and only then", async () => {
    const stage = scripted([lost()], [snapshot("a"), lost()], [lost()], [snapshot("b"), caughtUp(9)]);
    expect(await told(stage)).toEqual(["set a@1", "resync.", "set b@1", "caught_up@9."]);
    expect(stage.asked).toEqual([undefined, undefined, undefined, undefined]);
  });

  it("with a resync at once, when it was told to go on after a revision that is not known", async () => {
    const stage = scripted([new CompactedError("gone")], [snapshot("b"), caughtUp(9)]);
    expect(await told(stage, 3)).toEqual(["resync.", "set b@1", "caught_up@9."]);
    expect(stage.asked).toEqual([3, undefined]);
  });

  it("after a revision, through what has changed since, which is told as it comes, and caught_up once", async () => {
    const stage = scripted([commit(5, "a"), lost()], [commit(6, "b"), caughtUp(6), lost()], [caughtUp(6), commit(7, "a")]);
    expect(await told(stage, 3)).toEqual(["set a@5.", "set b@6.", "caught_up@6.", "set a@7."]);
    expect(stage.asked).toEqual([3, 5, 6]);
  });

  it("waiting longer from try to try, until one succeeds", async () => {
    const stage = scripted([caughtUp(5), lost()], ...Array.from({ length: 7 }, () => [lost()]), [caughtUp(5)]);
    const begunAt = stage.clock.monotonic();
    await told(stage);
    expect(stage.asked.length).toBe(9);
    expect(stage.clock.monotonic() - begunAt).toBeGreaterThan(3_000);
  });
});

describe("a watch ends", () => {
  it.each([
    new BridgeClosedError("closed"),
    new PermissionDeniedError("DENIED", "no"),
    new InvalidArgumentError("INVALID_ARGUMENT", "no"),
    new LimitExceededError("MESSAGE_TOO_LARGE", "no"),
  ])("with what trying again does not mend: $reason", async (error) => {
    const stage = scripted([caughtUp(5), error]);
    expect(await told(stage)).toEqual(["caught_up@5.", error.name]);
  });

  it("when nobody is there at first for as long as a call may take", async () => {
    const stage = scripted(...Array.from({ length: 50 }, () => [lost()]));
    expect(await told(stage)).toEqual(["ServerUnavailableError"]);
  });

  it("with too many watches at first, and not when it comes back", async () => {
    const crowded = new LimitExceededError("TOO_MANY_WATCHES", "crowded");
    expect(await told(scripted([crowded]))).toEqual(["LimitExceededError"]);
    expect(await told(scripted([caughtUp(5), lost()], [crowded], [caughtUp(5), commit(6, "a")]))).toEqual(["caught_up@5.", "set a@6."]);
  });

  it("in the middle of a commit, when its loop is left, and lets the port know", async () => {
    const stage = scripted([caughtUp(5), commit(6, "a", "b")]);
    for await (const change of stage.session.watch()) if (change.kind === "set") break;
    await settled();
    expect(stage.left).toBe(1);
  });

  it("while it waits to try again", async () => {
    const stage = scripted([lost()]);
    const watch = stage.session.watch();
    const next = watch.next();
    await settled();
    await watch.return();
    expect(await next).toEqual({ done: true, value: undefined });
  });
});

it("nothing is read ahead: a delivery is asked for when the changes of the one before are taken", async () => {
  const stage = scripted([caughtUp(5), commit(6, "a", "b"), commit(7, "a")]);
  const watch = stage.session.watch();
  for (const expected of [1, 2, 2, 3]) {
    await watch.next();
    await settled();
    expect(stage.ahead).toBe(expected);
  }
  await watch.return();
});

describe("values that cannot be decoded here", () => {
  const custom: WatchDelivery = { kind: "snapshot", variables: [variable("a", 1), variable("c", 1, "pickle")] };

  it("cost a watch nothing but themselves", async () => {
    const { session } = scripted([custom, caughtUp(5)]);
    const watch = session.watch();
    const changes = [await watch.next(), await watch.next()].map(({ value }) => value as Extract<Change, { kind: "set" }>);
    expect(changes[0]?.value).toBe(1);
    expect(changes[0]?.value).toBe(changes[0]?.entry.value);
    expect(() => changes[1]?.value).toThrow(SerializationError);
    expect(() => changes[1]?.entry.value).toThrow(SerializationError);
    expect(changes[1]?.entry.encoding).toBe("pickle");
    await watch.return();
  });

  it("stand in snapshots as UndecodedValue, and waitFor of one fails as get does", async () => {
    const { session } = scripted([custom, caughtUp(5)], [custom, caughtUp(5)]);
    const states = session.snapshots();
    const { value: state } = await states.next();
    expect(state?.get("a")).toBe(1);
    expect(state?.get("c")).toBeInstanceOf(UndecodedValue);
    await states.return();
    await expect(session.waitFor("c", () => true)).rejects.toThrow(SerializationError);
  });
});

describe("snapshots and waitFor", () => {
  it("are whole: nothing is told between a resync and the next caught_up", async () => {
    const stage = scripted([snapshot("a"), caughtUp(5), lost()], [new CompactedError("gone")], [snapshot("b"), snapshot("c"), caughtUp(9)]);
    const states = stage.session.snapshots();
    const seen: string[] = [];
    const both = (async () => {
      for (let i = 0; i < 2; i++) seen.push([...((await states.next()).value?.keys() ?? [])].join());
    })();
    while (!(await isSettled(both))) stage.clock.advance(100);
    expect(seen).toEqual(["a", "b,c"]);
    await states.return();
  });

  it("[P15] waitFor is asked about no state in between", async () => {
    const stage = scripted(
      [snapshot("a"), caughtUp(5), commit(6, "a"), lost()],
      [new CompactedError("gone")],
      [caughtUp(7), commit(8, "a")],
    );
    const asked: unknown[] = [];
    const waiting = stage.session.waitFor("a", (value) => {
      asked.push(value);
      return value === 8;
    });
    while (!(await isSettled(waiting))) stage.clock.advance(100);
    expect([await waiting, asked]).toEqual([8, ["a", 6, undefined, 8]]);
    expect(stage.left).toBe(3);
  });

  it("waitFor says so when its time is over, however it was spent", async () => {
    const stage = scripted([caughtUp(5), lost()], ...Array.from({ length: 50 }, () => [lost()]));
    const waiting = stage.session.waitFor("a", () => false, { timeoutMs: 2_000 }).catch((error: BridgeError) => error.reason);
    while (!(await isSettled(waiting))) stage.clock.advance(100);
    expect(await waiting).toBe("DEADLINE_EXCEEDED");
    expect(stage.clock.monotonic()).toBe(2_000);
  });
});
