import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openWriter } from "../src/connections.ts";
import { recovering, reopen } from "../src/recovery.ts";
import type { WorkerLink } from "../src/worker-link.ts";
import { scratchDirectory } from "./scratch.ts";

/** Links that note what they are asked, and fail what is named in `failing`. */
function links() {
  const asked: string[] = [];
  const failing = new Set<string>();
  const link = (role: string): WorkerLink => ({
    async ask(method) {
      asked.push(`${role} ${method}`);
      if (failing.has(method)) throw new Error(`${method} failed`);
      return { answer: undefined as never };
    },
    end: async () => {},
  });
  return { asked, failing, ...recovering(link("writer"), link("reader")) };
}

describe("after a save that failed", () => {
  it("[P5] [P13] nobody is answered before the writer has recovered, and everybody waits for the same recovery", async () => {
    const { asked, failing, writer, reader } = links();
    failing.add("save");
    await expect(writer.ask("save", [])).rejects.toThrow("save failed");
    failing.clear();
    const key = { tenant: "", id: "s" };
    await Promise.all([reader.ask("load", key), writer.ask("save", []), reader.ask("load", key)]);
    expect(asked).toEqual(["writer save", "writer recover", "reader load", "writer save", "reader load"]);
  });

  it("[P13] a recovery that fails is tried again by whoever asks next, and nothing else is done", async () => {
    const { asked, failing, writer, reader } = links();
    failing.add("save").add("recover");
    await expect(writer.ask("save", [])).rejects.toThrow("save failed");
    await expect(reader.ask("due", { nowMs: 0, limit: 1 })).rejects.toThrow("recover failed");
    await expect(writer.ask("save", [])).rejects.toThrow("recover failed");
    failing.clear();
    await writer.ask("save", []);
    expect(asked).toEqual(["writer save", "writer recover", "writer recover", "writer recover", "writer save"]);
  });

  it("a load that fails puts nothing in doubt", async () => {
    const { asked, failing, reader } = links();
    failing.add("load");
    await expect(reader.ask("load", { tenant: "", id: "s" })).rejects.toThrow("load failed");
    await reader.ask("due", { nowMs: 0, limit: 1 });
    expect(asked).toEqual(["reader load", "reader due"]);
  });
});

it("[P13] a connection that is opened anew has written to the disk, emptied the log and kept what was there", () => {
  const file = join(scratchDirectory(), "sessions.db");
  const before = openWriter(file);
  before.exec("UPDATE store SET last_now_ms = 7");
  const db = reopen(before, file, "commit");
  expect(before.open).toBe(false);
  expect(db.prepare("SELECT last_now_ms FROM store").pluck().get()).toBe(7);
  expect(db.pragma("synchronous", { simple: true })).toBe(1);
  expect(db.pragma("wal_checkpoint(PASSIVE)")).toEqual([{ busy: 0, log: 0, checkpointed: 0 }]);
  db.close();
});
