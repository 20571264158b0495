import type { AnsweringDelta } from "@session-bridge/core";
import { describe, expect, it } from "vitest";
import { packDeltas, unpackDeltas } from "../src/packed-deltas.ts";
import { create, NOW_MS, noise, variable } from "./scratch.ts";

const request = (answer: Uint8Array | undefined) => ({ requestId: "r", digest: noise(32), answer, atMs: NOW_MS });
const common = { key: { tenant: "t", id: "s" }, nowMs: NOW_MS, request: undefined };
const record = {
  revision: 7,
  createdAtMs: NOW_MS - 1,
  accessedAtMs: NOW_MS,
  ttlMs: 1_000,
  endsAtMs: NOW_MS + 9,
  expiresAtMs: NOW_MS + 5,
  labels: { user: "ü" },
  variableCount: 2,
  sizeBytes: 99,
  historyEntries: 3,
};
const set = [
  variable("a"),
  { ...variable("b"), bytes: noise(5_000), expiresAtMs: NOW_MS + 5 },
  { ...variable("c"), bytes: new Uint8Array() },
];
const sections = {
  history: {
    sinceRevision: undefined,
    kept: [{ name: "a", revision: 1 }],
    ended: [{ name: "b", revision: 2, kind: "delete", atMs: NOW_MS }],
    dropped: [],
  },
  checkpoints: { removed: ["x"], set: [{ label: "y", revision: 7, createdAtMs: NOW_MS }] },
  declarations: { removed: ["a"], set: [{ name: "b", schema: noise(9), revision: 7 }] },
} as const;

/** One of each kind, and one of each for which a field is absent. */
const DELTAS: readonly AnsweringDelta[] = [
  { kind: "create", ...common, record, set, sections },
  { kind: "create", ...common, record, set: [], sections: undefined, request: request(noise(20, 2)) },
  { kind: "fork", ...common, source: { key: { tenant: "", id: "source" }, revision: 6 }, record },
  { kind: "write", ...common, baseRevision: 6, record, set, removed: ["c", "d"], sections: undefined, request: request(undefined) },
  { kind: "write", ...common, baseRevision: 6, record, set: [], removed: [], sections, request: request(new Uint8Array()) },
  { kind: "delete", ...common, baseRevision: 6, revision: 7 },
  { kind: "expire", ...common, baseRevision: 6, revision: 7, record, removed: ["a"], sections },
  { kind: "expire", ...common, baseRevision: 6, revision: 7, record: undefined, removed: [], sections: undefined },
  { kind: "extend", ...common, accessedAtMs: NOW_MS, expiresAtMs: NOW_MS + 1, request: request(noise(3)) },
];

describe("packed deltas", () => {
  it("are what they were on the other side, each kind alone and all of them one after another", () => {
    for (const given of [...DELTAS.map((delta) => [delta]), DELTAS, [...DELTAS].reverse(), []]) {
      expect(unpackDeltas(structuredClone(packDeltas(given)))).toEqual(given);
    }
  });

  it("take along what the contract names and nothing else of what they are given", () => {
    const strange = { ...create("s"), whatCannotTravel: () => {}, request: { ...request(undefined), neither: Symbol("this") } };
    const [delta] = unpackDeltas(structuredClone(packDeltas([strange])));
    expect(delta).toEqual({ ...create("s"), request: request(undefined) });
  });
});
