/** The earliest deadline that a session's row tells: looked for among all of them, or known without a look. */
import type { SessionDelta } from "@session-bridge/core";
import { array, assert, constantFrom, integer, option, property, record as recordOf } from "fast-check";
import { expect, it } from "vitest";
import { IN_MEMORY, openWriter } from "../src/connections.ts";
import { writing } from "../src/writing.ts";
import { create, NOW_MS, variable } from "./scratch.ts";

const deadline = option(integer({ min: 1, max: 4 }), { nil: undefined });
const name = constantFrom("v", "w");
const step = recordOf({
  expires: deadline,
  set: array(recordOf({ name, expires: deadline }), { maxLength: 2 }),
  removed: array(name, { maxLength: 1 }),
});

it("[P8] of a session is the earliest of its own and its variables', whatever changes", () => {
  assert(
    property(array(step, { maxLength: 12 }), (steps) => {
      const db = openWriter(IN_MEMORY);
      const { save } = writing(db);
      const { key, record, ...rest } = create("s");
      const own = new Map<string, number | undefined>([["v", undefined]]);
      save([{ kind: "create", key, record, nowMs: NOW_MS, set: rest.set }]);
      for (const [i, { expires, set, removed }] of steps.entries()) {
        const revision = i + 2;
        const given = set.map((one) => ({ ...variable(one.name), revision, expiresAtMs: one.expires }));
        const delta: SessionDelta = {
          kind: "write",
          key,
          nowMs: NOW_MS,
          baseRevision: revision - 1,
          record: { ...record, revision, expiresAtMs: expires },
          set: given,
          removed,
        };
        expect(save([delta])).toEqual(["saved"]);
        for (const gone of removed) own.delete(gone);
        for (const one of set) own.set(one.name, one.expires);
        const all = [expires, ...own.values()].filter((at) => at !== undefined);
        expect(db.prepare("SELECT due_at_ms FROM sessions").pluck().get()).toBe(all.length === 0 ? null : Math.min(...all));
      }
      db.close();
    }),
  );
});
