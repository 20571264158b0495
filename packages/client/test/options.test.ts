import { InvalidArgumentError } from "@session-bridge/core";
import { afterEach, describe, expect, it } from "vitest";
import { type ConnectOptions, connect } from "../src/index.ts";

const before = process.env.SESSION_BRIDGE_ADDRESS;

afterEach(() => {
  if (before === undefined) delete process.env.SESSION_BRIDGE_ADDRESS;
  else process.env.SESSION_BRIDGE_ADDRESS = before;
});

describe("connect's address", () => {
  it("is what is given, else SESSION_BRIDGE_ADDRESS, else localhost:50051", () => {
    delete process.env.SESSION_BRIDGE_ADDRESS;
    expect(connect().address).toBe("localhost:50051");
    process.env.SESSION_BRIDGE_ADDRESS = "example.com:1";
    expect(connect().address).toBe("example.com:1");
    expect(connect("[::1]:65535").address).toBe("[::1]:65535");
    expect(connect("unix:/tmp/socket").address).toBe("unix:/tmp/socket");
  });

  for (const address of [
    "",
    "localhost",
    "localhost:",
    ":50051",
    "localhost:0",
    "localhost:65536",
    "http://localhost:1",
    "a b:1",
    "unix:",
  ]) {
    it(`is refused when it is ${JSON.stringify(address)}`, () => {
      expect(() => connect(address)).toThrow(InvalidArgumentError);
      expect(() => connect(address)).toThrow("host:port");
    });
  }

  it("is refused by name when the environment has a bad one", () => {
    process.env.SESSION_BRIDGE_ADDRESS = "nowhere";
    expect(() => connect()).toThrow('"nowhere"');
  });
});

describe("connect's options", () => {
  const bad: readonly [string, unknown][] = [
    ["timeout", { timeout: 1 }],
    ["timeoutMs", { timeoutMs: 0 }],
    ["timeoutMs", { timeoutMs: Number.POSITIVE_INFINITY }],
    ["integers", { integers: "number" }],
    ["carrier", { carrier: "http" }],
    ["carrier", { carrier: true }],
    ["retry", { retry: true }],
    ["attempts", { retry: { attempts: 1 } }],
    ["maxAttempts", { retry: { maxAttempts: 0 } }],
    ["initialBackoffMs", { retry: { initialBackoffMs: -1 } }],
    ["options", "localhost:1"],
  ];
  for (const [named, options] of bad) {
    it(`are refused by name: ${JSON.stringify(options)}`, () => {
      expect(() => connect("localhost:1", options as ConnectOptions)).toThrow(InvalidArgumentError);
      expect(() => connect("localhost:1", options as ConnectOptions)).toThrow(named);
    });
  }

  it("may be left undefined one by one", () => {
    expect(() => connect("localhost:1", { timeoutMs: undefined, integers: undefined, retry: { maxAttempts: undefined } })).not.toThrow();
  });
});
