/** What a bridge does where the environment names a proxy. */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, connect as dial, type Socket } from "node:net";
import { startServer } from "@session-bridge/server";
import { expect, it, vi } from "vitest";
import { connect } from "../src/index.ts";
import { goesThroughProxy } from "../src/rpc/proxy.ts";
import { later } from "./support/scope.ts";

interface Row {
  readonly name: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly address: string;
  readonly proxied: boolean;
}

const rows: readonly Row[] = JSON.parse(readFileSync(new URL("../../../proto/vectors/proxies.json", import.meta.url), "utf8"));

it.each(rows)("a proxy is one for the addresses that gRPC takes it for: $name", ({ address, environment, proxied }) => {
  expect(goesThroughProxy(address, environment)).toBe(proxied);
});

it("every row was run", () => {
  expect(rows).toHaveLength(24);
});

/** A proxy of HTTP in the environment, from which every way leads to one server; and what it was asked for. */
async function proxyTo(server: string): Promise<readonly string[]> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const proxy = createServer();
  proxy.on("connect", ({ url }, near: Socket) => {
    asked.push(url ?? "");
    const [host, port] = server.split(":");
    const far = dial(Number(port), host, () => near.write("HTTP/1.1 200 Connection established\r\n\r\n"));
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => {});
    }
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((listening) => proxy.listen(0, "127.0.0.1", listening));
  later(() => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
    vi.unstubAllEnvs();
  });
  for (const name of ["grpc_proxy", "https_proxy", "no_proxy", "no_grpc_proxy"]) vi.stubEnv(name, undefined);
  vi.stubEnv("http_proxy", `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
  return asked;
}

it("a server behind a proxy of HTTP is reached, and one of this machine without it", async () => {
  const server = await startServer({ listen: "127.0.0.1:0" });
  later(() => server.stop({ graceMs: 0 }));
  const asked = await proxyTo(server.address);
  const name = "bridge.session-bridge.test:50051";
  for (const address of [name, server.address]) {
    const bridge = connect(address);
    later(() => bridge.close());
    expect(await bridge.session("proxied").increment("n")).toBe(address === name ? 1 : 2);
  }
  expect(asked).toEqual([name]);
});
