/** A world in which one seed decides everything: what clients ask, how time goes, and what fails. */
import node from "node:process";
import { REQUEST_MEMORY_MS } from "../../src/persistence.ts";
import { manualClock } from "../../src/testing/index.ts";
import { dice as diceOf } from "./dice.ts";
import { NO_FAULTS, disk as newDisk } from "./disk.ts";
import { type Asked, latest, revisionOf } from "./history.ts";
import { type FirstSending, identities as newIdentities, type Sending } from "./identities.ts";
import { judge as newJudge, Violation } from "./judge.ts";
import { startProcess } from "./process.ts";
import { type Event, pastOf, profileOf, repeatsOf } from "./profile.ts";
import { rivalWrite } from "./rival.ts";
import { settle } from "./settle.ts";
import { nextCall, SESSIONS, send } from "./workload.ts";

/** What a run came to. */
export interface SimulationReport {
  readonly seed: number;
  readonly calls: number;
  readonly acknowledged: number;
  readonly versions: number;
  readonly crashes: number;
  /** How many sessions were copied. */
  readonly copies: number;
  /** How many updates with a rollback or a restore were carried out. */
  readonly returns: number;
  /** How many calls were sent again and answered as they had been before. */
  readonly recalled: number;
  /** What was wrong, and what led to it; undefined when every law held. */
  readonly failure: string | undefined;
}

const STEPS = 240;
const START_MS = 1_800_000_000_000;

const LONGEST_CALL_MS = 30_000;

/** How many of the last calls are sent again. */
const RECENT = 8;

/** How many of the last things that happened a failure tells. */
const TRACED = 80;

const REPLAY = (seed: number): string => `seed ${seed}: SIMULATION_SEED=${seed} replays this`;

const line = (words: readonly unknown[]): string => words.map((word) => (typeof word === "string" ? word : JSON.stringify(word))).join(" ");

