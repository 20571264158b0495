import { REQUEST_MEMORY_BYTES, REQUEST_MEMORY_MS, type RememberedRequest } from "@session-bridge/core";
import { describe, expect, it } from "vitest";
import { IN_MEMORY, openWriter } from "../src/connections.ts";
import * as requests from "../src/requests.ts";

const NOW_MS = 1_800_000_000_000;
const KEY = { tenant: "", id: "s" };
const request = (requestId: string, atMs: number, answerBytes = 10): RememberedRequest => ({
  requestId,
  digest: new Uint8Array(32),
  answer: new Uint8Array(answerBytes),
  atMs,
});

describe("remembered requests", () => {
  it("keep to the numbers of the contract", () => {
    expect([requests.REQUEST_MEMORY_MS, requests.REQUEST_MEMORY_BYTES]).toEqual([REQUEST_MEMORY_MS, REQUEST_MEMORY_BYTES]);
  });

  it("[P22] leave the file when newer ones come in after their time, so that the table does not grow for ever", () => {
    const db = openWriter(IN_MEMORY);
    const memory = requests.requestMemory(db);
    for (let i = 0; i < 500; i++) memory.remember(KEY, request(`old-${i}`, NOW_MS));
    for (let i = 0; i < 200; i++) memory.remember({ ...KEY, id: `other-${i % 7}` }, request(`new-${i}`, NOW_MS + REQUEST_MEMORY_MS));
    expect(db.prepare("SELECT count(*) AS rows FROM requests").get()).toEqual({ rows: 200 });
  });

  it("[P22] [P23] are forgotten in steps of a bounded size, the oldest first, and only after their time", () => {
    const db = openWriter(IN_MEMORY);
    const memory = requests.requestMemory(db);
    for (let i = 0; i < 1_500; i++) memory.remember({ ...KEY, id: `s${i}` }, request(`r${i}`, NOW_MS + i));
    for (let i = 0; i < 10; i++) memory.remember({ ...KEY, id: `s${i}` }, request(`large-${i}`, NOW_MS + 1_500 + i, 100_000));
    const left = () => (db.prepare("SELECT count(*) AS rows FROM requests").get() as { readonly rows: number }).rows;
    expect([memory.forgetOld(NOW_MS + REQUEST_MEMORY_MS - 1), left()]).toEqual([NOW_MS, 1_510]);
    expect([memory.forgetOld(NOW_MS + REQUEST_MEMORY_MS + 1_505), left()]).toEqual([NOW_MS + 1_000, 510]);
    expect([memory.forgetOld(NOW_MS + REQUEST_MEMORY_MS + 1_505), left()]).toEqual([NOW_MS + 1_503, 7]);
    expect([memory.forgetOld(NOW_MS + REQUEST_MEMORY_MS + 1_505), left()]).toEqual([NOW_MS + 1_506, 4]);
    expect([memory.forgetOld(NOW_MS + 2 * REQUEST_MEMORY_MS), memory.forgetOld(NOW_MS + 2 * REQUEST_MEMORY_MS), left()]).toEqual([
      NOW_MS + 1_509,
      undefined,
      0,
    ]);
  });

  it("[P6] never take more than a session's room, whatever was counted before", () => {
    const db = openWriter(IN_MEMORY);
    let memory = requests.requestMemory(db);
    for (let i = 0; i < 300; i++) {
      if (i % 50 === 0) memory = requests.requestMemory(db);
      memory.remember(KEY, request(`r${i}`, NOW_MS + i, 10_000));
    }
    const { bytes, rows } = db.prepare("SELECT sum(size_bytes) AS bytes, count(*) AS rows FROM requests").get() as Record<string, number>;
    expect(bytes).toBeLessThanOrEqual(REQUEST_MEMORY_BYTES);
    expect(rows).toBeGreaterThan(100);
    const find = requests.requestFinder(db);
    expect(find(KEY, "r299", NOW_MS + 300).request).toMatchObject({ requestId: "r299", atMs: NOW_MS + 299 });
    expect(find(KEY, "r0", NOW_MS + 300)).toEqual({ request: undefined, rememberedSinceMs: NOW_MS + 300 - (rows ?? 0) });
  });
});
