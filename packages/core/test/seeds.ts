/** Programs that run many seeds of one kind. */
import { parseArgs } from "node:util";

/** What came of one seed: counts, and what is wrong if something is. */
export interface SeedReport {
  readonly failure?: string | undefined;
}

/**
 * `--seeds N [--from 1]`: runs so many seeds, tells how far it is, and ends the process with 1 at the first that fails. `told` names the counts
 * of a report that are added up, in the words in which they are told.
 */
export async function runSeeds<R extends SeedReport>(
  usual: number,
  run: (seed: number) => Promise<R>,
  told: readonly { readonly words: string; readonly count: (report: R) => number }[],
): Promise<void> {
  const { values } = parseArgs({ options: { seeds: { type: "string", default: String(usual) }, from: { type: "string", default: "1" } } });
  const [seeds, from] = [Number(values.seeds), Number(values.from)];
  if (!Number.isSafeInteger(seeds) || !Number.isSafeInteger(from) || seeds < 1) {
    console.error("--seeds takes a whole number from 1 on, --from a whole number");
    process.exit(2);
  }
  const begun = performance.now();
  const every = Math.max(1, Math.min(1_000, Math.floor(seeds / 20)));
  const sums = told.map(({ words }) => ({ words, sum: 0 }));
  for (let done = 1; done <= seeds; done++) {
    const report = await run(from + done - 1);
    if (report.failure !== undefined) {
      console.error(report.failure);
      process.exit(1);
    }
    for (const [i, each] of sums.entries()) each.sum += told[i]?.count(report) ?? 0;
    if (done % every !== 0 && done !== seeds) continue;
    const seconds = (performance.now() - begun) / 1_000;
    console.log([`${done} of ${seeds} seeds`, ...sums.map(({ words, sum }) => `${sum} ${words}`), `${seconds.toFixed(0)} s`].join(", "));
  }
}
