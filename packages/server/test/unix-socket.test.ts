/** Both carriers on a Unix socket, and the files of sockets. */
import { existsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "@session-bridge/client";
import { expect, onTestFinished, test } from "vitest";
import { parseListenAddress } from "../src/listen-address.ts";
import { startServer } from "../src/server.ts";
import { serveProcess, temporaryDirectory } from "./support/command.ts";

const inDirectory = () => join(temporaryDirectory(), "bridge.sock");

async function serve(path: string) {
  const server = await startServer({ listen: `unix:${path}` });
  onTestFinished(async () => void (await server.stop({ graceMs: 0 })));
  return server;
}

test("both carriers serve there; the address is as it was given, and nobody else may write to the file", async () => {
  const path = inDirectory();
  const server = await serve(path);
  expect(server.address).toBe(`unix:${path}`);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  for (const carrier of ["direct", "grpc", "auto"] as const) {
    await using bridge = connect(server.address, { carrier });
    expect(await bridge.session("s").increment("n")).toBeGreaterThan(0);
  }
  await server.stop();
  expect(existsSync(path)).toBe(false);
});

test("a server that listens is not driven out by another one", async () => {
  const path = inDirectory();
  const server = await serve(path);
  await expect(startServer({ listen: `unix:${path}` })).rejects.toMatchObject({ code: "EADDRINUSE" });
  await using bridge = connect(server.address);
  expect(await bridge.session("s").get("x")).toBeUndefined();
});

test("the file of a server that was killed is replaced", async () => {
  const path = inDirectory();
  const { child, ended, address } = await serveProcess(["--store", "memory", "--listen", `unix:${path}`]);
  expect(address).toBe(`unix:${path}`);
  child.kill("SIGKILL");
  await ended;
  expect(existsSync(path)).toBe(true);
  const server = await serve(path);
  await using bridge = connect(server.address);
  expect(await bridge.session("s").get("x")).toBeUndefined();
});

test("a file that is no socket stays as it is", async () => {
  const path = inDirectory();
  writeFileSync(path, "precious");
  await expect(startServer({ listen: `unix:${path}` })).rejects.toMatchObject({ code: "EADDRINUSE" });
  expect(statSync(path).size).toBe(8);
});

test("a path that no socket can have is refused by name", () => {
  expect(() => parseListenAddress("unix:")).toThrow("a path");
  expect(() => parseListenAddress(`unix:/${"x".repeat(200)}`)).toThrow("at most 103 bytes");
  expect(() => parseListenAddress("nowhere")).toThrow("unix:path");
  expect(parseListenAddress("unix:./s")).toEqual({ path: "./s" });
});
