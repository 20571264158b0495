/**
 * Operations per session in a fixed amount of memory: distinct sampling (Gibbons, "Distinct Sampling for Highly-Accurate Answers to Distinct
 * Values Queries", VLDB 2001). Sessions whose hash has enough zero bits are counted, exactly and from their first operation on; when there are
 * too many of them, one more zero bit is asked for and about half go. What stays is a uniform sample of all sessions there ever were.
 */
import { type QuantileSketch, quantileSketch } from "./quantile-sketch.ts";

/** Counts of operations over a sample of sessions. */
export interface SessionSample {
  /** Counts an operation of a session. */
  add(tenant: string, id: string): void;
  /** About how many different sessions had operations; exact while none has been left out. */
  readonly sessions: number;
  /** How many sessions are counted, at most the capacity. */
  readonly sampled: number;
  /** The operations of each of those sessions. */
  operations(): QuantileSketch;
}

/** An empty sample of at most `capacity` sessions; `seed` keeps callers from choosing ids that all are, or are not, in it. */
export function sessionSample(capacity: number, seed: number): SessionSample {
  const counts = new Map<string, { hash: number; operations: number }>();
  /** A session is in the sample when its hash has none of these bits. */
  let mask = 0;

  const thin = (): void => {
    while (counts.size >= capacity && mask !== 0xffffffff) {
      mask = ((mask << 1) | 1) >>> 0;
      for (const [key, { hash }] of counts) if ((hash & mask) !== 0) counts.delete(key);
    }
  };

  return {
    add(tenant, id) {
      const hash = hashOf(id, hashOf(tenant, seed));
      if ((hash & mask) !== 0) return;
      const key = tenant === "" ? id : `${tenant}\u0000${id}`;
      const known = counts.get(key);
      if (known !== undefined) {
        known.operations += 1;
        return;
      }
      if (counts.size >= capacity) thin();
      if ((hash & mask) === 0 && counts.size < capacity) counts.set(key, { hash, operations: 1 });
    },
    get sessions() {
      return counts.size * (mask + 1);
    },
    get sampled() {
      return counts.size;
    },
    operations() {
      const sketch = quantileSketch();
      for (const { operations } of counts.values()) sketch.add(operations);
      return sketch;
    },
  };
}

/** 32 well-mixed bits of a string: FNV-1a over its code units, finished as MurmurHash3 does, so that the low bits are as good as any. */
function hashOf(text: string, seed: number): number {
  let hash = (seed ^ 0x811c9dc5) | 0;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
