/** A file against the store in memory: both are given what an engine saves in random runs, and have the same. */
import { createHash } from "node:crypto";
import { BridgeError, type LoadedVariable, memoryPersistence, type SessionPersistence } from "@session-bridge/core";
import type { Operation, SessionPort } from "@session-bridge/core/internal";
import { seededRandom } from "@session-bridge/core/testing";
import { encode } from "@session-bridge/core/values";
import { describe, expect, it } from "vitest";
import { checkStore, sqlitePersistence } from "../src/index.ts";
import { checkpoint, rollback, type Stage, setOf, stage } from "./engine.ts";

const IDS = ["s", "t", "u"];
const NAMES = ["a", "b", "c"];
const LABELS = ["x", "y"];

/** Every delta goes to both stores; reads go to the first. */
const twin = (file: SessionPersistence, memory: SessionPersistence): SessionPersistence => ({
  ...file,
  async save(deltas) {
    const outcomes = await file.save(deltas);
    expect(await memory.save(deltas)).toEqual(outcomes);
    return outcomes;
  },
});

/** Everything that a store has of a session, in a form that can be compared. */
async function everything(store: SessionPersistence, id: string): Promise<unknown> {
  const key = { tenant: "", id };
  const session = await store.load(key);
  if (session === undefined) return undefined;
  const whole = async ({ bytes, ...one }: LoadedVariable) => {
    const value = bytes ?? (await store.loadValues(key, [one])).get(one.name);
    return { ...one, value: value && createHash("sha256").update(value).digest("base64") };
  };
  const sorted = (items: readonly object[]): string[] => items.map((item) => JSON.stringify(Object.entries(item).sort())).sort();
  const { record, variables, history, checkpoints = [], declarations = [] } = session;
  return {
    record: { ...record, historyEntries: record.historyEntries },
    variables: sorted(await Promise.all(variables.map(whole))),
    since: history?.sinceRevision,
    history: sorted(await Promise.all((history?.entries ?? []).map(async (entry) => ("kind" in entry ? { ...entry } : whole(entry))))),
    checkpoints: await Promise.all(
      checkpoints.map(async ({ variables: named, ...one }) => ({ ...one, named: sorted(await Promise.all(named.map(whole))) })),
    ),
    declarations: sorted(declarations.map(({ schema, ...one }) => ({ ...one, schema: Buffer.from(schema).toString("hex") }))),
  };
}

/** One random step. What is refused changes nothing, which is what the comparison sees. */
async function step(at: Stage, dice: () => number): Promise<void> {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(dice() * items.length)] as T;
  const port: SessionPort = at.port();
  const id = pick(IDS);
  const name = pick(NAMES);
  const value = dice() < 0.5 ? Math.floor(dice() * 100) : `${Math.floor(dice() * 100)} `.repeat(2_500);
  const set = { ...setOf(name, value), ...(dice() < 0.2 && { ttl: Math.ceil(dice() * 5_000) }) } as Operation;
  const restore = async (): Promise<Operation> => {
    const { items } = await port.getHistory(id, name, {}, {});
    const item = pick([...items, undefined]);
    return { kind: "restore", name, revision: item === undefined ? 7 : item.kind === "set" ? item.variable.revision : item.revision };
  };
  const roll = dice();
  const change = async (): Promise<Operation | undefined> => {
    if (roll < 0.45) return set;
    if (roll < 0.55) return { kind: "delete", name };
    if (roll < 0.65) return checkpoint(pick(LABELS));
    if (roll < 0.7) return { kind: "delete_checkpoint", name: "", label: pick(LABELS) };
    if (roll < 0.78) return rollback(pick(LABELS));
    if (roll < 0.86) return restore();
    if (roll < 0.9) return { kind: "declare", name, schema: dice() < 0.6 ? encode({ type: ["integer", "string"] }) : undefined };
    return undefined;
  };
  const operation = await change();
  if (operation !== undefined) await port.update(id, { operations: dice() < 0.3 ? [set, operation] : [operation] }, {});
  else if (roll < 0.93) at.clock.advance(Math.floor(dice() * 3_000));
  else if (roll < 0.98) await port.forkSession(id, { id: pick(IDS) }, {});
  else if (roll < 0.99) await port.deleteSession(id, {});
  else await at.restart();
}

describe("a file and a store in memory", () => {
  it.each([1, 2, 3, 4])(
    "have the same sections after everything that engines do to them, seed %i",
    async (seed) => {
      const random = seededRandom(seed);
      const memory = memoryPersistence();
      const limits = { historyEntries: 3, memoryBytes: seed % 2 === 0 ? 1 : 1_000_000, sessionBytes: 60_000 };
      const at = stage({ limits, wrap: (store) => twin(store, memory) });
      let refused = 0;
      for (let n = 0; n < 250; n++) {
        await step(at, () => random.fraction()).catch((error: unknown) => {
          if (!(error instanceof BridgeError)) throw error;
          expect([error.reason, ["STORE_UNAVAILABLE", "INTERNAL", "DATA_LOSS"].includes(error.reason)]).toEqual([error.reason, false]);
          refused += 1;
        });
      }
      expect(refused).toBeGreaterThan(5);
      await at.engine().close();
      const file = sqlitePersistence({ file: at.file });
      await file.open();
      const states = await Promise.all(IDS.map((id) => everything(file, id)));
      expect(states).toEqual(await Promise.all(IDS.map((id) => everything(memory, id))));
      await file.close();
      expect(JSON.stringify(states).length).toBeGreaterThan(3_000);
      expect(await checkStore(at.file)).toMatchObject({ ok: true, problems: [] });
    },
    60_000,
  );
});
