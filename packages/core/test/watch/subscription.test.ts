import { describe, expect, it } from "vitest";
import { iterated, subscribed } from "../../src/subscription.ts";
import { settled } from "../engine/stage.ts";

/** Subscribes to numbers up to `count`, and then to `failure` if there is one; `asked` counts how many were made. */
function numbers(count: number, failure?: Error) {
  const abort = new AbortController();
  const state = { asked: 0, ready: 0, left: false };
  async function* source() {
    try {
      for (let i = 1; i <= count; i++) {
        state.asked += 1;
        yield i;
      }
      if (failure) throw failure;
    } finally {
      state.left = true;
    }
  }
  const subscription = subscribed(source(), {
    signal: abort.signal,
    ready: () => {
      state.ready += 1;
    },
  });
  return { abort, state, subscription };
}

describe("a subscription to an iteration", () => {
  it("asks for nothing before the first take, and for one more when one was taken; it says when that is here", async () => {
    const { state, subscription } = numbers(2);
    await settled();
    expect(state).toMatchObject({ asked: 0, ready: 0 });
    for (const each of [1, 2]) {
      expect(subscription.take()).toBeUndefined();
      await settled();
      expect(state).toMatchObject({ asked: each, ready: each });
      expect(subscription.take()).toBe(each);
    }
    expect(subscription.isOver).toBe(false);
    expect(subscription.take()).toBeUndefined();
    await settled();
    expect([subscription.isOver, subscription.take(), state.ready]).toEqual([true, undefined, 3]);
  });

  it("throws what the iteration fails with", async () => {
    const { state, subscription } = numbers(0, new Error("lost"));
    expect(subscription.take()).toBeUndefined();
    await settled();
    expect(state.ready).toBe(1);
    expect(() => subscription.take()).toThrow("lost");
  });

  it("leaves the iteration when its signal is aborted, and calls nobody any more", async () => {
    const { abort, state, subscription } = numbers(2);
    subscription.take();
    abort.abort();
    await settled();
    expect(state).toMatchObject({ ready: 0, left: true });
  });

  it("iterated over again gives the same, its end and its failure too, and ends at once when the signal is aborted", async () => {
    const all = async (count: number, failure?: Error): Promise<unknown[]> => {
      const { signal } = new AbortController();
      const given: unknown[] = [];
      async function* source() {
        for (let i = 1; i <= count; i++) yield i;
        if (failure) throw failure;
      }
      try {
        for await (const each of iterated((subscriber) => subscribed(source(), subscriber), signal)) given.push(each);
      } catch (error) {
        given.push(error);
      }
      return given;
    };
    const failure = new Error("lost");
    expect(await all(3)).toEqual([1, 2, 3]);
    expect(await all(1, failure)).toEqual([1, failure]);
    const abort = new AbortController();
    const waiting = iterated(() => ({ isOver: false, take: () => undefined }), abort.signal).next();
    abort.abort();
    expect(await waiting).toEqual({ done: true, value: undefined });
  });
});
