/**
 * A server whose store does as standard input says, and whose telemetry can be read at any moment. Each line there is a JSON object: `store` is
 * "works", "fails" or "hangs" from then on; `take` asks for the event records since the last time. Each is answered with one line.
 */
import { createInterface } from "node:readline";
import { memoryPersistence } from "@session-bridge/core";
import { type Fault, faultyPersistence } from "@session-bridge/core/testing";
import { startServer } from "@session-bridge/server";
import { type EventRecord, telemetry } from "@session-bridge/telemetry";

const FAULTS: Readonly<Record<string, Fault | undefined>> = { fails: "fail", hangs: "hold" };
/** What serves no call is left alone. */
const BACKGROUND: ReadonlySet<string> = new Set(["open", "due", "close"]);

let fault: Fault | undefined;
let records: EventRecord[] = [];
const persistence = faultyPersistence(memoryPersistence(), ({ method }) => (BACKGROUND.has(method) ? undefined : fault));
const watching = await telemetry({ otlp: false, events: { sink: (record) => void records.push(record), perSecond: 1_000_000 } });
const { observer, rpc } = watching;
const server = await startServer({ listen: "127.0.0.1:0", persistence, observer, rpcObserver: rpc });
const say = (answer: object): void => void process.stdout.write(`${JSON.stringify(answer)}\n`);

say({ address: server.address });
for await (const line of createInterface({ input: process.stdin })) {
  const { store } = JSON.parse(line) as { readonly store?: string };
  if (store !== undefined) {
    fault = FAULTS[store];
    persistence.release();
  }
  say({ records });
  records = [];
}
fault = undefined;
persistence.release();
await server.stop({ graceMs: 1_000 });
await watching.close();
