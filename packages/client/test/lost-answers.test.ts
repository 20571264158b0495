/** Connections that end at the worst moment: between a change and its answer, and while a server gives way to the next. */
import { type RunningServer, startServer } from "@session-bridge/server";
import { describe, expect, it } from "vitest";
import { tcpProxy } from "../../server/test/support/tcp-proxy.ts";
import { connect } from "../src/index.ts";
import { CARRIERS } from "./support/carriers.ts";
import { later } from "./support/scope.ts";

async function serve(): Promise<RunningServer> {
  const server = await startServer({ listen: "127.0.0.1:0" });
  later(() => server.stop({ graceMs: 0 }));
  return server;
}

describe.each(CARRIERS)("over %s,", (carrier) => {
  function sessionAt(address: string) {
    const bridge = connect(address, { carrier, timeoutMs: 60_000 });
    later(() => bridge.close());
    return bridge.session("s");
  }

  it("a change whose answer is lost with its connection is applied once, and answered as the first time [P6]", async () => {
    const server = await serve();
    const proxy = await tcpProxy(() => server.address);
    const [session, told] = [sessionAt(proxy.address), sessionAt(server.address)];
    for (let number = 1; number <= 5; number++) {
      expect(await session.increment("calls")).toBe(number);
      proxy.loseAnswers();
      let isDone = false;
      const writing = session.increment("n").finally(() => {
        isDone = true;
      });
      await told.waitFor("n", (n) => n === number);
      expect(isDone).toBe(false);
      proxy.cut();
      expect(await writing).toBe(number);
    }
    expect(Object.fromEntries(await told.getAll())).toEqual({ calls: 5, n: 5 });
  });

  it("no change and no answer is lost while a server stops and another one starts", async () => {
    const first = await serve();
    let current = first.address;
    const session = sessionAt((await tcpProxy(() => current)).address);
    await session.set("x", 0);
    current = (await serve()).address;
    const writing = Array.from({ length: 50 }, () => session.increment("n"));
    const stopped = first.stop();
    const late = Array.from({ length: 50 }, () => session.increment("n"));
    const counts = await Promise.all([...writing, ...late]);
    expect(await stopped).toBe(true);
    // Each of the two servers, which share no store, has counted its own from 1.
    const second = Number((await session.get("n")) ?? 0);
    const both = [second, counts.length - second].flatMap((most) => Array.from({ length: most }, (_, i) => i + 1));
    expect(counts.toSorted((a, b) => Number(a) - Number(b))).toEqual(both.toSorted((a, b) => a - b));
  });
});
