/** `npm run validate -- --seeds 20000 [--from 1]`: runs so many worlds of watchers, tells how far it is, and ends with 1 at the first that fails. */
import { runSeeds } from "../seeds.ts";
import { validate } from "./validator.ts";

await runSeeds(20_000, (seed) => validate(seed), [
  { words: "commits told", count: ({ commits }) => commits },
  { words: "resyncs", count: ({ resyncs }) => resyncs },
  { words: "crashes", count: ({ crashes }) => crashes },
]);
