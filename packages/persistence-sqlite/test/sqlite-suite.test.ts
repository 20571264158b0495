import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { persistenceSuite } from "@session-bridge/core/testing";
import { describe, expect, it } from "vitest";
import { sqlitePersistence } from "../src/index.ts";

const SECTIONS = ["requests", "history", "checkpoints", "declarations", "fork"];

// What is written does not depend on what a save waits for: all sections once on a file are enough.
describe.each([
  ["fsync", "power", SECTIONS],
  ["commit", "process", ["requests"]],
] as const)("sqlitePersistence on a file with durability %s", (durability, survives, sections) => {
  persistenceSuite(
    { describe, it, expect },
    {
      survives,
      sections,
      async fixture() {
        const directory = await mkdtemp(join(tmpdir(), "session-bridge-sqlite-"));
        return {
          create: () => sqlitePersistence({ file: join(directory, "sessions.db"), durability }),
          cleanUp: () => rm(directory, { recursive: true }),
        };
      },
    },
  );
});

describe("sqlitePersistence in memory", () => {
  persistenceSuite(
    { describe, it, expect },
    {
      survives: "nothing",
      sections: SECTIONS,
      fixture: () => ({ create: () => sqlitePersistence({ file: ":memory:" }), cleanUp: async () => {} }),
    },
  );
});
