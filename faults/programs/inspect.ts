/** Opens each store that a line of standard input names, as a server would, and answers with everything in it, or with why it does not open. */
import { createInterface } from "node:readline";
import type { SessionPersistence } from "@session-bridge/core";
import { sqlitePersistence } from "@session-bridge/persistence-sqlite";

async function sessionOf(store: SessionPersistence, id: string) {
  const key = { tenant: "", id };
  const session = await store.load(key);
  if (session === undefined) throw new Error(`the session ${id} is listed and not there`);
  const large = session.variables.filter(({ bytes }) => bytes === undefined);
  const values = await store.loadValues(key, large);
  const variables = session.variables.map(({ name, revision, expiresAtMs, bytes }) => {
    const value = bytes ?? values.get(name);
    if (value === undefined) throw new Error(`the value of ${id} ${name} is damaged or missing`);
    return [name, { revision, expires: expiresAtMs !== undefined, value: Buffer.from(value).toString("base64") }];
  });
  return { revision: session.record.revision, variables: Object.fromEntries(variables) };
}

async function everything(file: string) {
  const store = sqlitePersistence({ file });
  try {
    await store.open();
    const query = { tenant: "", prefix: "", labels: {}, after: "", limit: 1_000_000, nowMs: 0 };
    const { items } = await store.listSessions(query);
    const sessions = await Promise.all(items.map(async ({ key }) => [key.id, await sessionOf(store, key.id)]));
    return { sessions: Object.fromEntries(sessions) };
  } catch (error) {
    return { error: String(error) };
  } finally {
    await store.close();
  }
}

for await (const line of createInterface({ input: process.stdin })) process.stdout.write(`${JSON.stringify(await everything(line))}\n`);
