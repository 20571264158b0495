import { describe, expect, it } from "vitest";
import { SessionManager } from "../src/index.ts";
import { sessionSuite } from "../src/testing/index.ts";

const LONGEST_MS = 120_000;

describe("the session in this process", () =>
  sessionSuite({ describe, it: (name, body) => it(name, body, LONGEST_MS), expect }, (place) => {
    const manager = new SessionManager(place);
    return { directory: () => manager, cleanUp: () => manager.close() };
  }));
