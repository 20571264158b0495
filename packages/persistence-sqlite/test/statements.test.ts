import { describe, expect, it, vi } from "vitest";
import { IN_MEMORY, openWriter } from "../src/connections.ts";
import { reading } from "../src/reading.ts";
import { writing } from "../src/writing.ts";

/** Every statement of the package, as it was prepared. */
function statements() {
  const db = openWriter(IN_MEMORY);
  const prepare = vi.spyOn(db, "prepare");
  reading(db);
  writing(db);
  const sources = prepare.mock.calls.map(([source]) => source);
  prepare.mockRestore();
  return { db, sources };
}

describe("statements", () => {
  it("find what they want through an index, however many sessions there are", () => {
    const { db, sources } = statements();
    expect(sources.length).toBeGreaterThan(10);
    for (const source of sources) {
      const names = Object.fromEntries([...source.matchAll(/:(\w+)/g)].map(([, name]) => [name, 1]));
      const positions = [...source.matchAll(/\?/g)].map(() => 1);
      const plan = db.prepare(`EXPLAIN QUERY PLAN ${source}`).all(...(positions.length > 0 ? positions : [names])) as { detail: string }[];
      const scans = plan.filter(({ detail }) =>
        /^SCAN (sessions|[vlhkct]\b|\w*variables|large_values|history\w*|checkpoints|declarations)|TEMP B-TREE/.test(detail),
      );
      expect([source, scans]).toEqual([source, []]);
    }
  });

  it("look for a value in a checkpoint by its name, not at all that the checkpoints of its session have", () => {
    const { db, sources } = statements();
    const looking = sources.filter((source) => / (k|v)\.revision = /.test(source) && source.includes("checkpoint_variables"));
    expect(looking.length).toBe(3);
    for (const source of looking) {
      const positions = [...source.matchAll(/\?/g)].map(() => 1);
      const plan = db.prepare(`EXPLAIN QUERY PLAN ${source}`).all(...positions) as { detail: string }[];
      expect(plan.map(({ detail }) => detail).join("; ")).toMatch(/SEARCH [kv] USING PRIMARY KEY \(session=\? AND label=\? AND name=\?\)/);
    }
  });
});
