/** `npm run simulate -- --seeds 100000 [--from 1]`: runs so many seeds, tells how far it is, and ends with 1 at the first that fails. */
import { runSeeds } from "../seeds.ts";
import { simulate } from "./simulation.ts";

await runSeeds(100_000, (seed) => simulate(seed), [
  { words: "calls", count: ({ calls }) => calls },
  { words: "crashes", count: ({ crashes }) => crashes },
]);