/** Runs the world of a seed to its end; with `repeats` of 0, no call has an identity, and `past` is what its clients can look back at. */
export async function simulate(seed: number, repeats = repeatsOf(seed), past = pastOf(seed)): Promise<SimulationReport> {
  const dice = diceOf(seed);
  const profile = profileOf(dice, repeats);
  const clock = manualClock(START_MS);
  const trace: unknown[][] = [];
  const note = (...words: unknown[]): void => {
    trace.push(words);
  };
  const waiting = new Map<Asked, AbortController>();
  const counts = { calls: 0, acknowledged: 0, crashes: 0, copies: 0, returns: 0 };
  let violation: Violation | undefined;
  let fresh = 0;

  /** Keeps the first law that was broken; what comes after it says little. */
  const judged = (check: () => void): void => {
    try {
      check();
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      violation ??= error;
    }
  };

  const unhandled = (cause: unknown): void => {
    violation ??= new Violation(`[P13] a failure that nobody handles would end the process: ${String(cause)}`);
  };
  node.on("unhandledRejection", unhandled);

  const judge = newJudge({
    nowMs: () => process.nowMs(),
    monotonicMs: clock.monotonic,
    historyEntries: past.historyEntries,
  });
  const disk = newDisk({
    dice,
    sections: past.sections,
    saved(delta) {
      note("  saved", delta.kind, delta.key.id, revisionOf(delta) ?? "");
      judged(() => (meddling ? judge.meddled(delta) : judge.saved(delta)));
    },
    opened: (lastNowMs) => process.opened(lastNowMs),
    failed(how) {
      note("  the store", how);
      judge.troubled();
    },
    broken: (law) => {
      violation ??= new Violation(law);
    },
  });
  let meddling = false;
  const begin = () => startProcess(disk.connect(), clock, dice.random, { limits: { historyEntries: past.historyEntries } });
  let process = begin();

  const nextFresh = (): number => {
    fresh += 1;
    return fresh;
  };
  const identities = newIdentities(dice, clock.monotonic);

  function nextSending(): Sending {
    if (repeats > 0 && identities.sent.length > 0 && dice.chance(repeats)) return identities.again(recent(), nextFresh);
    const call = nextCall(dice, {
      fresh: nextFresh,
      past: past.looked,
      earlier: (id) => dice.pick(judge.history(id).versions.slice(-6)).state?.revision ?? 7,
      revision(id, name) {
        const { versions } = judge.history(id);
        const version = dice.chance(0.6) ? versions.at(-1) : dice.pick(versions);
        return dice.chance(0.2) ? 0 : (version?.state?.variables.get(name)?.revision ?? 0);
      },
    });
    return repeats === 0 ? { call, request: undefined } : identities.first(call);
  }

  const recent = (): FirstSending => dice.pick(identities.sent.slice(-RECENT));

  function ask({ call, request }: Sending): void {
    // A server bounds the time of every call that has an identity.
    const timeoutMs = dice.chance(profile.timeouts) ? 1 + dice.int(200) : request && LONGEST_CALL_MS;
    const controller = new AbortController();
    const asked = judge.asked(call, timeoutMs, request);
    counts.calls += 1;
    note("ask", asked.number, call, { timeoutMs, request: request?.id, resentAfterMs: request?.resentAfterMs });
    waiting.set(asked, controller);
    const answer = send(process.port, call, { timeoutMs, request, signal: dice.chance(0.5) ? controller.signal : undefined });
    asked.fromNowMs = process.nowMs();
    const told = (what: unknown, check: () => void): void => {
      // A dead process answers nobody.
      if (!waiting.delete(asked)) return;
      note("  told", asked.number, what);
      judged(check);
    };
    answer.then(
      (given) => {
        counts.acknowledged += 1;
        if (call.kind === "fork") counts.copies += 1;
        if (call.kind === "update" && call.update.operations.some(({ kind }) => kind === "rollback" || kind === "restore"))
          counts.returns += 1;
        told("done", () => judge.answered(asked, given));
      },
      (error: unknown) => told(error, () => judge.refused(asked, error)),
    );
  }

  /** Another manager writes a variable. */
  async function meddle(): Promise<void> {
    const id = dice.pick(SESSIONS);
    const delta = rivalWrite(id, latest(judge.history(id)).state, process.nowMs());
    if (delta === undefined || process.nowMs() < START_MS) return;
    meddling = true;
    await disk.meddle(delta);
    meddling = false;
  }

  async function crash(): Promise<void> {
    counts.crashes += 1;
    await disk.crash();
    process.kill();
    judge.ended();
    judge.troubled();
    waiting.clear();
    process = begin();
  }

  /** A clean stop: whatever was begun is answered before the store is closed. */
  async function restart(): Promise<void> {
    let closed = false;
    void process.engine.close().then(() => {
      closed = true;
    });
    for (let i = 0; i < 1_000 && !closed; i++) {
      await disk.step(profile.faults);
      await settle();
    }
    if (!closed) violation ??= new Violation("[P12] a stop does not end");
    // A listing asks the store past the end; nobody is kept waiting by that but its caller.
    for (const { call } of waiting.keys()) {
      if (call.kind !== "sessions") violation ??= new Violation(`[P12] a stop leaves a call unanswered: ${JSON.stringify(call)}`);
    }
    await crash();
  }

  /** Time goes on until about when the store forgets a call, which is then sent again. */
  function forget(): void {
    if (identities.sent.length === 0) return;
    const before = recent();
    clock.advance(Math.max(0, before.sentAtMs + REQUEST_MEMORY_MS + dice.int(60) - 30 - clock.monotonic()));
    if (waiting.size < profile.clients) ask(identities.again(before, nextFresh));
  }

  async function happen(event: Event): Promise<void> {
    switch (event) {
      case "ask":
        if (waiting.size < profile.clients) ask(nextSending());
        return;
      case "store":
        return disk.step(profile.faults);
      case "time":
        return clock.advance(dice.chance(0.8) ? dice.int(20) : dice.int(600));
      case "idle":
        return clock.advance(dice.int(12_000));
      case "jump":
        return clock.jump(dice.int(20_000) - 10_000);
      case "abort":
        if (waiting.size > 0) dice.pick([...waiting.values()]).abort();
        return;
      case "crash":
        return crash();
      case "restart":
        return restart();
      case "meddle":
        return meddle();
      case "forget":
        return forget();
    }
  }

  for (let step = 0; step < STEPS && violation === undefined; step++) {
    const event = dice.weighted(profile.weights);
    note(String(step), event, clock.monotonic());
    await happen(event);
    await settle();
  }

  /** Nothing fails any more: everything must be answered, and read as the store has it, before and after a restart. */
  async function calm(): Promise<void> {
    for (let i = 0; i < 2_000 && violation === undefined && (waiting.size > 0 || disk.waiting > 0); i++) {
      await disk.step(NO_FAULTS);
      await settle();
    }
    if (waiting.size > 0) violation ??= new Violation(`a call is never answered: ${JSON.stringify([...waiting.keys()])}`);
  }
  const look = async (): Promise<void> => {
    for (const id of SESSIONS) {
      const call = { kind: "get_all", id, names: undefined } as const;
      const asked = judge.asked(call, undefined);
      waiting.set(asked, new AbortController());
      send(process.port, call, {}).then(
        (given) => {
          waiting.delete(asked);
          judged(() => judge.answered(asked, given));
        },
        (error: unknown) => {
          violation ??= new Violation(`a sound store is not read: ${String(error)}`);
        },
      );
    }
    await calm();
  };
  /** What was asked last is asked once more, by clients that were never answered and by others. */
  async function sendAgain(): Promise<void> {
    for (const before of identities.sent.slice(-RECENT)) ask(identities.again(before, nextFresh));
    await calm();
  }
  if (violation === undefined) {
    await calm();
    await look();
    await sendAgain();
    clock.advance(6_000);
    await calm();
    if (!process.engine.healthy) violation ??= new Violation("[P13] the engine is not healthy again");
    await crash();
    await look();
    await sendAgain();
  }
  process.kill();
  // What nobody handled is told only when the promises are through.
  await new Promise((resolve) => setImmediate(resolve));
  node.off("unhandledRejection", unhandled);
  const versions = SESSIONS.reduce((sum, id) => sum + judge.history(id).versions.length, 0);
  const broken = violation as Violation | undefined;
  const failure = broken && [`seed ${seed}: ${broken.message}`, ...trace.slice(-TRACED).map(line), REPLAY(seed)].join("\n");
  return { seed, ...counts, versions, recalled: judge.recalled, failure };
}
