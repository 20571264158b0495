import fc from "fast-check";
import { expect, test } from "vitest";
import { type BridgeError, RevisionMismatchError, type Session, SessionManager, type Transaction } from "../src/index.ts";
import { sessionEngine } from "../src/session-engine.ts";
import { sessionOver } from "../src/session-over-port.ts";
import { valueCodec } from "../src/session-values.ts";
import { systemClock, systemRandom } from "../src/system.ts";
import { float } from "../src/values/index.ts";
import { hexOf } from "./values/hex.ts";
import { canonical } from "./values/notation.ts";

const number = fc.constantFrom<number | bigint>(-3, 0, 3, 0.5, -0, 1e308, 2n ** 63n, 2n ** 64n - 1n, -(2n ** 63n));
const map = fc.dictionary(fc.constantFrom("x", "y", "z"), fc.constantFrom<unknown>(0, 1, { x: 1 }), { maxKeys: 3 });
const values: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  number: fc.oneof(number, fc.integer().map(float)),
  list: fc.array(fc.nat(9), { maxLength: 4 }),
  text: fc.string({ unit: fc.constantFrom("a", "é", "😀"), maxLength: 4 }),
  bytes: fc.uint8Array({ maxLength: 4 }),
  map,
};
const keepLast = fc.option(fc.record({ keepLast: fc.integer({ min: 1, max: 5 }) }), { nil: undefined });
const merging = fc.record(
  { path: fc.array(fc.constantFrom("x", "y"), { maxLength: 2 }), remove: fc.array(fc.constantFrom("x", "z"), { maxLength: 1 }) },
  { requiredKeys: [] },
);

/** A change of a variable named after its kind, mostly one that fits. */
const change: fc.Arbitrary<(t: Transaction) => void> = fc.oneof(
  fc.constantFrom(...Object.keys(values)).chain((name) =>
    fc.oneof(
      fc.constant((t: Transaction) => t.delete(name)),
      (values[name] as fc.Arbitrary<unknown>).map((value) => (t: Transaction) => t.set(name, value)),
    ),
  ),
  number.map((by) => (t: Transaction) => t.increment("number", by)),
  fc
    .tuple(fc.constantFrom("list", "text", "bytes"), keepLast)
    .chain(([name, options]) => (values[name] as fc.Arbitrary<string>).map((value) => (t: Transaction) => t.append(name, value, options))),
  fc.tuple(map, merging).map(
    ([entries, options]) =>
      (t: Transaction) =>
        t.merge("map", entries, options),
  ),
  fc.constantFrom("text", "map", "number").map((name) => (t: Transaction) => t.append(name, [1])),
);

test("what a transaction reads of its own writes is what its commit makes of them", async () => {
  const engine = sessionEngine({});
  const port = engine.port("");
  const session = sessionOver(
    { port, codec: valueCodec, integers: "auto", timeoutMs: 5_000, clock: systemClock, random: systemRandom },
    "s",
  );
  const names = Object.keys(values);
  await fc.assert(
    fc.asyncProperty(fc.record(values, { requiredKeys: [] }), fc.array(change, { minLength: 1, maxLength: 6 }), async (before, changes) => {
      await session.clear();
      await session.setMany(before);
      const bytesNow = async () =>
        (await port.getVariables("s", { prefix: "" }, {})).variables.map(({ name, bytes }) => [name, hexOf(bytes)]);
      const bytesBefore = await bytesNow();
      const seen = new Map<string, unknown>();
      const refused: unknown[] = [];
      const committed = await session
        .transaction(async (t) => {
          for (const make of changes) make(t);
          for (const name of names) {
            const value = await t.get(name).catch((error: unknown) => void refused.push((error as BridgeError).name));
            if (value !== undefined) seen.set(name, value);
          }
        })
        .catch((error: unknown) => (error as BridgeError).name);
      // Of several changes that do not fit, the commit names the first.
      expect(refused.length === 0 ? [undefined] : refused).toContain(committed);
      if (committed === undefined) expect(canonical(Object.fromEntries(await session.getAll()))).toBe(canonical(Object.fromEntries(seen)));
      else expect(await bytesNow()).toEqual(bytesBefore);
    }),
    { numRuns: 500 },
  );
});

type Step = readonly [kind: "read" | "write" | "others write" | "others delete", name: string, value: number];
const step: fc.Arbitrary<Step> = fc.tuple(
  fc.constantFrom("read", "write", "others write", "others delete"),
  fc.constantFrom("a", "b", "c"),
  fc.nat(9),
);

test("a transaction happens at one moment or not at all", async () => {
  const session = new SessionManager().session("s");
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 8 }), fc.boolean(), async (steps, checkReads) => {
      await session.clear();
      await session.setMany({ a: 100, b: 200 });
      const model = new Model();
      const attempt = session.transaction(
        async (t) => {
          for (const made of steps) await model.take(made, session, t);
          model.end(checkReads);
        },
        { checkReads },
      );
      const error: unknown = await attempt.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (error !== undefined && !(error instanceof RevisionMismatchError)) throw error;
      expect(error !== undefined).toBe(model.conflict);
      const expected = new Map([...model.state, ...(model.conflict ? [] : model.own)]);
      expect(new Map(await session.getAll())).toEqual(expected);
    }),
    { numRuns: 500 },
  );
});

/** Counts the writes of others: every read is of the moment of the first, and so is the commit. */
class Model {
  readonly state = new Map<string, number>([
    ["a", 100],
    ["b", 200],
  ]);
  readonly own = new Map<string, number>();
  readonly #moved = new Map<string, number>();
  readonly #read = new Set<string>();
  #moves = 0;
  #first: { readonly moves: number; readonly state: ReadonlyMap<string, number> } | undefined;
  conflict = false;

  async take([kind, name, value]: Step, session: Session, t: Transaction): Promise<void> {
    if (kind === "write") {
      this.own.set(name, value);
      t.set(name, value);
    } else if (kind === "others write") {
      this.#move(name);
      this.state.set(name, value);
      await session.set(name, value);
    } else if (kind === "others delete" && this.state.has(name)) {
      this.#move(name);
      this.state.delete(name);
      await session.delete(name);
    } else if (kind === "read") await this.#reads(name, t);
  }

  end(checkReads: boolean): void {
    const first = this.#first;
    if (!checkReads || first === undefined || this.own.size === 0) return;
    // What was missing and is missing again is as it was read.
    const stillThere = (name: string) => first.state.has(name) || this.state.has(name);
    this.conflict = [...this.#read].some((name) => (this.#moved.get(name) ?? 0) > first.moves && stillThere(name));
  }

  #move(name: string): void {
    this.#moves++;
    this.#moved.set(name, this.#moves);
  }

  async #reads(name: string, t: Transaction): Promise<void> {
    const own = this.own.get(name);
    if (own !== undefined) return expect(await t.get(name)).toBe(own);
    this.#first ??= { moves: this.#moves, state: new Map(this.state) };
    const first = this.#first;
    if (!this.#read.has(name))
      this.conflict = this.state.has(name) ? (this.#moved.get(name) ?? 0) > first.moves : this.#moves > first.moves;
    const value = await t.get(name);
    this.#read.add(name);
    expect(value).toBe(first.state.get(name));
  }
}
