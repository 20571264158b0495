/** What a test opens and must not leave open. */
import { createServer } from "node:net";
import { afterEach } from "vitest";

const open: (() => unknown)[] = [];

/** Runs `close` after the test, the last one first. */
export function later(close: () => unknown): void {
  open.push(close);
}

afterEach(async () => {
  for (let close = open.pop(); close !== undefined; close = open.pop()) await close();
});

/** A port of 127.0.0.1 where nobody listens. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** What a promise rejects with; fails when it does not. */
export async function rejection<E>(promise: Promise<unknown>): Promise<E> {
  return promise.then(
    () => {
      throw new Error("it did not fail");
    },
    (error: unknown) => error as E,
  );
}
