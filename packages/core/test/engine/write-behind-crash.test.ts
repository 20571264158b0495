/** What a crash leaves of sessions whose store is behind, whatever was done and whatever went wrong with the saves. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { sessionEngine } from "../../src/session-engine.ts";
import type { MutationCall, SessionPort } from "../../src/session-port.ts";
import { manualClock, seededRandom } from "../../src/testing/index.ts";
import { encode } from "../../src/values/index.ts";
import { type SaveFault, slowStore } from "./slow-store.ts";
import { all, pass, set } from "./stage.ts";

const SESSIONS = ["a", "b", "c"];
const NAMES = ["x", "y", "z"];
const WINDOW_MS = 100;
const SAVE_MS = 20;

const session = fc.constantFrom(...SESSIONS);
const name = fc.constantFrom(...NAMES);

type Step =
  | { readonly kind: "set"; readonly session: string; readonly name: string; readonly value: number | string }
  | { readonly kind: "add"; readonly session: string; readonly name: string }
  | { readonly kind: "delete"; readonly session: string; readonly name: string }
  | { readonly kind: "end"; readonly session: string }
  | { readonly kind: "pass"; readonly ms: number };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant("set" as const), session, name, value: fc.constantFrom(1, 2, 3, "x".repeat(5_000)) }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("add" as const), session, name: fc.constant("n") }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("delete" as const), session, name }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("end" as const), session }) },
    { weight: 6, arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.constantFrom(3, 10, 30, 90, 400) }) },
  ),
  { minLength: 1, maxLength: 60 },
);

type Mutation = Exclude<Step, { kind: "pass" }>;

/** The variables of a session; undefined when there is no session. */
type Values = Readonly<Record<string, unknown>> | undefined;

/** What a session was from one moment on. */
interface Moment {
  readonly atMs: number;
  readonly values: Values;
}

function after(values: Values, step: Mutation): Values {
  if (step.kind === "end") return undefined;
  if (step.kind === "set") return { ...values, [step.name]: step.value };
  if (step.kind === "add") return { ...values, [step.name]: ((values?.[step.name] as number | undefined) ?? 0) + 1 };
  return values && Object.fromEntries(Object.entries(values).filter(([found]) => found !== step.name));
}

let ids = 0;

/** Every other mutation carries a request id. */
const call = (): MutationCall =>
  ++ids % 2 === 0 ? {} : { request: { id: `r${ids}`, digest: new Uint8Array(32), resentAfterMs: undefined } };

async function take(port: SessionPort, step: Mutation): Promise<void> {
  if (step.kind === "set") await set(port, step.session, step.name, step.value, {}, call());
  else if (step.kind === "end") await port.deleteSession(step.session, call());
  else if (step.kind === "delete") await port.update(step.session, { operations: [{ kind: "delete", name: step.name }] }, call());
  else await port.update(step.session, { operations: [{ kind: "increment", name: step.name, by: encode(1) }] }, call());
}

/** Every session that there is, with its variables. */
async function everything(port: SessionPort): Promise<Map<string, Values>> {
  const { sessions } = await port.listSessions({}, {}, {});
  return new Map(await Promise.all(sessions.map(async ({ id }) => [id, await all(port, id)] as const)));
}

const latest = (moments: ReadonlyMap<string, readonly Moment[]>): Map<string, Values> =>
  new Map([...moments].map(([id, line]) => [id, line.at(-1)?.values] as const).filter(([, values]) => values !== undefined));

/** Takes the steps, each seen by all at once, lets `idleMs` pass, kills the process, and says what a new one finds. */
async function crash(todo: readonly Step[], idleMs: number, fault?: () => SaveFault) {
  const clock = manualClock();
  const store = slowStore(clock, SAVE_MS, fault);
  const start = (): SessionPort =>
    sessionEngine({
      persistence: store.connect(),
      clock,
      random: seededRandom(1),
      writeBehind: { windowMs: WINDOW_MS },
      // So little that sessions leave memory while they wait to be saved.
      limits: { memoryBytes: 4_000 },
    }).port("");
  const port = start();
  const moments = new Map<string, Moment[]>(SESSIONS.map((id) => [id, [{ atMs: Number.NEGATIVE_INFINITY, values: undefined }]]));
  for (const step of todo) {
    if (step.kind === "pass") {
      await pass(clock, step.ms, 3);
      continue;
    }
    await take(port, step);
    const line = moments.get(step.session) as Moment[];
    line.push({ atMs: clock.monotonic(), values: after(line.at(-1)?.values, step) });
    expect(await everything(port)).toEqual(latest(moments));
  }
  await pass(clock, idleMs, 100);
  store.kill();
  return { moments, killedAtMs: clock.monotonic(), found: await everything(start()) };
}

/** What a session may be found as when everything up to `sinceMs` is there. */
const allowed = (line: readonly Moment[], sinceMs: number): Values[] =>
  line.slice(line.findLastIndex(({ atMs }) => atMs <= sinceMs)).map(({ values }) => values);

test("[P12] a kill loses at most what was acknowledged within the window, of each session the last of it", async () => {
  let lost = 0;
  await fc.assert(
    fc.asyncProperty(steps, async (todo) => {
      const { moments, killedAtMs, found } = await crash(todo, 0);
      for (const [id, line] of moments) {
        expect(allowed(line, killedAtMs - WINDOW_MS)).toContainEqual(found.get(id));
        if (JSON.stringify(found.get(id)) !== JSON.stringify(line.at(-1)?.values)) lost += 1;
      }
    }),
    { numRuns: 200 },
  );
  // Were nothing ever lost, the test could not tell this mode from the others.
  expect(lost).toBeGreaterThan(0);
});

/** Which saves fail, and after how many of their deltas. */
const faults = fc.infiniteStream(fc.option(fc.record({ done: fc.nat({ max: 3 }) }), { nil: undefined, freq: 2 }));

test("[P12] [P13] whichever saves fail, a kill leaves of each session what it was at some moment", async () => {
  await fc.assert(
    fc.asyncProperty(steps, faults, async (todo, stream) => {
      const { moments, found } = await crash(todo, 0, () => stream.next().value);
      for (const [id, line] of moments) expect(allowed(line, Number.NEGATIVE_INFINITY)).toContainEqual(found.get(id));
    }),
    { numRuns: 200 },
  );
});

test("[P12] [P13] when the store works again everything is saved, and nothing twice", async () => {
  await fc.assert(
    fc.asyncProperty(steps, faults, fc.nat({ max: 8 }), async (todo, stream, times) => {
      let failed = 0;
      const fault = () => {
        const wrong = stream.next().value;
        if (wrong !== undefined) failed += 1;
        return failed > times ? undefined : wrong;
      };
      const { moments, found } = await crash(todo, 120_000, fault);
      expect(found).toEqual(latest(moments));
    }),
    { numRuns: 200 },
  );
});
