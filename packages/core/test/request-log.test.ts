import fc from "fast-check";
import { expect, it } from "vitest";
import { REQUEST_MEMORY_BYTES, REQUEST_MEMORY_MS, type RememberedRequest } from "../src/persistence.ts";
import { requestLog } from "../src/request-log.ts";

/** What is remembered of a session, and the moment of the latest that had no room any more. */
interface Model {
  known: readonly RememberedRequest[];
  forgottenAtMs: number;
}

const SESSIONS = ["a", "b", "ab"];
const IDS = ["r", "s", "br", "t"];
const LARGE = new Uint8Array(REQUEST_MEMORY_BYTES / 3);

const step = fc.record({
  session: fc.constantFrom(...SESSIONS),
  requestId: fc.constantFrom(...IDS),
  laterMs: fc.constantFrom(0, 1, 500, 1_000, REQUEST_MEMORY_MS / 3, REQUEST_MEMORY_MS - 1),
  answer: fc.constantFrom(undefined, new Uint8Array(9), LARGE),
  outcome: fc.constantFrom("saved", "saved", "conflict"),
});
const sizeOf = ({ requestId, digest, answer }: RememberedRequest): number => requestId.length + digest.length + (answer?.length ?? 0);
const sum = (requests: readonly RememberedRequest[]): number => requests.reduce((bytes, request) => bytes + sizeOf(request), 0);

it("[P6] a log of requests knows those of ten minutes, of each session the latest that have room, and none of another session", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const log = requestLog();
      const sessions = new Map(SESSIONS.map((session): [string, Model] => [session, { known: [], forgottenAtMs: -1 }]));
      let nowMs = 1_000_000;
      for (const [i, { session, requestId, laterMs, answer, outcome }] of steps.entries()) {
        nowMs += laterMs;
        const sinceMs = nowMs - REQUEST_MEMORY_MS + 1;
        for (const model of sessions.values()) model.known = model.known.filter(({ atMs }) => atMs >= sinceMs);
        const model = sessions.get(session) as Model;
        const request = { requestId, digest: Uint8Array.of(i), answer, atMs: nowMs };
        const isKnown = model.known.some((one) => one.requestId === requestId);
        expect(log.once(session, request, nowMs, () => outcome)).toBe(isKnown ? "conflict" : outcome);
        if (!isKnown && outcome === "saved") {
          model.known = [...model.known, request];
          while (sum(model.known) > REQUEST_MEMORY_BYTES) {
            model.forgottenAtMs = model.known[0]?.atMs ?? Number.NaN;
            model.known = model.known.slice(1);
          }
        }
        for (const [name, { known }] of sessions)
          expect(IDS.filter((id) => log.find(name, id, nowMs).request !== undefined)).toEqual(
            IDS.filter((id) => known.some((one) => one.requestId === id)),
          );
        const found = log.find(session, requestId, nowMs);
        expect(found.request?.digest).toEqual(model.known.find((one) => one.requestId === requestId)?.digest);
        expect(found.rememberedSinceMs).toBe(Math.max(sinceMs, model.forgottenAtMs + 1));
      }
    }),
  );
});
