/** A TypeScript program beside the Python tests: reads one task a line from standard input, answers with one line of JSON. */
import { createInterface } from "node:readline";
import { connect } from "@session-bridge/client";

interface Task {
  readonly task: string;
  readonly session: string;
  readonly name: string;
  readonly to: string;
  readonly times: number;
}

const bridge = connect(process.argv[2], { timeoutMs: 60_000 });

const TASKS: Readonly<Record<string, (task: Task) => Promise<unknown>>> = {
  /** Replaces a value by itself: nothing was touched, so no byte may change. */
  rewrite: ({ session, name }) => bridge.session(session).updateVariable(name, (value) => value, { allowNull: true }),
  /** Reads a value and writes what was read under another name. */
  async copy({ session, name, to }) {
    const held = bridge.session(session);
    await held.set(to, await held.get(name));
  },
  /** The whole session as JSON can show it. */
  async read({ session }) {
    return Object.fromEntries(await bridge.session(session).getAll());
  },
  async increment({ session, name, times }) {
    for (let i = 0; i < times; i++) await bridge.session(session).increment(name);
  },
  async update({ session, name, times }) {
    for (let i = 0; i < times; i++) await bridge.session(session).updateVariable(name, (value) => Number(value ?? 0) + 1);
  },
};

/** The values that a task gives back are for JSON alone; what JSON lacks is left to the Python side to read for itself. */
async function answer(line: string): Promise<unknown> {
  try {
    const task: Task = JSON.parse(line);
    const result = await TASKS[task.task]?.(task);
    return { result: task.task === "read" ? result : null };
  } catch (error) {
    return { error: String(error) };
  }
}

try {
  for await (const line of createInterface({ input: process.stdin })) process.stdout.write(`${JSON.stringify(await answer(line))}\n`);
} finally {
  await bridge.close();
}
