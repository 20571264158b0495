/** What is done about the garbage of large messages. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { connect } from "@session-bridge/client";
import { describe, expect, it, onTestFinished } from "vitest";
import { COLLECTED_AFTER_BYTES, largeMessages } from "../src/carrier/large-messages.ts";
import { BIN } from "./support/command.ts";
import { testServer } from "./support/test-server.ts";

const CARRIERS = ["direct", "grpc"] as const;
const MEBIBYTE = 1024 * 1024;

function sessionAt(address: string, carrier: (typeof CARRIERS)[number]) {
  const bridge = connect(address, { timeoutMs: 30_000, carrier });
  onTestFinished(() => bridge.close());
  return bridge.session("s");
}

describe("what is young is collected", () => {
  it("each time that so many bytes of large messages have gone by", () => {
    let collected = 0;
    const large = largeMessages(() => collected++);
    for (let sent = 0; sent < 5 * COLLECTED_AFTER_BYTES; sent += MEBIBYTE) large(MEBIBYTE);
    expect(collected).toBe(5);
  });

  it("not because of small messages, of which nothing stays", () => {
    const large = largeMessages(() => expect.fail("nothing is to be collected"));
    for (let sent = 0; sent < 2 * COLLECTED_AFTER_BYTES; sent += 4_095) large(4_095);
  });

  it.each(CARRIERS)("when large values come over %s", async (carrier) => {
    let collected = 0;
    const { address } = await testServer({ collectYoung: () => collected++ });
    const session = sessionAt(address, carrier);
    for (let i = 0; i < 10; i++) await session.set("x", new Uint8Array(MEBIBYTE - 100));
    expect(collected).toBe(2);
  });

  it.each([
    ["direct", 0],
    ["grpc", 2],
  ] as const)("when large values go over %s, if they are copied for it", async (carrier, times) => {
    let collected = 0;
    const { address } = await testServer({ collectYoung: () => collected++ });
    const session = sessionAt(address, carrier);
    await session.set("x", new Uint8Array(MEBIBYTE - 100));
    for (let i = 0; i < 9; i++) await session.get("x");
    expect(collected).toBe(times);
  });
});

it("serve looks at its whole heap less often than once in twenty large writes, which leave nothing that is old", async () => {
  const child = spawn(process.execPath, ["--trace-gc", BIN, "serve", "--listen", "127.0.0.1:0", "--store", "memory"]);
  onTestFinished(() => void child.kill("SIGKILL"));
  let whole = 0;
  const address = await new Promise<string>((ready) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line.startsWith("{")) ready((JSON.parse(line) as { address: string }).address);
      if (line.includes("Mark-Compact")) whole += 1;
    });
  });
  const session = sessionAt(address, "direct");
  const value = new Uint8Array(MEBIBYTE - 100);
  for (let i = 0; i < 50; i++) await session.set("x", value);
  whole = 0;
  for (let i = 0; i < 300; i++) await session.set("x", value);
  expect(whole).toBeLessThan(15);
});
