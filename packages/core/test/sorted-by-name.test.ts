import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DataLossError } from "../src/errors.ts";
import { kept, notBefore } from "../src/kept-variable.ts";
import type { StoredVariable } from "../src/persistence.ts";
import { SortedByName } from "../src/sorted-by-name.ts";
import { compareText } from "../src/text-order.ts";

const variable = (name: string, revision = 1, bytes = new Uint8Array([0xc0])): StoredVariable => ({
  name,
  bytes,
  encoding: "",
  type: "null",
  revision,
  createdAtMs: 1,
  updatedAtMs: 1,
  expiresAtMs: undefined,
});
const names = (variables: SortedByName<StoredVariable>, prefix?: string): string[] =>
  [...variables.from(prefix)].map((found) => found.name);

describe("SortedByName", () => {
  it("behaves as a sorted map over any sequence of changes, across the splitting of chunks", () => {
    // In JavaScript's own order, surrogates come before what lies above them.
    const letters = fc.oneof({ weight: 20, arbitrary: fc.constant("n") }, fc.constantFrom("😀", "\uff5e"));
    const name = fc.tuple(letters, fc.integer({ min: 0, max: 150 })).map(([letter, number]) => `${letter}${number}`);
    const change = fc.record({ name, put: fc.boolean(), again: fc.boolean() });
    fc.assert(
      fc.property(fc.array(change, { size: "max", maxLength: 600 }), (changes) => {
        const model = new Map<string, number>();
        let variables = SortedByName.empty<StoredVariable>();
        for (const [i, step] of changes.entries()) {
          if (step.put || step.again) {
            variables = variables.put(variable(step.name, i));
            model.set(step.name, i);
          } else {
            variables = variables.delete(step.name);
            model.delete(step.name);
          }
        }
        const expected = [...model.keys()].sort(compareText);
        expect(names(variables)).toEqual(expected);
        expect(names(SortedByName.of(variables.from()))).toEqual(expected);
        expect(variables.size).toBe(model.size);
        expect(variables.last()?.name).toBe(expected.at(-1));
        expect(variables.first()?.name).toBe(expected[0]);
        expect(names(variables, "n1")).toEqual(expected.filter((found) => found.startsWith("n1")));
        for (const [found, revision] of model) expect(variables.get(found)?.revision).toBe(revision);
        expect(variables.get("absent")).toBeUndefined();
        const even = ({ revision }: StoredVariable): boolean => revision % 2 === 0;
        expect(names(variables.filter(even))).toEqual(expected.filter((found) => (model.get(found) as number) % 2 === 0));
        expect(variables.filter(even).size).toBe([...model.values()].filter((revision) => revision % 2 === 0).length);
      }),
      { numRuns: 60 },
    );
  });

  it("putAll is put for each, in whatever order and however often a name comes, and tells what each replaces", () => {
    const name = fc.oneof(
      fc.integer({ min: 0, max: 150 }).map((number) => `n${number}`),
      fc.constantFrom("😀", "\uff5e"),
    );
    const some = fc.array(name, { size: "max", maxLength: 200 });
    fc.assert(
      fc.property(some, some, (first, then) => {
        const before = SortedByName.of(first.map((item) => variable(item, 0)));
        const items = then.map((item, i) => variable(item, i + 1));
        const seen = new Map<string, number | undefined>();
        const together = before.putAll(items, (item, replaced) => {
          expect(replaced?.revision).toBe(seen.has(item.name) ? seen.get(item.name) : before.get(item.name)?.revision);
          seen.set(item.name, item.revision);
        });
        const oneByOne = items.reduce((map, item) => map.put(item), before);
        expect([...together.from()]).toEqual([...oneByOne.from()]);
        expect(together.size).toBe(oneByOne.size);
        expect([...seen.keys()].sort()).toEqual([...new Set(then)].sort());
        for (const item of new Set(then)) expect(together.delete(item).get(item)).toBeUndefined();
        expect(names(before)).toEqual([...new Set(first)].sort(compareText));
      }),
      { numRuns: 100 },
    );
  });

  it("leaves the map that was changed as it was", () => {
    const before = SortedByName.of(Array.from({ length: 40 }, (_, i) => variable(`v${i}`)));
    const seen = names(before);
    before.put(variable("new")).delete("v7");
    expect(names(before)).toEqual(seen);
    expect(before.delete("absent")).toBe(before);
  });
});

describe("a kept variable", () => {
  it("gives back its bytes exactly, whatever their length, and copies of small ones", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600, size: "max" }), (bytes) => {
        const small = kept(variable("a", 1, bytes));
        expect(small.bytes).toEqual(bytes);
        expect(kept(small)).toBe(small);
      }),
    );
  });

  it("gives back its revision and its times exactly, however far apart they are, and so does a copy under a later revision", () => {
    const moment = fc.maxSafeNat();
    fc.assert(
      fc.property(moment, moment, moment, moment, (revision, createdAtMs, updatedAtMs, later) => {
        const given = { ...variable("a", revision), createdAtMs, updatedAtMs };
        for (const copy of [kept(given), notBefore(given, revision), notBefore(given, later)]) {
          expect([copy.createdAtMs, copy.updatedAtMs]).toEqual([createdAtMs, updatedAtMs]);
        }
        expect(kept(given).revision).toBe(revision);
        expect(notBefore(given, later).revision).toBe(Math.max(revision, later));
      }),
    );
  });

  it("knows its size and its state while its value is in the store, and when that is damaged there", () => {
    const { bytes, ...rest } = variable("a");
    const away = kept({ ...rest, bytes: undefined, sizeBytes: 9 });
    expect([away.sizeBytes, away.isAway, away.isDamaged]).toEqual([9, true, false]);
    away.arrive(undefined);
    expect([away.sizeBytes, away.isAway, away.isDamaged]).toEqual([9, false, true]);
    expect(() => away.bytes).toThrow(DataLossError);
    away.arrive(bytes);
    expect([away.sizeBytes, away.isAway, away.isDamaged, away.bytes]).toEqual([1, false, false, bytes]);
  });
});
