import fc from "fast-check";
import { expect, it } from "vitest";
import { LoadedSessions } from "../../src/loaded-sessions.ts";
import type { ObserverEvent } from "../../src/observer.ts";
import { type SessionState, weightOf } from "../../src/session-state.ts";
import { VariableStore } from "../../src/variable-store.ts";

const key = (id: string) => ({ tenant: "", id });
const step = fc.record({
  what: fc.constantFrom("get", "make", "weigh", "weigh", "drop", "busy", "idle"),
  id: fc.constantFrom("a", "b", "c", "d", "e", "f"),
});
const record = {
  revision: 1,
  createdAtMs: 0,
  accessedAtMs: 0,
  ttlMs: undefined,
  endsAtMs: undefined,
  expiresAtMs: undefined,
  labels: {},
  variableCount: 0,
  sizeBytes: 0,
};
const head = { store: VariableStore.create(), record };

function loaded(sessions: LoadedSessions, id: string): SessionState {
  const state = sessions.make(key(id));
  state.committed = head;
  state.pending = head;
  state.phase = "ready";
  return state;
}

it("[P14] the clean session that was used longest ago leaves first, whatever was used, changed and dropped before", () => {
  const each = weightOf(loaded(new LoadedSessions({ memoryBytes: undefined, tell: undefined }), "a"));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 4 }), (steps, room) => {
      const left: string[] = [];
      const tell = (event: ObserverEvent) => {
        if (event.kind === "session.evicted") left.push(event.key.id);
      };
      const sessions = new LoadedSessions({ memoryBytes: each * room, tell });
      /** Those that are here, the one used longest ago first. */
      let order: string[] = [];
      const weighed = new Set<string>();
      const busy = new Set<string>();
      for (const { what, id } of steps) {
        const isHere = order.includes(id);
        if (isHere || what === "make" || what === "weigh") order = [...order.filter((one) => one !== id), id];
        if (what === "make" || what === "weigh") loaded(sessions, id);
        const state = sessions.get(key(id));
        expect(state !== undefined).toBe(order.includes(id));
        if (state === undefined) continue;
        if (what === "drop") {
          sessions.drop(state);
          order = order.filter((one) => one !== id);
          weighed.delete(id);
          busy.delete(id);
        }
        if (what === "busy") busy.add(id);
        if (what === "idle") busy.delete(id);
        state.readers = busy.has(id) ? 1 : 0;
        if (what !== "weigh") continue;
        sessions.weigh(state);
        weighed.add(id);
        const expected: string[] = [];
        for (const one of order) {
          if (weighed.size <= room) break;
          if (one === id || busy.has(one)) continue;
          expected.push(one);
          weighed.delete(one);
        }
        order = order.filter((one) => !expected.includes(one));
        expect(left.splice(0)).toEqual(expected);
        expect([sessions.size, sessions.weightBytes]).toEqual([order.length, weighed.size * each]);
      }
    }),
  );
});
