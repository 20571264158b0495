import { expect, test } from "vitest";
import { memoryPersistence } from "../../src/memory-persistence.ts";
import type { EngineNotice } from "../../src/notices.ts";
import { sessionEngine } from "../../src/session-engine.ts";
import { faultyPersistence, manualClock } from "../../src/testing/index.ts";
import { pass, refusal, set } from "./stage.ts";

function noticed(notify?: (notice: EngineNotice) => void) {
  const notices: EngineNotice[] = [];
  const clock = manualClock();
  let broken = false;
  const persistence = faultyPersistence(memoryPersistence(), ({ method }) => (broken && method === "save" ? "fail" : undefined));
  const start = () => sessionEngine({ persistence, clock, notify: notify ?? ((notice) => notices.push(notice)) }).port("");
  return {
    clock,
    notices,
    start,
    port: start(),
    breakStore(is: boolean) {
      broken = is;
    },
  };
}

test("[P13] a store that fails is told of once, with its cause, and once when it works again", async () => {
  const { clock, notices, port, breakStore } = noticed();
  await set(port, "s", "a", 1);
  breakStore(true);
  for (let i = 0; i < 3; i++) await refusal(() => set(port, "s", "a", 2));
  await pass(clock, 2_000);
  expect(notices).toEqual([{ kind: "store_failing", cause: expect.objectContaining({ code: "EFAULTY" }) }]);
  breakStore(false);
  await pass(clock, 10_000);
  expect(notices.slice(1)).toEqual([{ kind: "store_working" }]);
});

test("a clock that leaps, and one that starts behind the store, are told of", async () => {
  const { clock, notices, port, start } = noticed();
  await set(port, "s", "a", 1);
  clock.jump(3_600_000);
  await set(port, "s", "a", 2);
  expect(notices).toEqual([{ kind: "clock_leapt", aheadMs: 3_600_000 }]);
  clock.jump(-7_200_000);
  await set(start(), "s", "a", 3);
  expect(notices.slice(1)).toEqual([{ kind: "clock_behind", behindMs: 7_200_000 }]);
});

test("whoever throws when it is told harms nobody", async () => {
  const { port, breakStore } = noticed(() => {
    throw new Error("not interested");
  });
  breakStore(true);
  expect((await refusal(() => set(port, "s", "a", 1))).reason).toBe("STORE_UNAVAILABLE");
});
