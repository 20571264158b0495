/**
 * A persistent map of named things in byte order of their names: sorted chunks, of which a change copies one. Small ones are one array,
 * large ones stay quick to change, and order costs nothing when listing.
 */
import { comparePlain, compareText, isPlain } from "./text-order.ts";

/** What is kept by its name. */
export interface Named {
  readonly name: string;
}

/** A chunk that grows beyond this is split in two. */
const CHUNK = 32;

/** Immutable; no chunk is empty, and the names ascend within chunks and from one to the next. */
export class SortedByName<T extends Named> {
  readonly #chunks: readonly (readonly T[])[];
  readonly size: number;
  /** Nearly always every name is plain, and finding one takes half the time. */
  readonly #isPlain: boolean;

  private constructor(chunks: readonly (readonly T[])[], size: number, allPlain: boolean) {
    this.#chunks = chunks;
    this.size = size;
    this.#isPlain = allPlain;
  }

  static readonly #empty = new SortedByName<never>([], 0, true);

  static empty<T extends Named>(): SortedByName<T> {
    return SortedByName.#empty;
  }

  /** Of several with one name, the last counts. */
  static of<T extends Named>(items: Iterable<T>): SortedByName<T> {
    const byName = new Map<string, T>();
    for (const item of items) byName.set(item.name, item);
    if (byName.size === 0) return SortedByName.empty();
    const sorted = [...byName.values()].sort((a, b) => compareText(a.name, b.name));
    const chunks = Array.from({ length: Math.ceil(sorted.length / CHUNK) }, (_, i) => sorted.slice(i * CHUNK, (i + 1) * CHUNK));
    return new SortedByName(
      chunks,
      sorted.length,
      sorted.every(({ name }) => isPlain(name)),
    );
  }

