import { expect, test } from "vitest";

test("the public names are these, each on purpose", async () => {
  expect(Object.keys(await import("@session-bridge/server")).sort()).toEqual(["startServer"]);
});

test("a server is started and stopped by one call each", async () => {
  const { startServer } = await import("@session-bridge/server");
  const server = await startServer({ listen: "127.0.0.1:0" });
  expect(server.address).toMatch(/^127\.0\.0\.1:\d+$/);
  expect(await server.stop()).toBe(true);
});
