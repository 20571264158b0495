/** What kinds of worlds there are: how many clients, how rough a store, and how often what happens. */
import { type Dice, dice as diceOf } from "./dice.ts";
import type { Faults } from "./disk.ts";

/** Added to a seed for dice of their own. */
const REPEATS_SEED = 1_000_003;

/** Added to a seed for dice of their own. */
const PAST_SEED = 1_000_007;

/** What a world has beside sessions and variables. */
export interface Past {
  /** The sections that its store keeps. */
  readonly sections: readonly string[];
  /** How many entries are kept of each variable where a session does not say. */
  readonly historyEntries: number;
  /** Whether clients look back. */
  readonly looked: boolean;
}

/** A world whose sessions have nothing but variables. */
export const NO_PAST: Past = { sections: ["requests"], historyEntries: 0, looked: false };

const SECTIONS = ["requests", "history", "checkpoints", "declarations"];

/** What the clients of a seed can look back at. */
export function pastOf(seed: number): Past {
  const dice = diceOf(seed + PAST_SEED);
  if (dice.chance(0.4)) return NO_PAST;
  return { sections: dice.chance(0.5) ? SECTIONS : [...SECTIONS, "fork"], historyEntries: dice.pick([0, 2, 3]), looked: true };
}

/** What kind of world a seed makes. */
export interface Profile {
  /** How many calls wait for their answers at most. */
  readonly clients: number;
  readonly faults: Faults;
  /** How many of the calls have a deadline soon. */
  readonly timeouts: number;
  /** How often each thing happens. */
  readonly weights: Readonly<Record<Event, number>>;
}

/** What may happen next. */
export type Event = "ask" | "store" | "time" | "idle" | "jump" | "abort" | "crash" | "restart" | "meddle" | "forget";

/** How often calls are sent again in the world of a seed, which is the same in all else. */
export const repeatsOf = (seed: number): number => diceOf(seed + REPEATS_SEED).pick([0, 0.15, 0.4]);

/** The world that the first throws of the dice make. */
export function profileOf(dice: Dice, repeats: number): Profile {
  const rough = dice.pick([0, 0.02, 0.1]);
  const violent = dice.pick([0, 0.5, 1.5]);
  return {
    clients: 1 + dice.int(8),
    faults: { fail: rough, loseAnswer: rough, conflict: rough / 2 },
    timeouts: dice.pick([0, 0.2, 0.5]),
    weights: {
      ask: 45,
      store: dice.pick([25, 60, 120]),
      time: 12,
      idle: dice.pick([0, 1, 3]),
      jump: dice.pick([0, 1]),
      abort: 2,
      crash: violent,
      restart: violent / 3,
      meddle: dice.pick([0, 0, 3]),
      forget: repeats === 0 ? 0 : 1,
    },
  };
}
