import type { Constants } from "./constants.ts";

/** The kinds of value that JSON Schema tells apart, as bits; extension types and bytes are none of them. */
export const Kind = { none: 0, null: 1, boolean: 2, integer: 4, float: 8, string: 16, list: 32, map: 64 } as const;

/** One keyword's question, and the rule that a violation names. */
export interface Test<Subject> {
  readonly rule: string;
  readonly accepts: (subject: Subject) => boolean;
}

/** A question about a number. */
export interface NumberTest extends Test<number | bigint> {
  /** What judging costs beside the place's own step. */
  readonly steps: number;
}

/** A `const` or `enum`. */
export interface Choice {
  readonly rule: string;
  readonly constants: Constants;
}

/** Text in bytes[start, end). */
export interface TextTest {
  readonly rule: string;
  /** Judging costs the text's bytes times this, divided by 16. */
  readonly weight: number;
  readonly accepts: (bytes: Uint8Array, start: number, end: number) => boolean;
}

/** What a schema says of one key of a map. */
export interface Property {
  /** Undefined when only `required` names it. */
  schema: Schema | undefined;
  /** The rule to name when it is missing; undefined when it may be. */
  required: string | undefined;
}

/** A schema as the interpreter reads it; `compile` writes it once. Parts that say nothing are undefined or empty. */
export interface Schema {
  /** The rule of a schema that nothing fits; undefined for any other. */
  never: string | undefined;
  /** Bits of Kind, 0 for any; a whole float is an integer too. */
  kinds: number;
  kindsRule: string;
  choices: readonly Choice[];
  numberTests: readonly NumberTest[];
  textTests: readonly TextTest[];
  listTests: readonly Test<number>[];
  items: Schema | undefined;
  mapTests: readonly Test<number>[];
  properties: Map<string, Property> | undefined;
  requiredCount: number;
  additional: Schema | undefined;
  ref: Schema | undefined;
  anyOf: readonly Schema[] | undefined;
}

/** One for all schemas, since most ask little. */
const NONE: readonly never[] = [];

/** A schema that everything fits, to be narrowed. */
export function anySchema(): Schema {
  return {
    never: undefined,
    kinds: 0,
    kindsRule: "",
    choices: NONE,
    numberTests: NONE,
    textTests: NONE,
    listTests: NONE,
    items: undefined,
    mapTests: NONE,
    properties: undefined,
    requiredCount: 0,
    additional: undefined,
    ref: undefined,
    anyOf: undefined,
  };
}
