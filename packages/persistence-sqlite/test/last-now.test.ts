/** The last now of a store, which is with its latest request or in a row of its own: what the clock law needs after a crash. */
import { type AnsweringDelta, REQUEST_MEMORY_BYTES, REQUEST_MEMORY_MS } from "@session-bridge/core";
import { describe, expect, it } from "vitest";
import { IN_MEMORY, openWriter } from "../src/connections.ts";
import { writing } from "../src/writing.ts";
import { create, NOW_MS } from "./scratch.ts";

/** A store that sets a session at moments after NOW_MS, with a request or without. */
function clocked() {
  const db = openWriter(IN_MEMORY);
  const writes = writing(db);
  let ids = 0;
  const deltaAt = (ms: number, answerBytes?: number): AnsweringDelta => {
    const atMs = NOW_MS + ms;
    const requestId = `r${++ids}`;
    const request =
      answerBytes === undefined ? undefined : { requestId, digest: new Uint8Array(32), answer: new Uint8Array(answerBytes), atMs };
    return { ...create(`s${ids}`), nowMs: atMs, request };
  };
  const save = (...given: readonly AnsweringDelta[]): void => {
    expect(writes.save(given)).toEqual(given.map(() => "saved"));
  };
  return {
    deltaAt,
    save,
    writes,
    /** The last now after NOW_MS, as whoever opens the file next is told. */
    lastNow: () => writing(db).numbers().lastNowMs - NOW_MS,
    /** The same as the row of its own has it, undefined until it has any. */
    row: () => (db.prepare("SELECT last_now_ms AS at FROM store").get() as { readonly at: number }).at - NOW_MS,
  };
}

describe("the last now of a store", () => {
  it("is that of the latest change, with requests and without, in whatever order they come", () => {
    const { save, deltaAt, lastNow } = clocked();
    save(deltaAt(5));
    expect(lastNow()).toBe(5);
    save(deltaAt(7, 10));
    expect(lastNow()).toBe(7);
    save(deltaAt(9), deltaAt(8, 10));
    expect(lastNow()).toBe(9);
    save(deltaAt(8, 10));
    expect(lastNow()).toBe(9);
    save(deltaAt(12, 10), deltaAt(11, 10));
    expect(lastNow()).toBe(12);
    save(deltaAt(11, 10));
    expect(lastNow()).toBe(12);
  });

  it("costs a change that has a request no row of its own", () => {
    const { save, deltaAt, lastNow, row } = clocked();
    save(deltaAt(5));
    for (let ms = 6; ms < 50; ms++) save(deltaAt(ms, 10));
    expect([row(), lastNow()]).toEqual([5, 49]);
  });

  it("outlives the request that told it: forgotten in time, for lack of room, or too large to be kept", () => {
    const { save, deltaAt, writes, lastNow } = clocked();
    save(deltaAt(5, 10), deltaAt(6, 10));
    expect(writes.forgetRequests({ nowMs: NOW_MS + 6 + REQUEST_MEMORY_MS })).toEqual({ oldestAtMs: undefined });
    expect(lastNow()).toBe(6);
    save(deltaAt(20, REQUEST_MEMORY_BYTES));
    expect(lastNow()).toBe(20);
  });
});
