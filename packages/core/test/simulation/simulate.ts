/** `npm run simulate -- --seeds 100000 [--from 1]`: runs so many seeds, tells how far it is, and ends with 1 at the first that fails. */
import { parseArgs } from "node:util";
import { simulate } from "./simulation.ts";

const { values } = parseArgs({ options: { seeds: { type: "string", default: "100000" }, from: { type: "string", default: "1" } } });
const [seeds, from] = [Number(values.seeds), Number(values.from)];
if (!Number.isSafeInteger(seeds) || !Number.isSafeInteger(from) || seeds < 1) {
  console.error("--seeds takes a whole number from 1 on, --from a whole number");
  process.exit(2);
}

const begun = performance.now();
const every = Math.max(1, Math.min(1_000, Math.floor(seeds / 20)));
let [calls, crashes] = [0, 0];
for (let done = 0; done < seeds; ) {
  const report = await simulate(from + done);
  if (report.failure !== undefined) {
    console.error(report.failure);
    process.exit(1);
  }
  done += 1;
  calls += report.calls;
  crashes += report.crashes;
  if (done % every === 0 || done === seeds) {
    const seconds = (performance.now() - begun) / 1_000;
    console.log(`${done} of ${seeds} seeds, ${calls} calls, ${crashes} crashes, ${seconds.toFixed(0)} s`);
  }
}
