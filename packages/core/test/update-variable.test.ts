import { expect, it } from "vitest";
import { type Session, SessionManager } from "../src/index.ts";
import { type ManualClock, manualClock, seededRandom } from "../src/testing/index.ts";

async function play(check: (session: Session, clock: ManualClock) => Promise<void>): Promise<void> {
  const clock = manualClock();
  const manager = new SessionManager({ clock, random: seededRandom(1) });
  try {
    await check(manager.session("s"), clock);
  } finally {
    await manager.close();
  }
}

/** A function that loses its first `times` attempts to another writer. */
function losing(session: Session, times: number) {
  const seen: unknown[] = [];
  const fn = async (value: unknown): Promise<unknown> => {
    seen.push(value);
    if (seen.length <= times) await session.increment("n");
    return -1;
  };
  return { seen, fn };
}

it("a retry waits through the clock: nothing happens before its time", () =>
  play(async (session, clock) => {
    const { seen, fn } = losing(session, 1);
    const updating = session.updateVariable("n", fn);
    await new Promise(setImmediate);
    expect(seen).toEqual([undefined]);
    clock.advance(1);
    expect(await updating).toBe(-1);
    expect(seen).toEqual([undefined, 1]);
  }));

it("an update without end stops when the clock passes its timeout, with nothing of it applied", () =>
  play(async (session, clock) => {
    const { seen, fn } = losing(session, Number.POSITIVE_INFINITY);
    const failing = session.updateVariable("n", fn, { timeoutMs: 200 }).catch((error: unknown) => error);
    let settled: unknown;
    void failing.then((error) => {
      settled = error;
    });
    for (let ms = 0; ms < 400 && settled === undefined; ms++) {
      await new Promise(setImmediate);
      clock.advance(1);
    }
    expect(await failing).toMatchObject({ name: "DeadlineExceededError", outcome: "not_applied", details: { name: "n" } });
    expect(await session.get("n")).toBe(seen.length);
  }));

it("what a deadline overtakes while the function runs is not written", () =>
  play(async (session, clock) => {
    const slow = async (): Promise<number> => {
      clock.advance(300);
      return 1;
    };
    const error = await session.updateVariable("n", slow, { timeoutMs: 200 }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: "DeadlineExceededError", outcome: "not_applied" });
    expect(await session.has("n")).toBe(false);
  }));
