/** Choices that one seed replays. */
import type { Random } from "../../src/clock.ts";
import { seededRandom } from "../../src/testing/index.ts";

/** Where a simulation takes its choices from. */
export interface Dice {
  readonly random: Random;
  /** A whole number from 0 up to, not including, `below`. */
  int(below: number): number;
  chance(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
  /** One of the keys, as often as their weights say. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K;
}

/** The same choices for the same seed. */
export function dice(seed: number): Dice {
  const random = seededRandom(seed);
  const int = (below: number): number => Math.floor(random.fraction() * below);
  return {
    random,
    int,
    chance: (probability) => random.fraction() < probability,
    pick: <T>(from: readonly T[]) => from[int(from.length)] as T,
    weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
      const entries = Object.entries(weights) as [K, number][];
      let left = random.fraction() * entries.reduce((sum, [, weight]) => sum + weight, 0);
      for (const [key, weight] of entries) {
        left -= weight;
        if (left < 0) return key;
      }
      return (entries.at(-1) as [K, number])[0];
    },
  };
}
