import { RE2JSException, RE2Set } from "re2js";
import { estimatedSize } from "./pattern-size.ts";
import { refuseExcess, refuseSchema } from "./schema-error.ts";
import { MAX_PATTERN_LENGTH, MAX_PATTERN_SIZE } from "./schema-limits.ts";

/** Compiled patterns grow while they match, by up to so many bytes; beyond that re2js works without remembering. */
const MAX_PATTERN_MEMORY = 512 * 1024;

/** As many are kept compiled, whoever declared them: together at most 64 MiB, whatever is declared. */
const KEPT_PATTERNS = 128;

const compiled = new Map<string, RE2Set>();

/** A pattern of a schema. */
export interface Pattern {
  /** Instructions: matching takes at most this times the text's length. */
  readonly size: number;
  /** Whether it is found anywhere in the UTF-8 of bytes[start, end). */
  readonly finds: (bytes: Uint8Array, start: number, end: number) => boolean;
}

/** A pattern in RE2's syntax, matched in linear time. Throws INVALID_SCHEMA, naming the place, for one that is malformed or too large. */
export function compilePattern(source: string, pointer: string): Pattern {
  if (source.length > MAX_PATTERN_LENGTH)
    throw refuseExcess(pointer, "patternLength", "the pattern's length", MAX_PATTERN_LENGTH, source.length);
  // What would be large is refused before it is compiled; the estimate may be too small by a little.
  checkSize(pointer, estimatedSize(source));
  const size = compiledSize(source, pointer);
  checkSize(pointer, size);
  return { size, finds: (bytes, start, end) => keep(source).match(bytes.subarray(start, end)).length > 0 };
}

function checkSize(pointer: string, size: number): void {
  const what = "the instructions of the pattern, repetitions written out";
  if (size > MAX_PATTERN_SIZE) throw refuseExcess(pointer, "patternSize", what, MAX_PATTERN_SIZE, size);
}

function compiledSize(source: string, pointer: string): number {
  try {
    return keep(source).prog.numInst();
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    throw refuseSchema(pointer, "pattern", `RE2 does not take the pattern: ${error.message}`);
  }
}

/** The compiled pattern, which is then the one used last. */
function keep(source: string): RE2Set {
  let pattern = compiled.get(source);
  if (pattern === undefined) {
    // A set of one: the only form of re2js that takes a bound for its memory.
    pattern = new RE2Set(RE2Set.UNANCHORED, 0, MAX_PATTERN_MEMORY);
    pattern.add(source);
    pattern.compile();
    const [oldest] = compiled.keys();
    if (compiled.size >= KEPT_PATTERNS && oldest !== undefined) compiled.delete(oldest);
  } else compiled.delete(source);
  compiled.set(source, pattern);
  return pattern;
}
