/** Calls the TypeScript client as each line of standard input says, with short timeouts and no retries; answers with the error's reason, or "". */
import { createInterface } from "node:readline";
import { connect } from "@session-bridge/client";
import { BridgeError } from "@session-bridge/core";
import { carrier } from "./carrier.ts";

interface Task {
  /** The session whose method is called; left out, the bridge's own. */
  readonly session?: string;
  readonly method: string;
  readonly args: readonly unknown[];
}

type Methods = Readonly<Record<string, (...args: readonly unknown[]) => unknown>>;

const bridge = connect(process.argv[2], { carrier, timeoutMs: Number(process.argv[3]), retry: { maxAttempts: 1 } });

/** Programs give functions, JSON does not. */
const plusOne = (value: unknown): number => Number(value ?? 0) + 1;

async function call({ session, method, args }: Task): Promise<void> {
  const on = (session === undefined ? bridge : bridge.session(session)) as unknown as Methods;
  const answer = on[method]?.(...args.map((arg) => (arg === "plusOne" ? plusOne : arg)));
  if (method === "listSessions") for await (const _ of answer as AsyncIterable<unknown>);
  else await answer;
}

for await (const line of createInterface({ input: process.stdin })) {
  const reason = await call(JSON.parse(line) as Task).then(
    () => "",
    (error: unknown) => (error instanceof BridgeError ? error.reason : String(error)),
  );
  process.stdout.write(`${JSON.stringify(reason)}\n`);
}
await bridge.close();
