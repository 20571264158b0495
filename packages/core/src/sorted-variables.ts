/**
 * A persistent map of variables in byte order of their names: sorted chunks, of which a change copies one. Small sessions are one array,
 * large ones stay quick to change, and order costs nothing when listing.
 */
import type { StoredVariable } from "./persistence.ts";
import { compareText } from "./text-order.ts";

type Chunk = readonly StoredVariable[];

/** A chunk that grows beyond this is split in two. */
const CHUNK = 32;

/** Immutable; every chunk has a variable, and the names ascend within chunks and from one to the next. */
export class SortedVariables {
  readonly #chunks: readonly Chunk[];
  readonly size: number;

  private constructor(chunks: readonly Chunk[], size: number) {
    this.#chunks = chunks;
    this.size = size;
  }

  static readonly empty = new SortedVariables([], 0);

  /** Of several variables with one name, the last counts. */
  static of(variables: Iterable<StoredVariable>): SortedVariables {
    const byName = new Map<string, StoredVariable>();
    for (const variable of variables) byName.set(variable.name, variable);
    if (byName.size === 0) return SortedVariables.empty;
    const sorted = [...byName.values()].sort((a, b) => compareText(a.name, b.name));
    const chunks: Chunk[] = [];
    for (let at = 0; at < sorted.length; at += CHUNK) chunks.push(sorted.slice(at, at + CHUNK));
    return new SortedVariables(chunks, sorted.length);
  }

  get(name: string): StoredVariable | undefined {
    const chunk = this.#chunks[this.#chunkOf(name)];
    const found = chunk?.[firstFrom(chunk, name)];
    return found?.name === name ? found : undefined;
  }

  /** With this variable in place of the one of its name. */
  put(variable: StoredVariable): SortedVariables {
    const { name } = variable;
    const index = Math.min(this.#chunkOf(name), Math.max(this.#chunks.length - 1, 0));
    const chunk = this.#chunks[index] ?? [];
    const at = firstFrom(chunk, name);
    const replaced = chunk[at]?.name === name;
    const changed = chunk.toSpliced(at, replaced ? 1 : 0, variable);
    const parts = changed.length > CHUNK ? [changed.slice(0, CHUNK / 2), changed.slice(CHUNK / 2)] : [changed];
    return new SortedVariables(this.#chunks.toSpliced(index, 1, ...parts), replaced ? this.size : this.size + 1);
  }

  /** Without the variable of this name; itself when there is none. */
  delete(name: string): SortedVariables {
    const index = this.#chunkOf(name);
    const chunk = this.#chunks[index];
    const at = chunk === undefined ? -1 : firstFrom(chunk, name);
    if (chunk?.[at]?.name !== name) return this;
    if (this.size === 1) return SortedVariables.empty;
    const rest = chunk.length === 1 ? [] : [chunk.toSpliced(at, 1)];
    return new SortedVariables(this.#chunks.toSpliced(index, 1, ...rest), this.size - 1);
  }

  /** The variable whose name is last in byte order. */
  last(): StoredVariable | undefined {
    return this.#chunks.at(-1)?.at(-1);
  }

  /** The variables whose names begin with `prefix`, in byte order. */
  *from(prefix = ""): Generator<StoredVariable, void, undefined> {
    for (let index = this.#chunkOf(prefix); index < this.#chunks.length; index++) {
      const chunk = this.#chunks[index] as Chunk;
      for (let at = firstFrom(chunk, prefix); at < chunk.length; at++) {
        const variable = chunk[at] as StoredVariable;
        if (!variable.name.startsWith(prefix)) return;
        yield variable;
      }
    }
  }

  /** The first chunk whose last name is not before `name`; as many as there are chunks when all are. */
  #chunkOf(name: string): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const last = (this.#chunks[middle] as Chunk).at(-1) as StoredVariable;
      if (compareText(last.name, name) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Where the names that are not before `name` begin. */
function firstFrom(chunk: Chunk, name: string): number {
  let low = 0;
  let high = chunk.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareText((chunk[middle] as StoredVariable).name, name) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
