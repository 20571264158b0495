/**
 * A TypeScript writer beside the Python ones: reads one task a line, writes until the server is gone, and answers with what it knows. Each
 * round is one batch of three names at one number, and one increment.
 */
import { createInterface } from "node:readline";
import { type CarrierChoice, connect } from "@session-bridge/client";
import { BridgeError } from "@session-bridge/core";

interface Task {
  readonly address: string;
  readonly carrier: CarrierChoice;
  readonly session: string;
  /** The number of the first round. */
  readonly from: number;
}

/** The last round that was answered, and whether the increment of the next one may have been. */
interface Done {
  batches: number;
  increments: number;
}

async function write({ address, carrier, session: id, from }: Task): Promise<Done> {
  const bridge = connect(address, { carrier, retry: { maxAttempts: 1 } });
  const done = { batches: from, increments: from };
  try {
    const session = bridge.session(id);
    for (let round = from + 1; ; round++) {
      await session.setMany({ a: round, b: "x".repeat((round % 5) * 1500), c: round });
      done.batches = round;
      await session.increment("n");
      done.increments = round;
    }
  } catch (error) {
    if (!(error instanceof BridgeError)) throw error;
    return done;
  } finally {
    await bridge.close();
  }
}

for await (const line of createInterface({ input: process.stdin }))
  process.stdout.write(`${JSON.stringify(await write(JSON.parse(line)))}\n`);
