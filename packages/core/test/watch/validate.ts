/** `npm run validate -- --seeds 20000 [--from 1]`: runs so many worlds of watchers, tells how far it is, and ends with 1 at the first that fails. */
import { parseArgs } from "node:util";
import { validate } from "./validator.ts";

const { values } = parseArgs({ options: { seeds: { type: "string", default: "20000" }, from: { type: "string", default: "1" } } });
const [seeds, from] = [Number(values.seeds), Number(values.from)];
if (!Number.isSafeInteger(seeds) || !Number.isSafeInteger(from) || seeds < 1) {
  console.error("--seeds takes a whole number from 1 on, --from a whole number");
  process.exit(2);
}

const begun = performance.now();
const every = Math.max(1, Math.min(1_000, Math.floor(seeds / 20)));
const sum = { commits: 0, resyncs: 0, crashes: 0 };
for (let done = 0; done < seeds; ) {
  const report = await validate(from + done);
  if (report.failure !== undefined) {
    console.error(report.failure);
    process.exit(1);
  }
  done += 1;
  for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += report[key];
  if (done % every === 0 || done === seeds) {
    const seconds = (performance.now() - begun) / 1_000;
    console.log(
      `${done} of ${seeds} seeds, ${sum.commits} commits told, ${sum.resyncs} resyncs, ${sum.crashes} crashes, ${seconds.toFixed(0)} s`,
    );
  }
}
