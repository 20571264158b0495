/**
 * A variable as it is kept in memory. Small values are text of one byte a character, which takes a fifth of a Uint8Array's memory; large ones
 * of a loaded session are read from the store when somebody asks for them.
 */
import { byteText, textBytes } from "./byte-text.ts";
import { DataLossError } from "./errors.ts";
import type { LoadedVariable, StoredVariable } from "./persistence.ts";

/** Up to this many bytes a value is kept as text; reading it back costs less than what a request costs around it. */
const SMALL = 256;

/** What is in the place of a value that is not here. */
interface Absent {
  /** The encoded value's length. */
  readonly length: number;
  /** Whether the store has bytes that do not verify; otherwise it was not asked for them yet. */
  readonly isDamaged: boolean;
}

/** Sessions use the same few names again and again: one text serves all of them. Emptied when it has too many. */
const names = new Map<string, string>();
const MOST_NAMES = 1_024;

function shared(name: string): string {
  const found = names.get(name);
  if (found !== undefined) return found;
  if (names.size >= MOST_NAMES) names.clear();
  names.set(name, name);
  return name;
}

/** A value as it is kept: bytes, or a small one as text of one byte a character. Both have its length. */
export type CompactValue = Uint8Array | string;

const compact = (value: CompactValue): CompactValue => (typeof value === "string" || value.length > SMALL ? value : byteText(value));

/** The bytes of a value. */
export const bytesOf = (value: CompactValue): Uint8Array => (typeof value === "string" ? textBytes(value) : value);

/** A value that nobody else has: these bytes belong to a receive buffer, or may change. */
export const ownValue = (bytes: Uint8Array): CompactValue => (bytes.length > SMALL ? new Uint8Array(bytes) : byteText(bytes));

/** A variable that is about to be kept. */
export interface NewVariable extends Omit<StoredVariable, "bytes"> {
  readonly bytes: CompactValue;
}

/** The moment that a revision was made in, by its clock, in milliseconds: revisions grow with the microseconds. */
const momentOf = (revision: number): number => Math.floor(revision / 1_000);

/**
 * A stored variable whose `bytes` are made when they are asked for. Immutable, but for where its value is. Of its times it keeps how long
 * they are before its revision: a small number takes no memory of its own, as a time would.
 */
export class KeptVariable implements StoredVariable {
  readonly name: string;
  readonly encoding: string;
  readonly type: string;
  readonly revision: number;
  readonly expiresAtMs: number | undefined;
  readonly #createdBeforeMs: number;
  readonly #updatedBeforeMs: number;
  #value: CompactValue | Absent;

  constructor(variable: NewVariable | LoadedVariable) {
    this.name = shared(variable.name);
    this.encoding = variable.encoding;
    this.type = variable.type;
    this.revision = variable.revision;
    this.expiresAtMs = variable.expiresAtMs;
    const madeAtMs = momentOf(variable.revision);
    this.#createdBeforeMs = madeAtMs - variable.createdAtMs;
    this.#updatedBeforeMs = madeAtMs - variable.updatedAtMs;
    const { bytes } = variable;
    this.#value = bytes === undefined ? { length: (variable as LoadedVariable).sizeBytes, isDamaged: false } : compact(bytes);
  }

  get createdAtMs(): number {
    return momentOf(this.revision) - this.#createdBeforeMs;
  }

  get updatedAtMs(): number {
    return momentOf(this.revision) - this.#updatedBeforeMs;
  }

  /** The encoded value's length. */
  get sizeBytes(): number {
    return this.#value.length;
  }

  /** Whether the value has to be read from the store before `bytes` can be asked for. */
  get isAway(): boolean {
    return isAbsent(this.#value) && !this.#value.isDamaged;
  }

  /** Whether the store has bytes for it that do not verify. */
  get isDamaged(): boolean {
    return isAbsent(this.#value) && this.#value.isDamaged;
  }

  /** The value as the store has it; undefined when it is damaged there. */
  arrive(bytes: Uint8Array | undefined): void {
    this.#value = bytes === undefined ? { length: this.sizeBytes, isDamaged: true } : compact(bytes);
  }

  /** Not to be changed by whoever reads it: large values are shared. Throws DataLossError for a value that is damaged in the store [P21]. */
  get bytes(): Uint8Array {
    const value = this.#value;
    if (!isAbsent(value)) return bytesOf(value);
    if (value.isDamaged) throw damaged(this.name);
    throw new Error("a value was asked for before it was read from the store");
  }
}

const isAbsent = (value: CompactValue | Absent): value is Absent => typeof value === "object" && !(value instanceof Uint8Array);

/** A variable under a later revision, as a copy of its session has it. The value is one: where it arrives here, it has arrived there. */
class CopiedVariable extends KeptVariable {
  readonly #origin: KeptVariable;

  constructor(origin: KeptVariable, revision: number) {
    const { name, encoding, type, createdAtMs, updatedAtMs, expiresAtMs, sizeBytes } = origin;
    super({ name, encoding, type, revision, createdAtMs, updatedAtMs, expiresAtMs, sizeBytes, bytes: undefined });
    this.#origin = origin;
  }

  override get isAway(): boolean {
    return this.#origin.isAway;
  }

  override get isDamaged(): boolean {
    return this.#origin.isDamaged;
  }

  override arrive(bytes: Uint8Array | undefined): void {
    this.#origin.arrive(bytes);
  }

  override get bytes(): Uint8Array {
    return this.#origin.bytes;
  }
}

/** The variable with no earlier revision than this. */
export const notBefore = (variable: StoredVariable, revision: number): StoredVariable =>
  variable.revision >= revision ? variable : new CopiedVariable(kept(variable), revision);

const damaged = (name: string): DataLossError =>
  new DataLossError("the stored value is damaged: its bytes do not verify; write it anew to mend it", { details: { name } });

/** The variable in its smallest form. */
export const kept = (variable: NewVariable | LoadedVariable): KeptVariable =>
  variable instanceof KeptVariable ? variable : new KeptVariable(variable);

/** The encoded value's length, without making its bytes. */
export const sizeOf = (variable: StoredVariable): number => (variable instanceof KeptVariable ? variable.sizeBytes : variable.bytes.length);

/** Values up to this many bytes come with their session; of a small one that did not, the store has to tell whether it is damaged. */
const COMES_ALONG_BYTES = 4096;

/** Whether a loaded variable may be damaged: then not even its name can be trusted. */
export const isSuspect = (variable: StoredVariable): boolean =>
  variable instanceof KeptVariable && (variable.isDamaged || (variable.isAway && variable.sizeBytes <= COMES_ALONG_BYTES));

/** Those whose values have to be read from the store first. */
export const awayOf = (variables: readonly (StoredVariable | undefined)[]): readonly KeptVariable[] =>
  variables.filter((variable): variable is KeptVariable => variable instanceof KeptVariable && variable.isAway);

/** A variable as a store answers it that has it at hand. */
export const loadedVariable = (variable: StoredVariable): LoadedVariable => ({
  name: variable.name,
  bytes: awayOf([variable]).length > 0 ? undefined : variable.bytes,
  sizeBytes: sizeOf(variable),
  encoding: variable.encoding,
  type: variable.type,
  revision: variable.revision,
  createdAtMs: variable.createdAtMs,
  updatedAtMs: variable.updatedAtMs,
  expiresAtMs: variable.expiresAtMs,
});
