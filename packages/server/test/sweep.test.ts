import { statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Clock, SessionDelta } from "@session-bridge/core";
import { systemClock } from "@session-bridge/core/internal";
import { sqlitePersistence } from "@session-bridge/persistence-sqlite";
import { expect, test } from "vitest";
// Not one of its public names: only so can a test hurry the housekeeping, which gives space back half a minute later.
import { sqliteStore } from "../../persistence-sqlite/src/sqlite-persistence.ts";
import { bytesOf } from "./support/bytes.ts";
import { temporaryDirectory } from "./support/command.ts";
import type { RawClient } from "./support/raw-client.ts";
import { testServer } from "./support/test-server.ts";

const EXPIRED = 100_000;
const AT_ONCE = 5_000;
const DEADLINE_MS = 2_000;
const VALUE = bytesOf("c4 64 61*100");

const expiredId = (n: number): string => `expired-${n}`;
const anyExpired = (): number => Math.floor(Math.random() * EXPIRED);

function expiredSession(n: number, nowMs: number): SessionDelta {
  const times = { createdAtMs: nowMs, expiresAtMs: undefined };
  const variable = { ...times, name: "old", bytes: VALUE, encoding: "", type: "bytes", revision: nowMs * 1000, updatedAtMs: nowMs };
  const ends = { accessedAtMs: nowMs, ttlMs: 1_000, endsAtMs: undefined, expiresAtMs: nowMs + 1_010 };
  const record = { ...times, ...ends, revision: nowMs * 1000, labels: {}, variableCount: 1, sizeBytes: 105 };
  return { kind: "create", key: { tenant: "", id: expiredId(n) }, nowMs, record, set: [variable] };
}

async function fill(file: string): Promise<void> {
  const store = sqlitePersistence({ file, durability: "commit" });
  await store.open();
  const nowMs = Date.now() - 60_000;
  for (let at = 0; at < EXPIRED; at += AT_ONCE) await store.save(Array.from({ length: AT_ONCE }, (_, i) => expiredSession(at + i, nowMs)));
  await store.close();
}

/** Twenty times as fast as the machine's. */
const hurried: Clock = {
  now: systemClock.now,
  monotonic: () => systemClock.monotonic() * 20,
  schedule: (delayMs, fn, awaited) => systemClock.schedule(delayMs / 20, fn, awaited),
};

/** Does what programs do while others' sessions expire, until told to stop; every call has to be answered in time. */
async function work(client: RawClient, worker: number, isOver: () => boolean): Promise<number> {
  const call: RawClient["call"] = (method, request) => client.call(method, request, { deadline: Date.now() + DEADLINE_MS });
  const mine = `alive-${worker}`;
  let served = 0;
  for (let i = 1; !isOver(); i++) {
    const sessionId = expiredId(anyExpired());
    await call("setVariable", { sessionId: mine, name: "i", value: bytesOf(i % 2 === 0 ? "00" : "01") });
    expect((await call("getVariable", { sessionId: mine, name: "i" })).value).toEqual(bytesOf(i % 2 === 0 ? "00" : "01"));
    expect(await call("getVariable", { sessionId, name: "old" })).toMatchObject({ found: false });
    if (i % 10 === 0) {
      // Its time is over: who writes to it makes a new one.
      await call("setVariable", { sessionId, name: "new", value: VALUE });
      expect((await call("listVariables", { sessionId })).variables.map(({ name }) => name)).toEqual(["new"]);
      const { sessions } = await call("listSessions", { prefix: sessionId });
      expect(sessions.map(({ sessionId: id }) => id)).toContain(sessionId);
      const listed = await Promise.all(sessions.map(({ sessionId: id }) => call("listVariables", { sessionId: id })));
      for (const { variables } of listed) expect(variables.map(({ name }) => name)).toEqual(["new"]);
    }
    served += 3;
  }
  return served;
}

test("[P8] [P23] 100,000 expired sessions are swept while every request is served in time, none of them is seen, and the file gets smaller", async () => {
  const file = join(temporaryDirectory(), "s.db");
  await fill(file);
  const full = statSync(file).size;
  let isSwept = false;
  const { client } = await testServer({
    persistence: sqliteStore({ file }, hurried),
    observer: {
      observe(event) {
        if (event.kind === "sweep") isSwept ||= event.outcome === "swept" && event.due === 0;
      },
    },
  });
  const served = await Promise.all([0, 1].map((worker) => work(client, worker, () => isSwept)));
  for (const requests of served) expect(requests).toBeGreaterThan(30);
  const db = new DatabaseSync(file, { readOnly: true });
  const left = db.prepare("SELECT count(*) AS n FROM variables WHERE name = 'old'").get();
  const sessions = db.prepare("SELECT count(*) AS n FROM sessions WHERE expires_at_ms < ?").get(Date.now());
  db.close();
  expect([left, sessions]).toEqual([{ n: 0 }, { n: 0 }]);
  await expect.poll(() => statSync(file).size, { timeout: 10_000 }).toBeLessThan(full / 4);
}, 60_000);
