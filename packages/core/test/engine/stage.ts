/** An engine on a manual clock over a store that does as the test says. */
import { expect } from "vitest";
import { BridgeError } from "../../src/errors.ts";
import type { Limits } from "../../src/limits.ts";
import { memoryPersistence } from "../../src/memory-persistence.ts";
import type { SessionObserver } from "../../src/observer.ts";
import type { SessionPersistence } from "../../src/persistence.ts";
import { type SessionEngine, sessionEngine } from "../../src/session-engine.ts";
import type { FeedBounds } from "../../src/session-feed.ts";
import type { CallOptions, Operation, SessionPort, UpdateResult } from "../../src/session-port.ts";
import {
  type FaultPlan,
  type FaultyPersistence,
  faultyPersistence,
  type ManualClock,
  manualClock,
  seededRandom,
} from "../../src/testing/index.ts";
import { decode, encode } from "../../src/values/index.ts";

export interface Stage {
  readonly clock: ManualClock;
  readonly store: FaultyPersistence;
  readonly engine: SessionEngine;
  readonly port: SessionPort;
  /** Another engine over the same store, as after a restart. */
  again(): SessionPort;
}

export interface StageOptions {
  readonly plan?: FaultPlan;
  readonly limits?: Partial<Limits>;
  readonly inner?: SessionPersistence;
  readonly observer?: SessionObserver;
  readonly feedBounds?: FeedBounds;
}

export function stage({ plan = () => undefined, limits, inner = memoryPersistence(), observer, feedBounds }: StageOptions = {}): Stage {
  const clock = manualClock();
  const store = faultyPersistence(inner, plan);
  const make = () => sessionEngine({ persistence: store, clock, random: seededRandom(1), limits, observer, feedBounds });
  const engine = make();
  return { clock, store, engine, port: engine.port(""), again: () => make().port("") };
}

/** Lets everything run that waits for nothing but other promises. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

/** Moves the clock in steps, letting promises run between them, as real time does. */
export async function pass(clock: ManualClock, ms: number, stepMs = 250): Promise<void> {
  for (let moved = 0; moved < ms; moved += stepMs) {
    clock.advance(Math.min(stepMs, ms - moved));
    await settled();
  }
}

export const setOf = (name: string, value: unknown, more: Partial<Extract<Operation, { kind: "set" }>> = {}): Operation => ({
  kind: "set",
  name,
  value: { bytes: encode(value), encoding: "" },
  ...more,
});

/** Writes one variable and answers its revision. */
export async function set(port: SessionPort, id: string, name: string, value: unknown, more = {}, call: CallOptions = {}): Promise<number> {
  const { sessionRevision } = await port.update(id, { operations: [setOf(name, value, more)] }, call);
  return sessionRevision;
}

export const update = async (port: SessionPort, id: string, ...operations: Operation[]): Promise<UpdateResult> =>
  port.update(id, { operations }, {});

/** The decoded value, undefined when there is none. */
export async function get(port: SessionPort, id: string, name: string): Promise<unknown> {
  const { variable } = await port.getVariable(id, name, {});
  return variable && decode(variable.bytes);
}

/** All values of a session. */
export async function all(port: SessionPort, id: string): Promise<Record<string, unknown>> {
  const { variables } = await port.getVariables(id, { prefix: "" }, {});
  return Object.fromEntries(variables.map((variable) => [variable.name, decode(variable.bytes)]));
}

/** The error of a call, thrown at once or later; fails when there is none. */
export async function refusal(call: () => unknown): Promise<BridgeError> {
  try {
    await call();
  } catch (error) {
    expect(error).toBeInstanceOf(BridgeError);
    return error as BridgeError;
  }
  throw new Error("nothing was refused");
}

/** Whether a promise is settled by now. */
export async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  void promise.then(
    () => {
      done = true;
    },
    () => {
      done = true;
    },
  );
  await settled();
  return done;
}
