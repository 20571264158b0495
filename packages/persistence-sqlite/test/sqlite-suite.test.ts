import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { persistenceSuite } from "@session-bridge/core/testing";
import { describe, expect, it } from "vitest";
import { sqlitePersistence } from "../src/index.ts";

describe.each([
  ["fsync", "power"],
  ["commit", "process"],
] as const)("sqlitePersistence on a file with durability %s", (durability, survives) => {
  persistenceSuite(
    { describe, it, expect },
    {
      survives,
      sections: ["requests", "history", "checkpoints", "declarations", "fork"],
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
      sections: ["requests", "history", "checkpoints", "declarations", "fork"],
      fixture: () => ({ create: () => sqlitePersistence({ file: ":memory:" }), cleanUp: async () => {} }),
    },
  );
});