  get(name: string): T | undefined {
    const chunk = this.#chunks[this.#chunkOf(name)];
    const found = chunk?.[this.#firstFrom(chunk, name)];
    return found?.name === name ? found : undefined;
  }

  /** With this one in place of the one of its name. */
  put(item: T): SortedByName<T> {
    const { name } = item;
    const index = Math.min(this.#chunkOf(name), Math.max(this.#chunks.length - 1, 0));
    const chunk = this.#chunks[index] ?? [];
    const at = this.#firstFrom(chunk, name);
    const replaced = chunk[at]?.name === name;
    const changed = chunk.toSpliced(at, replaced ? 1 : 0, item);
    const parts = changed.length > CHUNK ? [changed.slice(0, CHUNK / 2), changed.slice(CHUNK / 2)] : [changed];
    const chunks = this.#chunks.toSpliced(index, 1, ...parts);
    return replaced
      ? new SortedByName(chunks, this.size, this.#isPlain)
      : new SortedByName(chunks, this.size + 1, this.#isPlain && isPlain(name));
  }

  /**
   * With all of these in place of those of their names, as if they were put one after another, but a chunk is copied once for all that go
   * into it. `placed` is told of each, and of what it replaces.
   */
  putAll(items: readonly T[], placed: (item: T, before: T | undefined) => void = () => {}): SortedByName<T> {
    const sorted = ascending(items);
    const chunks: (readonly T[])[] = [];
    const last = Math.max(this.#chunks.length - 1, 0);
    let { size } = this;
    let index = 0;
    for (let at = 0; at < sorted.length; ) {
      const first = Math.min(this.#chunkOf((sorted[at] as T).name), last);
      while (index < first) chunks.push(this.#chunks[index++] as readonly T[]);
      const chunk = this.#chunks[index++] ?? NOTHING;
      // What comes after all names goes into the last chunk.
      const end = first === last ? sorted.length : this.#endWithin(chunk, sorted, at);
      const merged = this.#merged(chunk, sorted.slice(at, end), placed);
      size += merged.length - chunk.length;
      chunks.push(...parts(merged));
      at = end;
    }
    while (index < this.#chunks.length) chunks.push(this.#chunks[index++] as readonly T[]);
    // A copy is as long as it is: what was pushed to has kept room for a dozen more.
    return new SortedByName(chunks.slice(), size, this.#isPlain && (size === this.size || items.every(({ name }) => isPlain(name))));
  }

  /** Without the one of this name; itself when there is none. */
  delete(name: string): SortedByName<T> {
    const index = this.#chunkOf(name);
    const chunk = this.#chunks[index];
    const at = chunk === undefined ? -1 : this.#firstFrom(chunk, name);
    if (chunk?.[at]?.name !== name) return this;
    if (this.size === 1) return SortedByName.empty();
    const rest = chunk.length === 1 ? [] : [chunk.toSpliced(at, 1)];
    return new SortedByName(this.#chunks.toSpliced(index, 1, ...rest), this.size - 1, this.#isPlain);
  }

  /** The one whose name is first in byte order. */
  first(): T | undefined {
    return this.#chunks[0]?.[0];
  }

  /** Those that stay, by a look at each. */
  filter(stays: (item: T) => boolean): SortedByName<T> {
    const chunks = this.#chunks.map((chunk) => chunk.filter(stays)).filter((chunk) => chunk.length > 0);
    const size = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    return size === 0 ? SortedByName.empty() : new SortedByName(chunks, size, this.#isPlain);
  }

  /** The one whose name is last in byte order. */
  last(): T | undefined {
    return this.#chunks.at(-1)?.at(-1);
  }

  /** Those whose names begin with `prefix`, in byte order. */
  *from(prefix = ""): Generator<T, void, undefined> {
    for (let index = this.#chunkOf(prefix); index < this.#chunks.length; index++) {
      const chunk = this.#chunks[index] as readonly T[];
      for (let at = this.#firstFrom(chunk, prefix); at < chunk.length; at++) {
        const item = chunk[at] as T;
        if (!item.name.startsWith(prefix)) return;
        yield item;
      }
    }
  }

  /** How far these are not after the last name of a chunk. */
  #endWithin(chunk: readonly T[], sorted: readonly T[], from: number): number {
    const compare = this.#isPlain ? comparePlain : compareText;
    const { name: last } = chunk.at(-1) as T;
    let end = from;
    while (end < sorted.length && compare((sorted[end] as T).name, last) <= 0) end += 1;
    return end;
  }

  #merged(chunk: readonly T[], sorted: readonly T[], placed: (item: T, before: T | undefined) => void): readonly T[] {
    const compare = this.#isPlain ? comparePlain : compareText;
    const merged: T[] = [];
    let at = 0;
    for (const item of sorted) {
      const { name } = item;
      while (at < chunk.length && compare((chunk[at] as T).name, name) <= 0) merged.push(chunk[at++] as T);
      const last = merged.at(-1);
      const before = last?.name === name ? merged.pop() : undefined;
      placed(item, before);
      merged.push(item);
    }
    while (at < chunk.length) merged.push(chunk[at++] as T);
    return merged;
  }

  /** The first chunk whose last name is not before `name`; as many as there are chunks when all are. */
  #chunkOf(name: string): number {
    const compare = this.#isPlain ? comparePlain : compareText;
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const last = (this.#chunks[middle] as readonly T[]).at(-1) as T;
      if (compare(last.name, name) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Where the names of a chunk begin that are not before `name`. */
  #firstFrom(chunk: readonly T[], name: string): number {
    const compare = this.#isPlain ? comparePlain : compareText;
    let low = 0;
    let high = chunk.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compare((chunk[middle] as T).name, name) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const NOTHING: readonly never[] = [];

/** In the order of their names; those of one name stay in theirs. */
function ascending<T extends Named>(items: readonly T[]): readonly T[] {
  const isAscending = items.every(({ name }, i) => i === 0 || compareText((items[i - 1] as T).name, name) <= 0);
  return isAscending ? items : items.toSorted((a, b) => compareText(a.name, b.name));
}

/** A chunk in a copy that is as long as it is, or in as many of about one size as it takes. */
function parts<T>(chunk: readonly T[]): readonly (readonly T[])[] {
  if (chunk.length <= CHUNK) return [chunk.slice()];
  const size = Math.ceil(chunk.length / Math.ceil(chunk.length / CHUNK));
  return Array.from({ length: Math.ceil(chunk.length / size) }, (_, i) => chunk.slice(i * size, (i + 1) * size));
}
