import type { Constraint } from "./constraint.ts";
import { isMap, type Json, readJson } from "./json.ts";
import { judge } from "./judge.ts";
import { checkKeywords, KEYWORDS, type KeywordContext } from "./keywords.ts";
import { checkEnds, definitionsOf, type Reference, resolve } from "./references.ts";
import { anySchema, type Schema } from "./schema.ts";
import { pointerTo, refuseExcess, refuseSchema } from "./schema-error.ts";
import { MAX_PATTERNS, MAX_PATTERNS_SIZE, MAX_SCHEMA_BYTES, MAX_SCHEMA_NODES } from "./schema-limits.ts";

/** The constraint that an encoded schema is. Throws INVALID_SCHEMA; see `ConstraintValidator.compile`. */
export function compileSchema(bytes: Uint8Array): Constraint {
  if (bytes.length > MAX_SCHEMA_BYTES) throw refuseExcess("#", "schemaBytes", "bytes of the schema", MAX_SCHEMA_BYTES, bytes.length);
  const schema = readSchema(readJson(bytes));
  return { check: (value, name) => judge(schema, value, name) };
}

function readSchema(json: Json): Schema {
  /** Every schema and where it stands. */
  const schemas = new Map<Schema, string>();
  const references: Reference[] = [];
  let patterns = 0;
  let patternsSize = 0;
  const context: Omit<KeywordContext, "pointer"> = {
    compile(value, pointer) {
      const schema = anySchema();
      schemas.set(schema, pointer);
      if (schemas.size > MAX_SCHEMA_NODES)
        throw refuseExcess(pointer, "schemaNodes", "schemas in the schema", MAX_SCHEMA_NODES, schemas.size);
      fill(schema, value, pointer, context);
      return schema;
    },
    refer: (from, target, pointer) => references.push({ from, target, pointer }),
    countPattern(size, pointer) {
      patternsSize += size;
      if (++patterns > MAX_PATTERNS) throw refuseExcess(pointer, "schemaPatterns", "patterns in the schema", MAX_PATTERNS, patterns);
      const what = "instructions of the schema's patterns";
      if (patternsSize > MAX_PATTERNS_SIZE) throw refuseExcess(pointer, "schemaPatternsSize", what, MAX_PATTERNS_SIZE, patternsSize);
    },
  };
  const definitions = new Map(definitionsOf(json).map(([name, value, pointer]) => [name, context.compile(value, pointer)]));
  const root = context.compile(json, "#");
  resolve(references, root, definitions);
  checkEnds(schemas);
  return root;
}

/** Writes what a schema says, keyword by keyword, in the order of the table. */
function fill(schema: Schema, value: Json, pointer: string, context: Omit<KeywordContext, "pointer">): void {
  if (value === true) return;
  if (value === false) {
    schema.never = "false";
    return;
  }
  if (!isMap(value)) throw refuseSchema(pointer, "keyword_value", "a schema is a map of keywords, true or false");
  checkKeywords(value, pointer);
  for (const [name, keyword] of KEYWORDS) {
    const said = value.get(name);
    if (said !== undefined) keyword(schema, said, { ...context, pointer: pointerTo(pointer, name) });
  }
}
