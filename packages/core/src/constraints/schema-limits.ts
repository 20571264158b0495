/** Bytes of a schema, encoded. */
export const MAX_SCHEMA_BYTES = 64 * 1024;

/** Schemas inside one schema, itself included. How deep they nest is limited as any value's nesting is. */
export const MAX_SCHEMA_NODES = 1000;

/** Schemas that judge the same place one inside another, by `$ref` and `anyOf`. With the depth of values it bounds the call stack. */
export const MAX_SCHEMAS_AT_A_PLACE = 16;

/** UTF-16 units of a pattern. */
export const MAX_PATTERN_LENGTH = 1000;

/** Instructions that a pattern may become; a repetition counts as often as it says. Time to match is at most this for each character. */
export const MAX_PATTERN_SIZE = 1000;

/** Patterns of a schema: fewer than are kept compiled, so that judging one value compiles each at most once. */
export const MAX_PATTERNS = 64;

/** Instructions of all patterns of a schema. */
export const MAX_PATTERNS_SIZE = 4000;

/**
 * Steps that judging one value may take. A step is a schema applied to a place, a key that is looked up, 16 bytes that are skipped, counted
 * or compared, or 8 bytes times instructions of a pattern; `multipleOf` takes ten. The largest values against ordinary schemas take some
 * hundred thousand; all of them take a tenth to a third of a second.
 */
export const MAX_CHECK_STEPS = 2_000_000;
