/** A TypeScript program beside the Python tests: reads one task a line from standard input, answers with one line of JSON. */
import { createInterface } from "node:readline";
import { connect } from "@session-bridge/client";
import { BridgeError, type JsonSchema } from "@session-bridge/core";
import { carrier } from "./carrier.ts";

interface Task {
  readonly task: string;
  readonly session: string;
  readonly name: string;
  readonly to: string;
  readonly times: number;
  readonly value: unknown;
  readonly revision: number;
  readonly schema: JsonSchema;
}

/** What a call gives, or the reason of its refusal. */
const orReason = (call: Promise<unknown>): Promise<unknown> =>
  call.catch((error: unknown) => {
    if (error instanceof BridgeError) return error.reason;
    throw error;
  });

const bridge = connect(process.argv[2], { carrier, timeoutMs: 60_000 });

/** What each task gives is for JSON; a value that JSON lacks is left to the Python side to read for itself. */
const TASKS: Readonly<Record<string, (task: Task) => Promise<unknown>>> = {
  /** Replaces a value by itself: nothing was touched, so no byte may change. */
  async rewrite({ session, name }) {
    await bridge.session(session).updateVariable(name, (value) => value, { allowNull: true });
  },
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
  set: ({ session, name, value, revision: ifRevision }) => orReason(bridge.session(session).set(name, value, { ifRevision })),
  /** Says that it watches by writing a name, and gives the changes until that name is deleted. */
  async watch({ session, name }) {
    const changes: unknown[] = [];
    for await (const change of bridge.session(session).watch()) {
      if (change.kind === "caught_up") await bridge.session(session).set(name, true);
      if (change.kind === "delete" && change.name === name) break;
      if (!("name" in change) || change.name === name) continue;
      changes.push([change.kind, change.name, change.kind === "set" ? change.value : null, change.revision, change.last]);
    }
    return changes;
  },
  async history({ session, name }) {
    const entries: unknown[] = [];
    for await (const entry of bridge.session(session).history(name)) {
      entries.push([entry.kind, entry.kind === "set" ? entry.value : null, entry.revision, entry.atMs]);
    }
    return entries;
  },
  restore: ({ session, name, revision }) => orReason(bridge.session(session).restore(name, revision)),
  checkpoint: ({ session, name: label }) => bridge.session(session).checkpoint(label),
  rollback: ({ session, name: label }) => orReason(bridge.session(session).rollback(label)),
  declare: ({ session, name, schema }) => orReason(bridge.session(session).declare(name, schema)),
  async fork({ session, to }) {
    return (await bridge.session(session).fork(to)).id;
  },
};

async function answer(line: string): Promise<unknown> {
  try {
    const task: Task = JSON.parse(line);
    return { result: (await TASKS[task.task]?.(task)) ?? null };
  } catch (error) {
    return { error: String(error) };
  }
}

try {
  for await (const line of createInterface({ input: process.stdin })) process.stdout.write(`${JSON.stringify(await answer(line))}\n`);
} finally {
  await bridge.close();
}
