import { BridgeClosedError, CancelledError, DeadlineExceededError, ServerUnavailableError, type Session } from "@session-bridge/core";
import { type RunningServer, startServer } from "@session-bridge/server";
import { describe, expect, it } from "vitest";
import { type Bridge, type ConnectOptions, connect } from "../src/index.ts";
import { CARRIERS } from "./support/carriers.ts";
import { type FakeAnswers, type FakeServer, fakeServer } from "./support/fake-server.ts";
import { freePort, later, rejection } from "./support/scope.ts";

async function serve(listen = "127.0.0.1:0") {
  const server = await startServer({ listen });
  later(() => server.stop({ graceMs: 0 }));
  return server;
}

/** Stops a server, and waits until the session's bridge knows that it is gone. */
async function lose(server: RunningServer, session: Session): Promise<void> {
  await server.stop({ graceMs: 0 });
  await rejection(session.get("x", { timeoutMs: 100 }));
}

const UNAVAILABLE = { code: 14 };
const NIL = Buffer.from([0xc0]);

describe.each(CARRIERS)("over %s,", (carrier) => {
  function bridgeTo(address: string, options?: ConnectOptions): Bridge {
    const bridge = connect(address, { carrier, ...options });
    later(() => bridge.close());
    return bridge;
  }

  async function fake(answers: FakeAnswers): Promise<FakeServer> {
    const server = await fakeServer(answers, carrier);
    later(() => server.kill());
    return server;
  }

  describe("a bridge without a server", () => {
    it("fails every call within a second, naming the address and what to start", async () => {
      const address = `localhost:${await freePort()}`;
      const session = bridgeTo(address).session("s");
      for (const call of [
        () => session.get("x"),
        () => session.set("x", 1),
        () => session.updateVariable("x", () => 1),
        () => session.info(),
      ]) {
        const startedAt = performance.now();
        const error = await rejection<ServerUnavailableError>(call());
        expect(error).toBeInstanceOf(ServerUnavailableError);
        expect(error).toMatchObject({ reason: "UNREACHABLE", outcome: "not_applied" });
        expect(error.message).toContain(address);
        expect(error.message).toContain("npx @session-bridge/server serve");
        expect(performance.now() - startedAt).toBeLessThan(1_000);
      }
    });

    it("finds a server that is started afterwards", async () => {
      const address = `127.0.0.1:${await freePort()}`;
      const session = bridgeTo(address).session("s");
      await rejection(session.set("x", 1));
      await serve(address);
      await session.set("x", 1);
      expect(await session.get("x")).toBe(1);
    });

    it("connects when it is first used, not before", () => {
      expect(() => bridgeTo("127.0.0.1:1").session("s")).not.toThrow();
    });
  });

  describe("closing a bridge", () => {
    it("fails later calls at once, and touches no other bridge", async () => {
      const { address } = await serve();
      const [closed, other] = [bridgeTo(address), bridgeTo(address)];
      await closed.session("s").set("x", 1);
      await closed.close();
      await closed.close();
      expect(await rejection(closed.session("s").get("x"))).toBeInstanceOf(BridgeClosedError);
      expect(await rejection(closed.session("s").set("x", 2))).toMatchObject({ reason: "BRIDGE_CLOSED", outcome: "not_applied" });
      expect(await rejection(closed.serverInfo())).toBeInstanceOf(BridgeClosedError);
      expect(await other.session("s").get("x")).toBe(1);
    });

    it("waits for the calls that are under way", async () => {
      const { address } = await serve();
      const bridge = bridgeTo(address);
      const writes = Array.from({ length: 20 }, (_, i) => bridge.session("s").set(`v${i}`, i));
      await bridge[Symbol.asyncDispose]();
      expect((await Promise.all(writes)).length).toBe(20);
      expect((await bridgeTo(address).session("s").getAll()).size).toBe(20);
    });

    it("before any use does nothing", async () => {
      await connect("127.0.0.1:1").close();
    });
  });

  describe("a lost connection", () => {
    it("is found again by a read within its timeout, over a restart of the server", async () => {
      const first = await serve();
      const session = bridgeTo(first.address).session("s");
      await session.set("x", 1);
      await lose(first, session);
      const reading = session.get("x");
      const writing = session.set("y", 1);
      await serve(first.address);
      // The store was in memory.
      expect(await reading).toBe(undefined);
      expect(await writing).toBeGreaterThan(0);
    });

    it("fails a call with its server's absence when that lasts as long as the timeout; nothing was sent, so nothing is applied", async () => {
      const server = await serve();
      const session = bridgeTo(server.address).session("s");
      await session.set("x", 1);
      await lose(server, session);
      const calls = [session.get("x", { timeoutMs: 200 }), session.set("x", 2, { timeoutMs: 200 })];
      for (const error of await Promise.all(calls.map((call) => rejection(call)))) {
        expect(error).toMatchObject({ name: "ServerUnavailableError", reason: "UNREACHABLE", outcome: "not_applied" });
      }
    });

    it("leaves the outcome of a mutation that was sent unknown when the server is not found again [P18]", async () => {
      const server = await fake({ setVariable: () => undefined });
      const session = bridgeTo(server.address, { timeoutMs: 300 }).session("s");
      const writing = rejection(session.set("x", 1));
      while (!server.calls.setVariable) await new Promise(setImmediate);
      server.kill();
      expect(await writing).toMatchObject({ name: "ServerUnavailableError", outcome: "unknown" });
      expect(server.calls.setVariable).toBe(1);
    });
  });

  describe("a server that is unavailable for a while", () => {
    it("is asked again, each mutation under one identity that says how long ago it was first sent [P6]", async () => {
      const sent: { readonly id: string; readonly resentAfterMs: bigint | undefined }[] = [];
      const server = await fake({
        getVariable: (_, call) => (call < 3 ? UNAVAILABLE : { found: true, value: NIL }),
        setVariable: (request, call) => {
          sent.push({ id: Buffer.from(request.requestId ?? []).toString("hex"), resentAfterMs: request.resentAfterMs });
          return call < 3 ? UNAVAILABLE : { applied: true, revision: 7n };
        },
      });
      const session = bridgeTo(server.address).session("s");
      expect(await session.get("x")).toBe(null);
      expect(await session.set("x", 1)).toBe(7);
      expect(server.calls).toEqual({ getVariable: 3, setVariable: 3 });
      expect(new Set(sent.map(({ id }) => id)).size).toBe(1);
      expect(sent[0]).toEqual({ id: expect.stringMatching(/^[0-9a-f]{32}$/), resentAfterMs: undefined });
      for (const { resentAfterMs } of sent.slice(1)) expect(resentAfterMs).toBeGreaterThanOrEqual(0n);
      await session.set("x", 1);
      expect(new Set(sent.map(({ id }) => id)).size).toBe(2);
    });

    it("leaves a mutation's outcome unknown when one try may have been applied and a later one says nothing [P18]", async () => {
      const server = await fake({ setVariable: () => UNAVAILABLE });
      const session = bridgeTo(server.address, { timeoutMs: 200 }).session("s");
      expect(await rejection(session.set("x", 1))).toMatchObject({ outcome: "unknown" });
      expect(server.calls.setVariable).toBeGreaterThan(1);
    });

    it("is asked no more often than maxAttempts says, and no longer than the timeout", async () => {
      const server = await fake({ getVariable: () => UNAVAILABLE });
      const limited = bridgeTo(server.address, { retry: { maxAttempts: 2, initialBackoffMs: 1 } }).session("s");
      expect(await rejection(limited.get("x"))).toMatchObject({ name: "ServerUnavailableError", outcome: "not_applied" });
      expect(server.calls).toEqual({ getVariable: 2 });
      const startedAt = performance.now();
      await rejection(bridgeTo(server.address, { timeoutMs: 100 }).session("s").get("x"));
      expect(performance.now() - startedAt).toBeLessThan(1_000);
    });
  });

  describe("a call that is not answered", () => {
    it("ends at its deadline; only a mutation may have been applied [P18]", async () => {
      const server = await fake({ getVariable: () => undefined, setVariable: () => undefined });
      const session = bridgeTo(server.address, { timeoutMs: 50 }).session("s");
      const read = await rejection(session.get("x"));
      expect(read).toBeInstanceOf(DeadlineExceededError);
      expect(read).toMatchObject({ outcome: "not_applied" });
      expect(await rejection(session.set("x", 1, { timeoutMs: 30 }))).toMatchObject({ name: "DeadlineExceededError", outcome: "unknown" });
    });

    it("ends when its signal is aborted, with the signal's reason as the cause, and the server is told", async () => {
      const server = await fake({ getVariable: () => undefined, setVariable: () => undefined });
      const session = bridgeTo(server.address).session("s");
      for (const [call, outcome] of [
        [(signal: AbortSignal) => session.get("x", { signal }), "not_applied"],
        [(signal: AbortSignal) => session.set("x", 1, { signal }), "unknown"],
      ] as const) {
        const controller = new AbortController();
        const failing = rejection<CancelledError>(call(controller.signal));
        setTimeout(() => controller.abort("enough"), 20);
        const error = await failing;
        expect(error).toBeInstanceOf(CancelledError);
        expect(error).toMatchObject({ cause: "enough", outcome });
      }
      await expect.poll(() => server.cancelled).toEqual(["getVariable", "setVariable"]);
    });

    it("ends when its signal is aborted while the connection is being made", async () => {
      const server = await serve();
      const session = bridgeTo(server.address).session("s");
      await session.set("x", 1);
      await lose(server, session);
      const controller = new AbortController();
      const failing = rejection(session.set("x", 1, { signal: controller.signal }));
      controller.abort("enough");
      expect(await failing).toMatchObject({ name: "CancelledError", outcome: "not_applied", cause: "enough" });
    });
  });
});
