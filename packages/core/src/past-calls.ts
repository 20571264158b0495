/** Going back as people see it: what variables were, and the schemas that they are declared with. */

import { MAX_HISTORY_ENTRIES } from "./limits.ts";
import { isPlainObject, refuse } from "./session-options.ts";
import type { SessionContext } from "./session-over-port.ts";
import type { HistoryEntry, JsonSchema } from "./session-past.ts";
import type { CallOptions, HistoryItem } from "./session-port.ts";
import { decodeVariable, infoOf } from "./session-values.ts";

/** Bytes of values that are in memory at once, for a port that is not bound to messages. */
const PAGE_BYTES = 4 * 1024 * 1024;

/** See `Session.history`. */
export async function* history(
  context: SessionContext,
  id: string,
  { name, limit }: { readonly name: string; readonly limit: number },
  call: () => CallOptions,
): AsyncGenerator<HistoryEntry, undefined> {
  let before: number | undefined;
  for (let left = limit; left > 0; ) {
    const page = await context.port.getHistory(
      id,
      name,
      { before, limit: Math.min(left, MAX_HISTORY_ENTRIES), maxBytes: PAGE_BYTES },
      call(),
    );
    for (const item of page.items) yield entryOf(item, context);
    before = page.next;
    if (before === undefined) return;
    left -= page.items.length;
  }
}

/** Decodes the value when somebody asks for it: one that cannot be decoded here costs nobody the other entries. */
function entryOf(item: HistoryItem, { codec, integers }: SessionContext): HistoryEntry {
  if (item.kind !== "set") return { ...item };
  const { variable } = item;
  let decoded: { readonly value: unknown } | undefined;
  return {
    kind: "set",
    ...infoOf(variable),
    atMs: variable.updatedAtMs,
    get value() {
      decoded ??= { value: decodeVariable(variable, integers, "not_applied", codec) };
      return decoded.value;
    },
  };
}

/**
 * The JSON Schema that `declare` was given, or that a validator tells of what may be written. Throws InvalidArgumentError for anything else;
 * what the schema says is the server's to judge.
 */
export function jsonSchemaOf(schema: unknown): JsonSchema {
  const standard = (schema as { readonly "~standard"?: { readonly jsonSchema?: { readonly input?: unknown } } } | null)?.["~standard"];
  if (standard === undefined) {
    if (typeof schema === "boolean" || isPlainObject(schema)) return schema;
    throw refuse("declare takes a JSON Schema as an object, or a standard-schema validator that can tell one; null ends what is declared");
  }
  if (typeof standard.jsonSchema?.input !== "function") throw refuse("this validator cannot tell a JSON Schema; declare one as an object");
  try {
    // Which dialect it is, the server knows.
    const { $schema: _, ...told } = standard.jsonSchema.input({ target: "draft-2020-12" }) as Readonly<Record<string, unknown>>;
    return told;
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw refuse(`this validator cannot tell a JSON Schema of what it takes: ${problem}`);
  }
}
