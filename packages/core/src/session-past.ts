/** What `Session` says of what was: histories, checkpoints and copies; and of what values must be. */
import type { StandardJSONSchemaV1 } from "@standard-schema/spec";
import type { Entry } from "./session.ts";
import type { CallOptions, SessionTtl } from "./session-port.ts";

/** An earlier state of a variable. `revision` is that of the commit that led to it, `atMs` when that was. */
export type HistoryEntry =
  /** It had this value. Asking for a value that cannot be decoded here throws what `get` throws. */
  | (Entry & { readonly kind: "set"; readonly atMs: number })
  /** There was none: it had been deleted, or its time to live was over. */
  | { readonly kind: "delete" | "expire"; readonly name: string; readonly revision: number; readonly atMs: number };

/** Options of `history`; `timeoutMs` counts for each page. */
export interface HistoryOptions extends CallOptions {
  /** At most so many entries; all there are unless said. */
  readonly limit?: number | undefined;
}

/** A JSON Schema, of the keywords that docs/declared-variables.md names. */
export type JsonSchema = boolean | { readonly [keyword: string]: unknown };

/** What `declare` takes: a JSON Schema, or a standard-schema validator that can tell one, as those of zod can. */
export type DeclaredSchema = JsonSchema | StandardJSONSchemaV1;

/** Options of `fork`; what is left out is as in the source. */
export interface ForkOptions extends CallOptions {
  /** The copy's sliding time to live. */
  readonly ttlMs?: SessionTtl | undefined;
  /** The copy's labels. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Copies what the session was at this revision, as far as the history reaches; CompactedError beyond. */
  readonly atRevision?: number | undefined;
}
