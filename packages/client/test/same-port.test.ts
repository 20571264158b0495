import { BridgeError } from "@session-bridge/core";
import {
  type Operation,
  type SessionPort,
  type StoredVariable,
  sessionEngine,
  type Update,
  type VariableTtl,
} from "@session-bridge/core/internal";
import { manualClock } from "@session-bridge/core/testing";
import { encode } from "@session-bridge/core/values";
import { startServer } from "@session-bridge/server";
import fc from "fast-check";
import { expect, it } from "vitest";
import { remotePort } from "../src/internal.ts";
import { CARRIERS } from "./support/carriers.ts";

const kind = <K extends Operation["kind"]>(of: K) => fc.constant(of);
const name = fc.constantFrom("a", "b", "c");
const bytes = fc
  .oneof(fc.integer(), fc.string(), fc.array(fc.integer(), { maxLength: 3 }), fc.dictionary(name, fc.integer()))
  .map((v) => encode(v));
const condition = { ifRevision: fc.option(fc.constant(0), { nil: undefined }), wantPrevious: fc.boolean() };
const value = fc.record({ bytes, encoding: fc.constantFrom("", "", "", "other") });
const ttl = fc.constantFrom<VariableTtl | undefined>(undefined, undefined, "never", "keep", 1_000);

const label = fc.constantFrom("l", "m", "");
const schema = fc.constantFrom(undefined, encode({ type: "integer" }), encode({ type: ["integer", "string"] }), encode({ typo: 1 }));
// The clock stands still: these are the first revisions of every session.
const revision = fc.nat({ max: 5 }).map((n) => manualClock().now() * 1000 + n);

const operation = fc.oneof(
  fc.record({ kind: kind("set"), name, value }),
  fc.record({ kind: kind("set"), name, value, ttl, ifMissing: fc.boolean(), ...condition }),
  fc.record({ kind: kind("delete"), name, ...condition }),
  fc.record({ kind: kind("increment"), name, by: fc.double({ noNaN: true }).map((by) => encode(by)), ...condition }),
  fc.record({ kind: kind("append"), name, value: bytes, keepLast: fc.constantFrom(undefined, 2), ...condition }),
  fc.record({
    kind: kind("merge"),
    name,
    values: fc.option(
      fc.dictionary(name, fc.integer()).map((v) => encode(v)),
      { nil: undefined },
    ),
    path: fc.array(name, { maxLength: 2 }),
    remove: fc.array(name, { maxLength: 1 }),
    ...condition,
  }),
  fc.record({ kind: kind("clear"), name: fc.constant(""), prefix: fc.constantFrom("", "a") }),
  fc.record({ kind: kind("pop_last"), name: fc.constant("") }),
  fc.record({ kind: kind("check"), name, ...condition }),
  fc.record({ kind: kind("restore"), name, revision, ...condition }),
  fc.record({ kind: kind("rollback"), name: fc.constant(""), label }),
  fc.record({ kind: kind("checkpoint"), name: fc.constant(""), label }),
  fc.record({ kind: kind("delete_checkpoint"), name: fc.constant(""), label }),
  fc.record({ kind: kind("declare"), name, schema }),
) satisfies fc.Arbitrary<Operation>;

const update: fc.Arbitrary<Update> = fc.record({
  operations: fc.array(operation, { minLength: 1, maxLength: 5 }),
  independent: fc.boolean(),
  mustExist: fc.boolean(),
});

/** Everything that a port says after these updates, byte arrays as lists. */
async function told(port: SessionPort, sessionId: string, updates: readonly Update[]): Promise<unknown> {
  const answers: unknown[] = [];
  for (const each of updates) {
    try {
      answers.push(await port.update(sessionId, each, {}));
    } catch (error) {
      if (!(error instanceof BridgeError)) throw error;
      answers.push(error);
    }
  }
  answers.push(await port.getVariables(sessionId, { prefix: "" }, {}), await port.listVariables(sessionId, "", {}));
  for (const each of ["a", "b"]) {
    const page = await port.getHistory(sessionId, each, { limit: 2 }, {});
    answers.push(page, await port.getHistory(sessionId, each, { before: page.next }, {}));
  }
  answers.push(await port.listCheckpoints(sessionId, {}), await port.listDeclarations(sessionId, {}));
  for (const atRevision of [undefined, manualClock().now() * 1000 + 1]) {
    const copy = `${sessionId}-${atRevision}`;
    answers.push(await port.forkSession(sessionId, { id: copy, ttl: 60_000, labels: { a: "b" }, atRevision }, {}).catch((error) => error));
    answers.push(await port.getVariables(copy, { prefix: "" }, {}), await port.listDeclarations(copy, {}));
  }
  return JSON.parse(JSON.stringify(answers, (_, part: unknown) => plain(part)));
}

/** An error without its text, and a variable whoever made it, as plain objects. */
function plain(part: unknown): unknown {
  if (part instanceof Uint8Array) return [...part];
  if (part instanceof BridgeError) return { name: part.name, reason: part.reason, outcome: part.outcome, details: part.details };
  if (typeof part !== "object" || part === null || !("bytes" in part)) return part;
  const { name, bytes, encoding, type, revision, createdAtMs, updatedAtMs, expiresAtMs } = part as StoredVariable;
  return { name, bytes, encoding, type, revision, createdAtMs, updatedAtMs, expiresAtMs };
}

it.each(CARRIERS)(
  "the port of a server over %s answers every update as the port of an engine in this process",
  async (carrier) => {
    // Revisions and times are compared too: both sides read one clock, which stands still.
    const clock = manualClock();
    const limits = { historyEntries: 3, checkpointsPerSession: 1 };
    const engine = sessionEngine({ clock, limits });
    const server = await startServer({ listen: "127.0.0.1:0", clock, limits });
    const remote = remotePort(server.address, { carrier });
    let count = 0;
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(update, { maxLength: 6 }), async (updates) => {
          const sessionId = `s${count++}`;
          expect(await told(remote, sessionId, updates)).toEqual(await told(engine.port(""), sessionId, updates));
        }),
        { numRuns: 300, seed: 3 },
      );
    } finally {
      await remote.close();
      await server.stop();
      await engine.close();
    }
  },
  60_000,
);
