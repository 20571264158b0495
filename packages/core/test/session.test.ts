import { describe, expect, it } from "vitest";
import { memoryPersistence, SessionManager } from "../src/index.ts";
import { sessionSuite } from "../src/testing/index.ts";

const LONGEST_MS = 120_000;

describe("the session in this process", () =>
  sessionSuite({ describe, it: (name, body) => it(name, body, LONGEST_MS), expect }, (place) => {
    const manager = new SessionManager(place);
    return { directory: () => manager, cleanUp: () => manager.close() };
  }));

describe("the session in this process, behind its store", () =>
  sessionSuite({ describe, it: (name, body) => it(name, body, LONGEST_MS), expect }, (place) => {
    const inner = memoryPersistence();
    const persistence = { ...inner, capabilities: { ...inner.capabilities, survives: "process" as const } };
    // The laws move the time by hours while a save goes on.
    const manager = new SessionManager({ ...place, persistence, writeBehind: { backlogMs: 1e12 } });
    return { directory: () => manager, cleanUp: () => manager.close() };
  }));

it.each([
  [7, "SessionManager's writeBehind must be an object"],
  [{ window: 5 }, 'SessionManager\'s writeBehind has no option "window"; it has windowMs, backlogBytes, backlogMs'],
  [{ windowMs: 0 }, "SessionManager's writeBehind.windowMs must be a whole number, 1 or greater"],
  [{}, "write-behind needs a store of its own that keeps what it is given"],
])("writeBehind %j is refused by name without a store", (writeBehind, message) => {
  expect(() => new SessionManager({ writeBehind: writeBehind as object })).toThrow(message);
});
