/** Streams over the direct carrier: as much as they have credit for, and their ends. */
import { FRAME } from "@session-bridge/client/frames";
import { SessionNotFoundError } from "@session-bridge/core/internal";
import { manualClock } from "@session-bridge/core/testing";
import { WatchVariablesRequest, WatchVariablesResponse } from "@session-bridge/protocol/session_bridge/v1/variables";
import { describe, expect, test } from "vitest";
import { directClient, numberOf, refusalIn, requestOf } from "./support/direct-client.ts";
import { counting, FOUND, GET, NOTHING, revisionOf, serving, WATCH } from "./support/direct-serving.ts";
import { testServer } from "./support/test-server.ts";

describe("a watch", () => {
  test("[P15] is told of a commit before its writer is answered, and others who watch the same are told the same", async () => {
    const { address } = await testServer();
    const [writer, reader] = [directClient(address), directClient(address)];
    const watched = WatchVariablesRequest.encode(WatchVariablesRequest.fromPartial({ sessionId: "s", prefix: "a" })).finish();
    for (const client of [writer, reader]) {
      await client.welcome;
      client.send({ kind: FRAME.call, call: 7, method: WATCH }, watched);
      client.send({ kind: FRAME.credit, call: 7, number: 32 });
      expect(WatchVariablesResponse.decode((await client.next()).payload).caughtUp).toBe(true);
    }
    for (const [call, byte] of [
      [8, 1],
      [9, 2],
    ] as const) {
      const value = Buffer.of(byte);
      writer.send(
        { kind: FRAME.call, call, method: numberOf("SetVariable") },
        requestOf("setVariable", { sessionId: "s", name: "a", value }),
      );
      const [told, answered, toldElsewhere] = [await writer.next(), await writer.next(), await reader.next()];
      expect([told, answered, toldElsewhere].map((frame) => frame.call)).toEqual([7, call, 7]);
      expect(WatchVariablesResponse.decode(told.payload).changes.at(-1)?.variable?.value).toEqual(value);
      expect(toldElsewhere.payload).toEqual(told.payload);
    }
  });
});

describe("a stream", () => {
  test("sends as many items as it has credit for, and reads no further than one more", async () => {
    const { state, watch } = counting();
    const { direct } = await serving({ watch });
    direct.send({ kind: FRAME.call, call: 1, method: WATCH });
    direct.send({ kind: FRAME.credit, call: 1, number: 3 });
    for (let i = 1; i <= 3; i++) expect(revisionOf((await direct.next(({ call }) => call === 1)).payload)).toBe(i);
    direct.send({ kind: FRAME.ping });
    await direct.next(({ kind }) => kind === FRAME.pong);
    expect(direct.frames.filter(({ call }) => call === 1)).toEqual([]);
    expect(state.given).toBe(4);
    direct.send({ kind: FRAME.credit, call: 1, number: 1 });
    expect(revisionOf((await direct.next(({ call }) => call === 1)).payload)).toBe(4);
  });

  test("without credit holds up nobody, and is cut when it takes nothing for a minute", async () => {
    const clock = manualClock();
    const { state, watch } = counting();
    const { direct } = await serving({ watch, get: () => FOUND }, {}, { clock });
    direct.send({ kind: FRAME.call, call: 1, method: WATCH });
    direct.send({ kind: FRAME.call, call: 2, method: GET });
    expect((await direct.next(({ call }) => call === 2)).kind).toBe(FRAME.answer);
    await expect.poll(() => state.given).toBe(1);
    clock.advance(59_999);
    expect(state.aborted).toBe(false);
    clock.advance(1);
    expect(refusalIn(await direct.next(({ call }) => call === 1))).toMatchObject({ code: 8, reason: "WATCH_TOO_SLOW" });
    expect(state.aborted).toBe(true);
  });

  test("ends when it is cancelled, when its connection is lost, and at its deadline", async () => {
    const { state, watch } = counting();
    const { direct, connect } = await serving({ watch });
    direct.send({ kind: FRAME.call, call: 1, method: WATCH });
    await expect.poll(() => state.given).toBe(1);
    direct.send({ kind: FRAME.cancel, call: 1 });
    await expect.poll(() => state.aborted).toBe(true);
    state.aborted = false;
    direct.send({ kind: FRAME.call, call: 1, method: WATCH, number: 20 });
    expect(refusalIn(await direct.next(({ call }) => call === 1))).toMatchObject({ code: 4 });
    expect(state.aborted).toBe(true);
    state.aborted = false;
    const other = connect();
    other.send({ kind: FRAME.call, call: 1, method: WATCH });
    await expect.poll(() => state.given).toBe(3);
    other.socket.destroy();
    await expect.poll(() => state.aborted).toBe(true);
  });

  test("that has no more to say ends with END, and one that fails with its error, credit or not", async () => {
    let failure: Error | undefined;
    const { direct } = await serving({
      async *watch() {
        if (failure !== undefined) throw failure;
        yield* [];
      },
    });
    expect((await direct.call(WATCH, NOTHING)).kind).toBe(FRAME.end);
    failure = new SessionNotFoundError("gone");
    expect(refusalIn(await direct.call(WATCH, NOTHING))).toMatchObject({ code: 5, reason: "SESSION_NOT_FOUND" });
    expect(refusalIn(await direct.call(WATCH, Buffer.of(0xff)))).toMatchObject({ code: 3, reason: "INVALID_ARGUMENT" });
  });

  test("beyond those that a connection may have is refused, and the others go on", async () => {
    const { watch } = counting();
    const { direct } = await serving({ watch }, { streamsPerConnection: 2 });
    for (const call of [1, 2, 3]) {
      direct.send({ kind: FRAME.call, call, method: WATCH });
      direct.send({ kind: FRAME.credit, call, number: 1 });
    }
    expect(refusalIn(await direct.next(({ call }) => call === 3))).toMatchObject({ code: 8, reason: "OVERLOADED" });
    expect((await direct.next(({ call }) => call === 1)).kind).toBe(FRAME.item);
    direct.send({ kind: FRAME.cancel, call: 1 });
    direct.send({ kind: FRAME.call, call: 4, method: WATCH });
    direct.send({ kind: FRAME.credit, call: 4, number: 1 });
    expect((await direct.next(({ call }) => call === 4)).kind).toBe(FRAME.item);
  });
});
