/** An engine over a store in a file, on a clock in the test's hands. */
import { join } from "node:path";
import type { Limits, SessionPersistence } from "@session-bridge/core";
import { type Operation, type SessionEngine, type SessionPort, sessionEngine } from "@session-bridge/core/internal";
import { type ManualClock, manualClock, seededRandom } from "@session-bridge/core/testing";
import { decode, encode } from "@session-bridge/core/values";
import { onTestFinished } from "vitest";
import { sqlitePersistence } from "../src/index.ts";
import { scratchDirectory } from "./scratch.ts";

export interface Stage {
  readonly file: string;
  readonly clock: ManualClock;
  readonly engine: () => SessionEngine;
  readonly port: () => SessionPort;
  /** Closes the engine and makes another one, as a restart does. */
  restart(): Promise<void>;
}

export interface StageOptions {
  readonly limits?: Partial<Limits>;
  readonly wrap?: (store: SessionPersistence) => SessionPersistence;
  readonly file?: string;
}

/** Sessions keep ten earlier states of each variable unless `limits` says otherwise. */
export function stage({ limits, wrap = (store) => store, file = join(scratchDirectory(), "sessions.db") }: StageOptions = {}): Stage {
  const clock = manualClock();
  const make = (): SessionEngine =>
    sessionEngine({
      persistence: wrap(sqlitePersistence({ file, durability: "commit" })),
      clock,
      random: seededRandom(1),
      limits: { historyEntries: 10, ...limits },
    });
  let engine = make();
  onTestFinished(() => engine.close().catch(() => {}));
  return {
    file,
    clock,
    engine: () => engine,
    port: () => engine.port(""),
    async restart() {
      await engine.close();
      engine = make();
    },
  };
}

export const setOf = (name: string, value: unknown): Operation => ({ kind: "set", name, value: { bytes: encode(value), encoding: "" } });

/** One atomic update; its revision. */
export const update = async (port: SessionPort, id: string, ...operations: Operation[]): Promise<number> =>
  (await port.update(id, { operations }, {})).sessionRevision;

export const checkpoint = (label: string): Operation => ({ kind: "checkpoint", name: "", label });
export const rollback = (label: string): Operation => ({ kind: "rollback", name: "", label });

/** All values of a session. */
export async function all(port: SessionPort, id: string): Promise<Readonly<Record<string, unknown>>> {
  const { variables } = await port.getVariables(id, { prefix: "" }, {});
  return Object.fromEntries(variables.map(({ name, bytes }) => [name, decode(bytes)]));
}

/** The earlier values of a variable, newest first; how it ended where it did. */
export async function past(port: SessionPort, id: string, name: string): Promise<readonly unknown[]> {
  const { items } = await port.getHistory(id, name, {}, {});
  return items.map((item) => (item.kind === "set" ? decode(item.variable.bytes) : item.kind));
}
