/**
 * One world from one seed: clients that change sessions, a store that fails, a process that dies, time that leaps, and watchers of all kinds,
 * slow ones, ones that lose their connection, and ones that come back after a revision. A referee sees to each of them.
 */
import node from "node:process";
import { closable } from "../../src/closable.ts";
import { BridgeClosedError, ServerUnavailableError } from "../../src/errors.ts";
import { sessionOver } from "../../src/session-over-port.ts";
import type { SessionPort } from "../../src/session-port.ts";
import type { Change, ChangeStream, WatchOptions } from "../../src/session-told.ts";
import { valueCodec } from "../../src/session-values.ts";
import { manualClock } from "../../src/testing/index.ts";
import type { WatchPort } from "../../src/watch-port.ts";
import { dice as diceOf } from "../simulation/dice.ts";
import { type Faults, NO_FAULTS, disk as newDisk } from "../simulation/disk.ts";
import { startProcess } from "../simulation/process.ts";
import { pastOf } from "../simulation/profile.ts";
import { rivalWrite } from "../simulation/rival.ts";
import { nextCall, SESSIONS, send } from "../simulation/workload.ts";
import { Referee, Truth, Violation } from "./referee.ts";

/** What a run came to. */
export interface ValidatorReport {
  readonly seed: number;
  readonly commits: number;
  readonly told: number;
  readonly watches: number;
  readonly snapshots: number;
  readonly resyncs: number;
  readonly crashes: number;
  /** What was wrong, and what led to it; undefined when every law held. */
  readonly failure: string | undefined;
}

const STEPS = 200;
const START_MS = 1_800_000_000_000;
const TRACED = 60;
const MOST_WATCHERS = 8;
/** Added to a seed for dice of their own. */
const AGE_SEED = 1_000_004;

/** A watcher and its connection. */
interface Watcher {
  readonly id: string;
  readonly options: WatchOptions;
  readonly referee: Referee;
  readonly stream: ChangeStream;
  /** Whether it takes everything at once. */
  readonly eager: boolean;
  pulling: boolean;
  left: boolean;
  /** Ends the connection that it has. */
  lose: () => void;
}

