import { expect, it } from "vitest";
import { RevisionMismatchError } from "../../src/errors.ts";
import { memoryPersistence } from "../../src/memory-persistence.ts";
import type { SessionPersistence } from "../../src/persistence.ts";
import { sessionEngine } from "../../src/session-engine.ts";
import type { Operation as Change, SessionPort } from "../../src/session-port.ts";
import { manualClock } from "../../src/testing/index.ts";
import { decode, encode } from "../../src/values/index.ts";
import { type Dice, dice as diceOf } from "../simulation/dice.ts";
import { disk as newDisk } from "../simulation/disk.ts";
import { settle } from "../simulation/settle.ts";
import { isLinearizable, type Operation, type RegisterAnswer, type RegisterCall } from "./checker.ts";

const HISTORIES = 2_000;
const CLIENTS = 8;
const STEPS = 150;
const NAMES = ["a", "b"];

type Histories = ReadonlyMap<string, Operation[]>;

/** Eight clients on one session: what each of them asked of each variable, and what it was told when. */
async function record(seed: number): Promise<{ readonly histories: Histories; readonly timeouts: number }> {
  const dice = diceOf(seed);
  const clock = manualClock();
  const faults = { fail: 0, loseAnswer: dice.pick([0, 0.05]), conflict: 0 };
  const nothing = () => {};
  const disk = newDisk({ dice, saved: nothing, opened: nothing, failed: nothing, broken: nothing });
  const persistence: SessionPersistence = { ...disk.connect(), capabilities: memoryPersistence().capabilities };
  const port = sessionEngine({ persistence, clock, random: dice.random }).port("");
  const histories: Histories = new Map(NAMES.map((name) => [name, []]));
  const busy = new Set<number>();
  let [moment, fresh, timeouts] = [0, 0, 0];

  const tick = (): number => {
    moment += 1;
    return moment;
  };
  function ask(client: number): void {
    busy.add(client);
    const name = dice.pick(NAMES);
    const known = (histories.get(name) ?? []).flatMap(({ answer }) => answer?.revision ?? []);
    fresh += 1;
    const call = nextCall(dice, fresh, known);
    const begin = tick();
    const note = (answer: RegisterAnswer | undefined): void => {
      histories.get(name)?.push({ call, begin, end: tick(), answer });
      busy.delete(client);
    };
    send(port, name, call, dice.chance(0.3) ? 1 + dice.int(40) : undefined).then(note, (error: { readonly outcome?: unknown }) => {
      if (error.outcome === "unknown") {
        timeouts += 1;
        note(undefined);
        // What was certainly not applied is no part of the history.
      } else busy.delete(client);
    });
  }

  for (let step = 0; step < STEPS; step++) {
    const event = dice.weighted({ ask: 3, store: 3, time: 1 });
    const client = dice.int(CLIENTS);
    if (event === "ask" && !busy.has(client)) ask(client);
    else if (event === "time") clock.advance(dice.int(15));
    else await disk.step(faults);
    await settle();
  }
  while (busy.size > 0) {
    await disk.step({ ...faults, loseAnswer: 0 });
    await settle();
  }
  return { histories, timeouts };
}

function nextCall(dice: Dice, fresh: number, known: readonly number[]): RegisterCall {
  const kind = dice.weighted({ get: 4, set: 2, cas: 3, increment: 2, delete: 1 });
  if (kind === "set") return { kind, value: fresh * 1_000 };
  if (kind === "cas") return { kind, value: fresh * 1_000, ifRevision: dice.chance(0.7) ? (known.at(-1) ?? 0) : 0 };
  return kind === "increment" ? { kind, by: fresh } : { kind };
}

async function send(port: SessionPort, name: string, call: RegisterCall, timeoutMs: number | undefined): Promise<RegisterAnswer> {
  if (call.kind === "get") {
    const { variable } = await port.getVariable("s", name, { timeoutMs });
    return variable ? { value: decode(variable.bytes) as number, revision: variable.revision } : { value: undefined, revision: 0 };
  }
  try {
    const { results } = await port.update("s", { operations: [changeOf(name, call)] }, { timeoutMs });
    const { applied, revision, number } = results[0] ?? expect.fail("no result");
    return { revision, deleted: applied, value: number && (decode(number) as number) };
  } catch (error) {
    if (!(error instanceof RevisionMismatchError)) throw error;
    return { revision: error.details.currentRevision as number, mismatch: true };
  }
}

function changeOf(name: string, call: Exclude<RegisterCall, { kind: "get" }>): Change {
  if (call.kind === "delete") return { kind: "delete", name };
  if (call.kind === "increment") return { kind: "increment", name, by: encode(call.by) };
  const ifRevision = call.kind === "cas" ? call.ifRevision : undefined;
  return { kind: "set", name, value: { bytes: encode(call.value), encoding: "" }, ifRevision };
}

it(`[P4] [P17] ${HISTORIES} histories of ${CLIENTS} clients, some of whom timed out, could each have happened in one order`, {
  timeout: 120_000,
}, async () => {
  let [answered, unanswered] = [0, 0];
  for (let seed = 1; seed <= HISTORIES; seed++) {
    const { histories, timeouts } = await record(seed);
    unanswered += timeouts;
    for (const [name, history] of histories) {
      answered += history.length;
      if (!isLinearizable(history)) throw new Error(`seed ${seed}, variable ${name}: ${JSON.stringify(history, undefined, 1)}`);
    }
  }
  // Histories of nobody prove nothing.
  expect(answered).toBeGreaterThan(HISTORIES * 20);
  expect(unanswered).toBeGreaterThan(HISTORIES);
});
