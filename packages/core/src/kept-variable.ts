/** A variable as it is kept in memory: small values as text of one byte a character, which takes a fifth of a Uint8Array's memory. */
import type { StoredVariable } from "./persistence.ts";

/** Up to this many bytes a value is kept as text; reading it back costs less than what a request costs around it. */
const SMALL = 256;

/** A stored variable whose `bytes` are made when they are asked for. */
export class KeptVariable implements StoredVariable {
  readonly name: string;
  readonly encoding: string;
  readonly type: string;
  readonly revision: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly expiresAtMs: number | undefined;
  readonly #bytes: Uint8Array | string;

  constructor(variable: StoredVariable) {
    this.name = variable.name;
    this.encoding = variable.encoding;
    this.type = variable.type;
    this.revision = variable.revision;
    this.createdAtMs = variable.createdAtMs;
    this.updatedAtMs = variable.updatedAtMs;
    this.expiresAtMs = variable.expiresAtMs;
    this.#bytes = variable.bytes.length > SMALL ? variable.bytes : String.fromCharCode(...variable.bytes);
  }

  /** Not to be changed by whoever reads it: large values are shared. */
  get bytes(): Uint8Array {
    const kept = this.#bytes;
    if (typeof kept !== "string") return kept;
    const bytes = new Uint8Array(kept.length);
    for (let i = 0; i < kept.length; i++) bytes[i] = kept.charCodeAt(i);
    return bytes;
  }

  get sizeBytes(): number {
    return this.#bytes.length;
  }
}

/** The variable in its smallest form. */
export const kept = (variable: StoredVariable): StoredVariable =>
  variable instanceof KeptVariable ? variable : new KeptVariable(variable);

/** The encoded value's length, without making its bytes. */
export const sizeOf = (variable: StoredVariable): number => (variable instanceof KeptVariable ? variable.sizeBytes : variable.bytes.length);
