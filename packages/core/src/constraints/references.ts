import { isMap, type Json } from "./json.ts";
import type { Schema } from "./schema.ts";
import { pointerTo, refuseSchema } from "./schema-error.ts";
import { MAX_SCHEMAS_AT_A_PLACE } from "./schema-limits.ts";

/** A `$ref` whose target is found when every definition is known. */
export interface Reference {
  readonly from: Schema;
  readonly target: string;
  readonly pointer: string;
}

const DEFINITION = /^#\/\$defs\/([^/]+)$/;

/** Gives every reference its target. Throws INVALID_SCHEMA for one that leads nowhere, and for anything but `#` and `#/$defs/…`. */
export function resolve(references: readonly Reference[], root: Schema, definitions: ReadonlyMap<string, Schema>): void {
  for (const { from, target, pointer } of references) {
    const found = target === "#" ? root : definitions.get(definitionName(target) ?? "");
    if (found === undefined) {
      const problem = `${JSON.stringify(target)} leads nowhere: a $ref is "#" or "#/$defs/" and the name of a definition at the root`;
      throw refuseSchema(pointer, "unresolved_ref", problem);
    }
    from.ref = found;
  }
}

/** The name that a reference means, as RFC 6901 has it in a URI fragment. */
function definitionName(target: string): string | undefined {
  const escaped = DEFINITION.exec(target)?.[1];
  if (escaped === undefined) return undefined;
  try {
    return decodeURIComponent(escaped).replaceAll("~1", "/").replaceAll("~0", "~");
  } catch {
    return undefined;
  }
}

/**
 * Refuses schemas that could be applied to one place without an end, or through too many others, by `$ref` and `anyOf`: each step into a value
 * ends somewhere, each step that stays has to.
 */
export function checkEnds(schemas: ReadonlyMap<Schema, string>): void {
  const heights = new Map<Schema, number>();
  const heightOf = (schema: Schema, above: number, pointer: string): number => {
    const known = heights.get(schema);
    if (above + (known ?? 1) > MAX_SCHEMAS_AT_A_PLACE) {
      const problem = `$ref and anyOf apply more than ${MAX_SCHEMAS_AT_A_PLACE} schemas to one place, or endlessly many`;
      throw refuseSchema(pointer, "endless_ref", problem);
    }
    if (known !== undefined) return known;
    const inside = [...(schema.ref === undefined ? [] : [schema.ref]), ...(schema.anyOf ?? [])];
    const height = 1 + Math.max(0, ...inside.map((next) => heightOf(next, above + 1, pointer)));
    heights.set(schema, height);
    return height;
  };
  for (const [schema, pointer] of schemas) heightOf(schema, 0, pointer);
}

/** The definitions of a root schema with the places they are at. */
export function definitionsOf(root: Json): readonly (readonly [name: string, schema: Json, pointer: string])[] {
  const definitions = isMap(root) ? root.get("$defs") : undefined;
  if (definitions === undefined) return [];
  if (!isMap(definitions)) throw refuseSchema("#/$defs", "keyword_value", "$defs takes a map of schemas");
  return Array.from(definitions, ([name, schema]) => [name, schema, pointerTo("#/$defs", name)]);
}
