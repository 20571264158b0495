import { describe, expect, it } from "vitest";
import { isLinearizable, type Operation, type RegisterAnswer, type RegisterCall } from "./checker.ts";

const op = (begin: number, end: number, call: RegisterCall, answer?: RegisterAnswer): Operation => ({ begin, end, call, answer });
const get: RegisterCall = { kind: "get" };
const set = (value: number): RegisterCall => ({ kind: "set", value });
const add = (by: number): RegisterCall => ({ kind: "increment", by });
const cas = (value: number, ifRevision: number): RegisterCall => ({ kind: "cas", value, ifRevision });
const gone: RegisterAnswer = { revision: 0 };

describe("the checker accepts", () => {
  const good: readonly (readonly [string, readonly Operation[]])[] = [
    ["an empty history", []],
    ["one after another", [op(1, 2, set(5), { revision: 10 }), op(3, 4, get, { value: 5, revision: 10 })]],
    ["a read beside a write that sees what was before", [op(1, 4, set(5), { revision: 10 }), op(2, 3, get, gone)]],
    ["a read beside a write that sees it", [op(1, 4, set(5), { revision: 10 }), op(2, 3, get, { value: 5, revision: 10 })]],
    ["a write without an answer that happened late", [op(1, 2, set(5)), op(3, 4, get, gone), op(5, 6, get, { value: 5, revision: 9 })]],
    ["a write without an answer that never happened", [op(1, 2, set(5)), op(3, 4, get, gone)]],
    [
      "two increments at once, each seen once",
      [
        op(1, 5, add(1), { value: 3, revision: 11 }),
        op(2, 6, add(2), { value: 2, revision: 10 }),
        op(7, 8, get, { value: 3, revision: 11 }),
      ],
    ],
    [
      "of two conditional writes the one that came first",
      [op(1, 9, cas(1, 0), { revision: 10, mismatch: true }), op(2, 8, cas(2, 0), { revision: 10 })],
    ],
  ];
  it.each(good)("%s", (_, history) => {
    expect(isLinearizable(history)).toBe(true);
  });
});

describe("the checker rejects", () => {
  const bad: readonly (readonly [string, readonly Operation[]])[] = [
    ["a stale read", [op(1, 2, set(5), { revision: 10 }), op(3, 4, get, gone)]],
    ["a read that goes back", [op(1, 9, set(5), { revision: 10 }), op(2, 3, get, { value: 5, revision: 10 }), op(4, 5, get, gone)]],
    [
      "a lost update",
      [
        op(1, 4, add(1), { value: 1, revision: 10 }),
        op(2, 5, add(1), { value: 1, revision: 11 }),
        op(6, 7, get, { value: 1, revision: 11 }),
      ],
    ],
    [
      "a deleted value that comes back",
      [
        op(1, 2, set(5), { revision: 10 }),
        op(3, 4, { kind: "delete" }, { revision: 0, deleted: true }),
        op(5, 6, get, gone),
        op(7, 8, get, { value: 5, revision: 10 }),
      ],
    ],
    ["two conditional writes on one revision", [op(1, 5, cas(1, 0), { revision: 10 }), op(2, 6, cas(2, 0), { revision: 11 })]],
    [
      "an unanswered increment that happened twice",
      [op(1, 2, add(1)), op(3, 4, get, { value: 1, revision: 10 }), op(5, 6, get, { value: 2, revision: 11 })],
    ],
    ["a value that nobody wrote", [op(1, 2, set(5), { revision: 10 }), op(3, 4, get, { value: 6, revision: 10 })]],
  ];
  it.each(bad)("%s", (_, history) => {
    expect(isLinearizable(history)).toBe(false);
  });
});
