import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidArgumentError, LimitExceededError, SerializationError } from "../src/errors.ts";
import { DEFAULT_LIMITS } from "../src/limits.ts";
import { compareText } from "../src/text-order.ts";
import { VariableStore } from "../src/variable-store.ts";

const name = fc.string({ unit: fc.constantFrom("a", "b", "é", "\uff5e", "\u{1f600}", "_"), minLength: 1, maxLength: 6 });
const value = fc.oneof(fc.integer(), fc.string({ unit: "grapheme" }), fc.boolean(), fc.constant(null));
const entries = fc.array(fc.tuple(name, value));

describe("VariableStore", () => {
  it("is immutable: what was made before a change stays as it was", () => {
    const empty = VariableStore.create();
    const one = empty.set("a", { deep: [1] });
    const two = one.set("a", 2).set("b", 3).delete("a");
    expect(empty.size).toBe(0);
    expect(one.get("a")).toEqual({ deep: [1] });
    expect([...two.toMap()]).toEqual([["b", 3]]);
  });

  it("gives copies: changing a value that was read or written changes nothing", () => {
    const list = [1];
    const store = VariableStore.create({ list });
    list.push(2);
    (store.get("list") as number[]).push(3);
    expect(store.get("list")).toEqual([1]);
  });

  it("[P2] tells a stored null from a missing variable", () => {
    const store = VariableStore.create({ a: null });
    expect([store.get("a"), store.has("a"), store.get("b"), store.has("b")]).toEqual([null, true, undefined, false]);
  });

  it("behaves as a map does, its names in byte order", () => {
    fc.assert(
      fc.property(entries, entries, (first, second) => {
        const model = new Map([...first, ...second]);
        const store = VariableStore.create(first).merge(VariableStore.create(second));
        expect([...store.toMap()]).toEqual([...model].sort(([a], [b]) => compareText(a, b)));
        expect(store.size).toBe(model.size);
      }),
    );
  });

  it("merge is associative, and the later one wins", () => {
    fc.assert(
      fc.property(entries, entries, entries, (a, b, c) => {
        const [x, y, z] = [VariableStore.create(a), VariableStore.create(b), VariableStore.create(c)];
        expect(x.merge(y).merge(z).toMap()).toEqual(x.merge(y.merge(z)).toMap());
      }),
    );
  });

  it("counts names and encoded values, whatever was set and deleted on the way", () => {
    fc.assert(
      fc.property(entries, fc.array(name), (set, deleted) => {
        const store = deleted.reduce((rest, gone) => rest.delete(gone), VariableStore.create(set));
        const fresh = VariableStore.create(store.toMap());
        expect(store.sizeBytes).toBe(fresh.sizeBytes);
      }),
    );
  });

  it("orders text as its UTF-8 bytes are ordered", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (a, b) => {
        expect(Math.sign(compareText(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
  });

  it("refuses bad names, values that cannot be encoded, and what is beyond its limits", () => {
    const store = VariableStore.create({ a: 1 });
    expect(() => store.set("", 1)).toThrow(InvalidArgumentError);
    expect(() => store.set("f", { deep: [() => 1] })).toThrow(SerializationError);
    expect(() => store.set("b", 1, { ...DEFAULT_LIMITS, variablesPerSession: 1 })).toThrow(LimitExceededError);
    expect(() => store.set("a", "x".repeat(1024 * 1024))).toThrow(LimitExceededError);
    expect(store.toMap()).toEqual(new Map([["a", 1]]));
  });
});