/** Lets everything run that waits for nothing but promises. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Runs the world of a seed to its end; `past` is what its clients can look back at, go back to, and copy. */
export async function validate(seed: number, past = pastOf(seed)): Promise<ValidatorReport> {
  const dice = diceOf(seed);
  const rough = dice.pick([0, 0.03, 0.12]);
  const faults: Faults = { fail: rough, loseAnswer: rough, conflict: rough / 3 };
  const violent = dice.pick([0, 1, 2]);
  const shared = dice.chance(0.3);
  const keptCommits = dice.pick([2, 8, 1_000]);
  const feedBounds = {
    keptCommits,
    keptBytes: dice.pick([600, 1e6]),
    lagCommits: dice.pick([3, 12, 1_000]),
    lagBytes: dice.pick([900, 1e7]),
  };
  const weights = {
    ask: 45,
    store: dice.pick([30, 70, 120]),
    time: 12,
    idle: dice.pick([0, 1, 3]),
    jump: dice.pick([0, 1]),
    age: diceOf(seed + AGE_SEED).pick([0, 0, 2]),
    crash: violent,
    restart: violent / 3,
    meddle: shared ? 3 : 0,
    watch: 6,
    leave: 2,
    pull: 25,
    lose: dice.pick([0, 2]),
  };
  const clock = manualClock(START_MS);
  const trace: string[] = [];
  const note = (...words: unknown[]): void => {
    trace.push(words.map((word) => (typeof word === "string" ? word : JSON.stringify(word))).join(" "));
  };
  let violation: Violation | undefined;
  const broken = (law: string): void => {
    violation ??= new Violation(law);
  };
  const unhandled = (cause: unknown): void => broken(`[P13] a failure that nobody handles would end the process: ${String(cause)}`);
  node.on("unhandledRejection", unhandled);

  const truths = new Map(SESSIONS.map((id) => [id as string, new Truth()]));
  const truthOf = (id: string): Truth => truths.get(id) as Truth;
  const disk = newDisk({
    dice,
    sections: past.sections,
    saved(delta) {
      note("  saved", delta.kind, delta.key.id, "record" in delta ? (delta.record?.revision ?? "") : "");
      truthOf(delta.key.id).saved(delta, delta.kind === "fork" ? truthOf(delta.source.key.id).state : undefined);
    },
    opened: (lastNowMs) => life.opened(lastNowMs),
    failed: (how) => note("  the store", how),
    broken,
  });
  const start = () => {
    const store = disk.connect();
    const persistence = { ...store, capabilities: { ...store.capabilities, shared } };
    return startProcess(persistence, clock, dice.random, { feedBounds, limits: { historyEntries: past.historyEntries } });
  };
  let life = start();
  let watchers: Watcher[] = [];
  const counts = { commits: 0, told: 0, watches: 0, snapshots: 0, resyncs: 0, crashes: 0 };
  let fresh = 0;
  const nextFresh = (): number => {
    fresh += 1;
    return fresh;
  };

  /** A connection to whatever process is alive when a watch begins; it is lost with that process. */
  function connection(watcher: () => Watcher): SessionPort {
    const watch: WatchPort["watch"] = (id, request, { signal }) =>
      closable(async function* (stop) {
        const { port } = life;
        const lost = new Promise<"lost">((resolve) => {
          watcher().lose = () => resolve("lost");
        });
        const inner = port.watch(id, request, { signal: stop })[Symbol.asyncIterator]();
        try {
          for (;;) {
            const next = await Promise.race([inner.next(), lost]);
            if (next === "lost") throw new ServerUnavailableError("UNREACHABLE", "the connection was lost");
            if (next.done) return;
            yield next.value;
          }
        } catch (error) {
          // As a client hears of a server that goes down.
          throw error instanceof BridgeClosedError ? new ServerUnavailableError(error.reason, error.message) : error;
        } finally {
          void inner.return?.();
        }
      }, signal);
    return { ...life.port, watch };
  }

  function nextOptions(id: string): WatchOptions {
    const filter = dice.pick<WatchOptions>([{}, {}, { prefix: "x" }, { names: ["a", "list"] }]);
    if (dice.chance(0.75)) return filter;
    const { commits } = truthOf(id);
    const known = dice.pick(commits.slice(-6)).revision;
    return { ...filter, since: dice.chance(0.2) ? 7 : known };
  }

  function beginWatch(): void {
    const id = dice.pick(SESSIONS);
    const options = nextOptions(id);
    const { names, prefix = "", since } = options;
    const matches = (name: string): boolean => (names === undefined ? name.startsWith(prefix) : names.includes(name));
    const context = { codec: valueCodec, integers: "auto", timeoutMs: 1e9, clock, random: dice.random } as const;
    // The revisions 0 and 7 are no commit's: nothing but a resync comes after them.
    const referee = new Referee({ truth: truthOf(id), matches, nowMs: () => life.nowMs(), since: since === 0 ? 7 : since });
    const watcher: Watcher = {
      id,
      options,
      referee,
      stream: sessionOver({ ...context, port: connection(() => watcher) }, id).watch(options),
      eager: dice.chance(0.6),
      pulling: false,
      left: false,
      lose: () => {},
    };
    counts.watches += 1;
    note("  watch", id, options, watcher.eager ? "eager" : "slow");
    watchers.push(watcher);
    if (watcher.eager) pull(watcher, true);
  }

  /** Takes one change, or all there are for ever. */
  function pull(watcher: Watcher, forever: boolean): void {
    if (watcher.pulling || watcher.left) return;
    watcher.pulling = true;
    watcher.stream.next().then(
      ({ value, done }) => {
        watcher.pulling = false;
        if (watcher.left) return;
        if (done) return broken(`[P15] a watch ended by itself: ${JSON.stringify(watcher.options)}`);
        judge(watcher, value);
        if (forever && violation === undefined) pull(watcher, true);
      },
      (error: unknown) => broken(`[P15] a watch failed: ${String(error)}`),
    );
  }

  function judge(watcher: Watcher, change: Change): void {
    counts.told += 1;
    note(
      "  told",
      watchers.indexOf(watcher),
      watcher.id,
      change.kind,
      "name" in change ? change.name : "",
      "revision" in change ? change.revision : "",
    );
    try {
      watcher.referee.told(change);
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      violation ??= new Violation(
        `watcher ${watchers.indexOf(watcher)} of ${watcher.id} ${JSON.stringify(watcher.options)}: ${error.message}`,
      );
    }
  }

  async function leave(watcher: Watcher): Promise<void> {
    watcher.left = true;
    await watcher.stream.return();
    for (const key of ["commits", "snapshots", "resyncs"] as const) counts[key] += watcher.referee[key];
    watchers = watchers.filter((other) => other !== watcher);
  }

  function ask(): void {
    const earlier = (id: string): number => dice.pick(truthOf(id).commits.slice(-6)).revision || 7;
    const call = nextCall(dice, { fresh: nextFresh, revision: () => 0, earlier, past: past.looked });
    note("ask", call);
    send(life.port, call, { timeoutMs: 30_000 }).catch(() => {});
  }

  async function crash(): Promise<void> {
    counts.crashes += 1;
    await disk.crash();
    life.kill();
    life = start();
    for (const watcher of watchers) watcher.lose();
  }

  async function restart(): Promise<void> {
    let closed = false;
    void life.engine.close().then(() => {
      closed = true;
    });
    for (let i = 0; i < 1_000 && !closed; i++) {
      await disk.step(faults);
      await settle();
    }
    await crash();
  }

  async function happen(event: keyof typeof weights): Promise<void> {
    switch (event) {
      case "ask":
        return ask();
      case "store":
        return disk.step(faults);
      case "time":
        return clock.advance(dice.chance(0.8) ? dice.int(20) : dice.int(600));
      case "idle":
        return clock.advance(dice.int(8_000));
      case "age":
        // About as long as a log is kept that nobody follows.
        return clock.advance(dice.int(400_000));
      case "jump":
        return clock.jump(dice.int(20_000) - 10_000);
      case "crash":
        return crash();
      case "restart":
        return restart();
      case "meddle": {
        const id = dice.pick(SESSIONS);
        const delta = rivalWrite(id, truthOf(id).state, life.nowMs());
        if (delta !== undefined && life.nowMs() >= START_MS) await disk.meddle(delta);
        return;
      }
      case "watch":
        if (watchers.length < MOST_WATCHERS) beginWatch();
        return;
      case "leave":
        if (watchers.length > 0) await leave(dice.pick(watchers));
        return;
      case "pull":
        if (watchers.length > 0) pull(dice.pick(watchers), false);
        return;
      case "lose":
        if (watchers.length > 0) dice.pick(watchers).lose();
    }
  }

  for (let step = 0; step < STEPS && violation === undefined; step++) {
    const event = dice.weighted(weights);
    note(String(step), event, clock.monotonic());
    await happen(event);
    await settle();
  }

  async function calm(): Promise<void> {
    for (let i = 0; i < 1_000 && violation === undefined && disk.waiting > 0; i++) {
      await disk.step(NO_FAULTS);
      await settle();
    }
  }
  note("nothing fails any more");
  for (let round = 0; round < 30 && violation === undefined; round++) {
    // What another manager did is found out by the next change: of what it has written, which is never declared.
    if (round === 10) for (const id of SESSIONS) void send(life.port, { kind: "get_all", id, names: undefined }, {}).catch(() => {});
    if (round === 10)
      for (const id of SESSIONS)
        void sessionOver({ codec: valueCodec, integers: "auto", timeoutMs: 1e9, clock, random: dice.random, port: life.port }, id)
          .set("x2", nextFresh())
          .catch(() => {});
    for (const watcher of watchers) pull(watcher, true);
    await settle();
    await calm();
    clock.advance(600);
    await settle();
  }
  await calm();
  for (const watcher of violation === undefined ? watchers : []) {
    try {
      watcher.referee.checkComplete();
    } catch (error) {
      violation ??= new Violation(
        `at last: watcher ${watchers.indexOf(watcher)} of ${watcher.id} ${JSON.stringify(watcher.options)}: ${(error as Error).message}`,
      );
    }
  }
  for (const watcher of [...watchers]) await leave(watcher);
  life.kill();
  await settle();
  node.off("unhandledRejection", unhandled);
  const found = violation as Violation | undefined;
  const failure = found && [`seed ${seed}: ${found.message}`, ...trace.slice(-TRACED), `VALIDATOR_SEED=${seed} replays this`].join("\n");
  return { seed, ...counts, failure };
}
