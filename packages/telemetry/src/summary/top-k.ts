/**
 * The most frequent keys of an endless stream in a fixed amount of memory: Space-Saving (Metwally, Agrawal and El Abbadi, "Efficient
 * Computation of Frequent and Top-k Elements in Data Streams", ICDT 2005), its counters in a heap with the least frequent key on top.
 */

/** A frequent key: it occurred at least `count − error` and at most `count` times. */
export interface FrequentKey {
  readonly key: string;
  readonly count: number;
  readonly error: number;
}

/** A sketch of the most frequent keys. */
export interface TopK {
  /** Counts an occurrence. */
  add(key: string): void;
  /** The `k` most frequent, most frequent first. Every key that occurred more than total/capacity times is known. */
  top(k: number): readonly FrequentKey[];
  /** How many keys are known, at most the capacity. */
  readonly size: number;
}

interface Counter {
  key: string;
  count: number;
  error: number;
  at: number;
}

/** An empty sketch that never knows more than `capacity` keys at once. */
export function topK(capacity: number): TopK {
  const byKey = new Map<string, Counter>();
  const heap: Counter[] = [];

  /** Moves a counter that has grown down to its place. */
  const sink = (counter: Counter): void => {
    let { at } = counter;
    for (;;) {
      const left = heap[2 * at + 1];
      const right = heap[2 * at + 2];
      const least = right !== undefined && left !== undefined && right.count < left.count ? right : left;
      if (least === undefined || least.count >= counter.count) break;
      const below = least.at;
      heap[at] = least;
      least.at = at;
      at = below;
    }
    heap[at] = counter;
    counter.at = at;
  };

  /** Adds a counter of 1, which is the least there can be, so it rises until the one above is 1, too. */
  const rise = (counter: Counter): void => {
    let { at } = counter;
    while (at > 0) {
      const above = heap[(at - 1) >> 1] as Counter;
      if (above.count <= counter.count) break;
      heap[at] = above;
      above.at = at;
      at = (at - 1) >> 1;
    }
    heap[at] = counter;
    counter.at = at;
  };

  return {
    add(key) {
      const known = byKey.get(key);
      if (known !== undefined) {
        known.count += 1;
        sink(known);
      } else if (heap.length < capacity) {
        const counter = { key, count: 1, error: 0, at: heap.length };
        byKey.set(key, counter);
        heap.push(counter);
        rise(counter);
      } else {
        const least = heap[0] as Counter;
        byKey.delete(least.key);
        byKey.set(key, least);
        least.key = key;
        least.error = least.count;
        least.count += 1;
        sink(least);
      }
    },
    top: (k) =>
      heap
        .map(({ key, count, error }) => ({ key, count, error }))
        .sort((a, b) => b.count - a.count || a.error - b.error)
        .slice(0, k),
    get size() {
      return heap.length;
    },
  };
}
