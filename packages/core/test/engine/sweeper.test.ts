import { expect, it } from "vitest";
import type { Clock } from "../../src/clock.ts";
import { DataLossError } from "../../src/errors.ts";
import { memoryPersistence } from "../../src/memory-persistence.ts";
import { sessionEngine } from "../../src/session-engine.ts";
import { manualClock } from "../../src/testing/index.ts";
import { get, pass, set, setOf, settled } from "./stage.ts";

const SESSIONS = 250;
/** What one look at the clock takes in this test's world; expiring a session is at least one. */
const WORK_MS = 1;
/** How long a slice may hold the thread. */
const SLICE_MS = 5;

it("[P23] a slice of the sweeper holds the thread for milliseconds, and reads are answered between two of them", async () => {
  let [workedMs, expired] = [0, 0];
  const manual = manualClock();
  const memory = memoryPersistence();
  const persistence: typeof memory = {
    ...memory,
    capabilities: { ...memory.capabilities, survives: "process" },
    save(deltas) {
      expired += deltas.filter(({ kind }) => kind === "expire").length;
      return memory.save(deltas);
    },
  };
  const before = sessionEngine({ persistence, clock: manual });
  for (let i = 0; i < SESSIONS; i++) await before.port("").createSession({ id: `s${i}`, ttl: 1_000 }, {});
  await set(before.port(""), "alive", "name", 1);
  await before.close();
  manual.advance(5_000);

  const working: Clock = {
    now() {
      workedMs += WORK_MS;
      return manual.now();
    },
    monotonic: () => manual.monotonic() + workedMs,
    schedule: manual.schedule,
  };
  const engine = sessionEngine({ persistence, clock: working });
  await engine.open();
  manual.advance(500);
  await settled();
  const slices: number[] = [];
  for (let done = 0; expired < SESSIONS && slices.length < SESSIONS; ) {
    // Without time going on: nothing but the slice's own pause lets the read in.
    expect(await get(engine.port(""), "alive", "name")).toBe(1);
    slices.push(expired - done);
    done = expired;
    manual.advance(0);
    await settled();
  }
  expect(expired).toBe(SESSIONS);
  expect(Math.max(...slices)).toBeLessThanOrEqual(SLICE_MS / WORK_MS);
  expect(slices.length).toBeGreaterThanOrEqual(SESSIONS / (SLICE_MS / WORK_MS));
  await engine.close();
});

it("[P23] one save of the sweeper takes little away, or one session: what others save comes in between", async () => {
  const manual = manualClock();
  const memory = memoryPersistence();
  const saves: (readonly string[])[] = [];
  const persistence: typeof memory = {
    ...memory,
    capabilities: { ...memory.capabilities, survives: "process" },
    save(deltas) {
      saves.push(deltas.flatMap(({ kind, key }) => (kind === "expire" ? key.id : [])));
      return memory.save(deltas);
    },
  };
  const before = sessionEngine({ persistence, clock: manual });
  const sizes = { large: 900_000, small: 300_000, wide: 10 };
  const ids = Object.keys(sizes).flatMap((size) => [`${size}-1`, `${size}-2`, `${size}-3`]);
  for (const id of ids) {
    const [size = ""] = id.split("-");
    const names = Array.from({ length: size === "wide" ? 600 : 1 }, (_, i) => `v${i}`);
    const text = "x".repeat(sizes[size as keyof typeof sizes]);
    await before.port("").createSession({ id, ttl: 1_000 }, {});
    await before.port("").update(id, { operations: names.map((name) => setOf(name, text)) }, {});
    manual.advance(1);
  }
  await before.close();
  saves.length = 0;
  manual.advance(5_000);
  const engine = sessionEngine({ persistence, clock: manual });
  await engine.open();
  await pass(manual, 1_000);
  const swept = saves.filter((deltas) => deltas.length > 0);
  expect(swept.flat()).toEqual(ids);
  expect(swept).toEqual([["large-1"], ["large-2"], ["large-3"], ["small-1", "small-2", "small-3"], ["wide-1"], ["wide-2"], ["wide-3"]]);
  await engine.close();
});

it("a session that cannot be loaded keeps nobody else from being swept", async () => {
  const manual = manualClock();
  const memory = memoryPersistence();
  let isDamaged = false;
  const persistence: typeof memory = {
    ...memory,
    capabilities: { ...memory.capabilities, survives: "process" },
    load: async (key) => {
      if (isDamaged && key.id === "damaged") throw new DataLossError("damaged");
      return memory.load(key);
    },
  };
  const before = sessionEngine({ persistence, clock: manual });
  const wide = Array.from({ length: 600 }, (_, i) => setOf(`v${i}`, i));
  await before.port("").update("damaged", { operations: [...wide, setOf("due", 1, { ttl: 1_000 })] }, {});
  manual.advance(10);
  await before.port("").createSession({ id: "due", ttl: 1_000 }, {});
  await before.port("").update("due", { operations: wide }, {});
  await before.close();
  isDamaged = true;
  manual.advance(5_000);
  const engine = sessionEngine({ persistence, clock: manual });
  await engine.open();
  await pass(manual, 1_000);
  expect((await memory.due(manual.now(), 10)).map(({ key }) => key.id)).toEqual(["damaged"]);
  await engine.close();
});
