import fc from "fast-check";
import { expect, test } from "vitest";
import { memoryPersistence } from "../../src/memory-persistence.ts";
import type { SessionPersistence } from "../../src/persistence.ts";
import { sessionEngine } from "../../src/session-engine.ts";
import type { Operation, SessionPort } from "../../src/session-port.ts";
import { manualClock, seededRandom } from "../../src/testing/index.ts";
import { decode, encode } from "../../src/values/index.ts";
import { all, pass, refusal, setOf, update } from "./stage.ts";

const lasting = (): SessionPersistence => {
  const memory = memoryPersistence();
  return { ...memory, capabilities: { ...memory.capabilities, survives: "process" } };
};

/** What may happen: an update, a copy of an earlier or of the present state, or time that goes by, so that some is saved and some is not. */
type Step = { readonly operations: readonly Operation[] } | { readonly fork: boolean } | { readonly passMs: number };

const name = fc.constantFrom("a", "b");
const label = fc.constantFrom("one", "two");
const value = fc.oneof(fc.nat(99), fc.constant("v".repeat(300)));
const operation: fc.Arbitrary<Operation> = fc.oneof(
  // When something expires is another matter: what is not saved is not swept.
  { weight: 5, arbitrary: fc.tuple(name, value).map(([of, to]) => setOf(of, to)) },
  { weight: 2, arbitrary: name.map((of): Operation => ({ kind: "delete", name: of })) },
  { weight: 2, arbitrary: label.map((of): Operation => ({ kind: "checkpoint", name: "", label: of })) },
  { weight: 2, arbitrary: label.map((of): Operation => ({ kind: "rollback", name: "", label: of })) },
  { weight: 1, arbitrary: label.map((of): Operation => ({ kind: "delete_checkpoint", name: "", label: of })) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(name, fc.boolean())
      .map(([of, is]): Operation => ({ kind: "declare", name: of, schema: is ? encode({ type: "integer" }) : undefined })),
  },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ operations: fc.array(operation, { minLength: 1, maxLength: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ fork: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ passMs: fc.constantFrom(1, 20, 120) }) },
);

/** Everything that can be asked of a session. */
async function told(port: SessionPort, id: string) {
  const history = async (of: string) => {
    const { items } = await port.getHistory(id, of, {}, {});
    return items.map((item) => (item.kind === "set" ? [item.variable.revision, decode(item.variable.bytes)] : item));
  };
  const { declarations } = await port.listDeclarations(id, {});
  return {
    values: await all(port, id),
    listed: (await port.listVariables(id, "", {})).variables,
    histories: [await history("a"), await history("b")],
    checkpoints: (await port.listCheckpoints(id, {})).checkpoints,
    declarations: declarations.map(({ name: of, revision }) => [of, revision]),
  };
}

test("[P12] a session whose past is partly saved, and that left memory meanwhile, is what it is where everything is saved at once", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      const make = (behind: boolean, inner = lasting()) => {
        const clock = manualClock();
        // No room: whoever is not at work leaves.
        const limits = { historyEntries: 2, memoryBytes: behind ? 1 : 1e9 };
        const open = () =>
          sessionEngine({ persistence: inner, clock, random: seededRandom(1), limits, ...(behind && { writeBehind: {} }) });
        const engine = open();
        return { clock, engine, port: engine.port(""), open };
      };
      const worlds = [make(false), make(true)] as const;
      const revisions: number[] = [];
      for (const [i, each] of steps.entries()) {
        const outcomes: unknown[] = [];
        for (const { clock, port } of worlds) {
          if ("passMs" in each) await pass(clock, each.passMs, 10);
          else if ("fork" in each) {
            const atRevision = each.fork ? revisions.at(-2) : undefined;
            outcomes.push(await port.forkSession("s", { id: `copy${i}`, atRevision }, {}).catch((error) => error.reason));
          } else {
            outcomes.push(
              await update(port, "s", ...each.operations).then(
                ({ sessionRevision }) => sessionRevision,
                (error) => error.reason,
              ),
            );
            // Another session pushes it out.
            await port.getVariables("other", { prefix: "" }, {});
          }
        }
        expect(outcomes[1]).toEqual(outcomes[0]);
        if (typeof outcomes[0] === "number") revisions.push(outcomes[0]);
      }
      const ids = ["s", ...steps.map((_, i) => `copy${i}`)];
      const states = (port: SessionPort) => Promise.all(ids.map((id) => told(port, id)));
      const expected = await states(worlds[0].port);
      expect(await states(worlds[1].port)).toEqual(expected);
      for (const { engine } of worlds) await engine.close();
      expect((await refusal(() => worlds[1].port.getSession("s", {}))).reason).toBe("BRIDGE_CLOSED");
      expect(await states(worlds[1].open().port(""))).toEqual(expected);
    }),
    { numRuns: 60 },
  );
});
