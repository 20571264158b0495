/** Which carrier a bridge uses, and what becomes of it. */
import { createServer, type Socket } from "node:net";
import { UnsupportedError } from "@session-bridge/core";
import { type RunningServer, startServer } from "@session-bridge/server";
import { describe, expect, it } from "vitest";
import { connect } from "../src/index.ts";
import { fakeServer } from "./support/fake-server.ts";
import { freePort, later, rejection } from "./support/scope.ts";

const NIL = Buffer.from([0xc0]);

/** Remembers what began each connection, and passes everything on to a server. */
async function watched(target: () => string) {
  const firsts: string[] = [];
  const sockets = new Set<Socket>();
  const { connect: dial } = await import("node:net");
  const server = createServer((socket) => {
    const [host, port] = target().split(":");
    const to = dial(Number(port), host);
    for (const each of [socket, to]) {
      sockets.add(each);
      each.on("error", () => {});
      each.on("close", () => {
        socket.destroy();
        to.destroy();
      });
    }
    socket.once("data", (chunk) => firsts.push(chunk[0] === 0x89 ? "direct" : "grpc"));
    socket.pipe(to);
    to.pipe(socket);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  later(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return {
    address: `127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`,
    firsts,
    cut() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function serve(listen = "127.0.0.1:0"): Promise<RunningServer> {
  const server = await startServer({ listen });
  later(() => server.stop({ graceMs: 0 }));
  return server;
}

function bridgeTo(...given: Parameters<typeof connect>) {
  const bridge = connect(...given);
  later(() => bridge.close());
  return bridge;
}

describe("auto", () => {
  it("is direct where the server speaks it, also after the connection was lost", async () => {
    const server = await serve();
    const proxy = await watched(() => server.address);
    const session = bridgeTo(proxy.address).session("s");
    await session.set("x", 1);
    proxy.cut();
    expect(await session.get("x")).toBe(1);
    expect(proxy.firsts).toEqual(["direct", "direct"]);
  });

  it("is gRPC where the server speaks that alone, which it remembers", async () => {
    const server = await fakeServer({ getVariable: () => ({ found: true, value: NIL }) });
    later(() => server.kill());
    const proxy = await watched(() => server.address);
    const session = bridgeTo(proxy.address).session("s");
    expect(await session.get("x")).toBeNull();
    expect(proxy.firsts).toEqual(["direct", "grpc"]);
    proxy.cut();
    expect(await session.get("x")).toBeNull();
    expect(proxy.firsts).toEqual(["direct", "grpc", "grpc"]);
  });

  it("asks anew when nobody was there at all", async () => {
    const address = `127.0.0.1:${await freePort()}`;
    const proxy = await watched(() => address);
    const session = bridgeTo(proxy.address).session("s");
    expect(await rejection(session.get("x", { timeoutMs: 500 }))).toBeInstanceOf(Error);
    await serve(address);
    const before = proxy.firsts.length;
    await session.set("x", 1);
    expect(proxy.firsts.slice(before)).toContain("direct");
  });

  it("is gRPC where a connection is accepted and nothing is ever said to a hello", async () => {
    const server = await serve();
    let isFirst = true;
    const silent = createServer(() => {});
    await new Promise<void>((listening) => silent.listen(0, "127.0.0.1", listening));
    later(() => silent.close());
    const { port } = silent.address() as { port: number };
    const proxy = await watched(() => {
      const target = isFirst ? `127.0.0.1:${port}` : server.address;
      isFirst = false;
      return target;
    });
    expect(await bridgeTo(proxy.address).session("s").get("x")).toBeUndefined();
    expect(proxy.firsts).toEqual(["direct", "grpc"]);
  });
});

describe("direct alone", () => {
  it("fails where somebody speaks only gRPC, and says so", async () => {
    const server = await fakeServer({ getVariable: () => ({ found: true, value: NIL }) });
    later(() => server.kill());
    const error = await rejection<UnsupportedError>(bridgeTo(server.address, { carrier: "direct" }).session("s").get("x"));
    expect(error).toBeInstanceOf(UnsupportedError);
    expect(error).toMatchObject({ reason: "UNSUPPORTED", outcome: "not_applied" });
    expect(error.message).toContain("does not speak the direct protocol");
  });

  it("sends 10,000 calls at once on one connection, and each gets its own answer", async () => {
    const server = await serve();
    const proxy = await watched(() => server.address);
    const session = bridgeTo(proxy.address, { carrier: "direct", timeoutMs: 60_000 }).session("s");
    const numbers = Array.from({ length: 5_000 }, (_, i) => i);
    await Promise.all(numbers.map((i) => session.set(`v${i % 100}`, i)));
    const read = numbers.map((i) => session.get(`v${i % 100}`));
    const written = numbers.map(() => session.increment("n"));
    expect(await Promise.all(read)).toEqual(numbers.map((i) => 4_900 + (i % 100)));
    expect(new Set(await Promise.all(written))).toEqual(new Set(numbers.map((i) => i + 1)));
    expect(proxy.firsts).toEqual(["direct"]);
  });

  it("opens as many connections for its watches as a server with few streams asks for", async () => {
    const server = await startServer({ listen: "127.0.0.1:0", requestLimits: { streamsPerConnection: 4 } });
    const proxy = await watched(() => server.address);
    const session = bridgeTo(proxy.address, { carrier: "direct" }).session("s");
    later(() => server.stop({ graceMs: 0 }));
    const watches = Array.from({ length: 10 }, () => session.watch());
    for (const { value } of await Promise.all(watches.map((watch) => watch.next()))) expect(value).toMatchObject({ kind: "caught_up" });
    expect(proxy.firsts).toHaveLength(3);
    await Promise.all(watches.map((watch) => watch.return?.()));
  });
});
