import { encode } from "@session-bridge/core/values";
import fc from "fast-check";
import { RE2Set } from "re2js";
import { expect, test } from "vitest";
import { constraintValidator, MAX_PATTERN_SIZE } from "../../src/constraints/index.ts";
import { estimatedSize } from "../../src/constraints/pattern-size.ts";
import { refusalOf } from "../values/refusal.ts";

const atom = fc.constantFrom(
  "a",
  "b",
  ".",
  "[ab]",
  "[^a]",
  "\\d",
  "\\.",
  "é",
  "🚀",
  "\\p{L}",
  "[[:alpha:]]",
  "[]a]",
  "[\\]]",
  "\\x{61}",
  "\\Qa{9}\\E",
);
/** What both languages of patterns write alike, and mean alike. */
const sharedAtom = fc.constantFrom("a", "b", "[ab]", "[^a]", "\\d", "\\.", "é", "🚀", "\\p{L}", "[\\]]");
const repeat = fc.constantFrom("", "", "*", "+", "?", "{2}", "{0,3}", "{2,}", "{7}", "*?");

/** Patterns that nest groups, alternatives and repetitions. */
const patternOf = (leaf: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.letrec<{ pattern: string; repeated: string; either: string }>((tie) => ({
    pattern: fc.oneof({ maxDepth: 4 }, leaf, tie("repeated"), tie("either")),
    repeated: fc.tuple(tie("pattern"), repeat, tie("pattern")).map(([first, times, second]) => `(?:${first})${times}${second}`),
    either: fc.tuple(tie("pattern"), tie("pattern"), repeat).map(([first, second, times]) => `(${first}|${second})${times}`),
  })).pattern;

/** Patterns without a repetition inside another, which a backtracking engine might not come back from. */
const shallow = ((): fc.Arbitrary<string> => {
  const atoms = fc.array(sharedAtom, { maxLength: 3 }).map((parts) => parts.join(""));
  const group = fc.array(atoms, { minLength: 1, maxLength: 3 }).map((either) => `(${either.join("|")})`);
  const piece = fc.tuple(fc.oneof(sharedAtom, group), repeat).map((parts) => parts.join(""));
  const sequence = fc.array(piece, { maxLength: 4 }).map((parts) => parts.join(""));
  return fc.array(sequence, { minLength: 1, maxLength: 3 }).map((either) => `(?:${either.join("|")})`);
})();

const text = fc.string({ unit: fc.constantFrom("a", "b", "c", "1", ".", "é", "🚀", "]", "\n"), maxLength: 8 });
const matches = (pattern: string, value: string) =>
  constraintValidator.compile(encode({ pattern })).check({ bytes: encode(value), encoding: "" }) === undefined;

test("a pattern is found where a backtracking engine finds it", () => {
  const anchored = fc.tuple(fc.constantFrom("", "^"), shallow, fc.constantFrom("", "$")).map((parts) => parts.join(""));
  const law = fc.property(anchored, fc.array(text, { maxLength: 5 }), (pattern, values) => {
    fc.pre(estimatedSize(pattern) <= MAX_PATTERN_SIZE);
    const native = new RegExp(pattern, "u");
    for (const value of values) expect(matches(pattern, value), `${pattern} in ${JSON.stringify(value)}`).toBe(native.test(value));
  });
  fc.assert(law, { numRuns: 500 });
});

test("the size that is told from a pattern's text is at least half of what it becomes", () => {
  const law = fc.property(patternOf(atom), (pattern) => {
    fc.pre(estimatedSize(pattern) <= MAX_PATTERN_SIZE);
    const set = new RE2Set();
    set.add(pattern);
    set.compile();
    expect(estimatedSize(pattern) * 2 + 4, pattern).toBeGreaterThanOrEqual(set.prog.numInst());
  });
  fc.assert(law, { numRuns: 1000 });
});

test("a pattern that would be large is refused before it is compiled", () => {
  const body = "ab".repeat(490);
  const began = performance.now();
  for (let i = 0; i < 50; i++) {
    for (const pattern of [`(?:${body}){1000}`, `(((${body}){10}){10}){10}`, ".{1000}".repeat(140), `(?i)${"\\pL{1000}".repeat(100)}`]) {
      const details = { path: "#/pattern", rule: "limit", limit: "patternSize", limitValue: MAX_PATTERN_SIZE };
      expect(refusalOf(() => constraintValidator.compile(encode({ pattern })))).toMatchObject({ reason: "INVALID_SCHEMA", details });
    }
  }
  expect(performance.now() - began, "compiling one of these takes a tenth of a second and more").toBeLessThan(5000);
});

test("the estimate of any text comes at once", () => {
  const odd = fc.string({ unit: fc.constantFrom(..."([{<?:\\QEpP^]})9,*|a-".split("")), maxLength: 1000 });
  const began = performance.now();
  const law = fc.property(odd, (pattern) => {
    expect(estimatedSize(pattern)).toBeGreaterThanOrEqual(0);
  });
  fc.assert(law, { numRuns: 1000 });
  expect(performance.now() - began).toBeLessThan(5000);
});

test("more patterns than are kept compiled are all judged by", () => {
  const constraints = Array.from({ length: 300 }, (_, i) => constraintValidator.compile(encode({ pattern: `^tool-${i}$` })));
  for (const [i, constraint] of constraints.entries()) {
    expect(constraint.check({ bytes: encode(`tool-${i}`), encoding: "" })).toBeUndefined();
    expect(constraint.check({ bytes: encode(`tool-${i + 1}`), encoding: "" })).toEqual({ path: "value", rule: `pattern "^tool-${i}$"` });
  }
});
