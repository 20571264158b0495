import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEFAULT_LIMITS, DEFAULT_WRITE_BEHIND } from "@session-bridge/core/internal";
import { expect, onTestFinished, test } from "vitest";
import { CLIENT_OPTIONS, SERVE_OPTIONS } from "../src/config/options.ts";
import { environmentName, resolveOptions, UsageError } from "../src/config/resolve.ts";
import { serveConfig } from "../src/config/serve-config.ts";
import { DEFAULT_REQUEST_LIMITS } from "../src/service/server-info.ts";

function configFile(content: string): string {
  const directory = mkdtempSync(join(tmpdir(), "session-bridge-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const file = join(directory, "config.json");
  writeFileSync(file, content);
  return file;
}

const none = { flags: {}, environment: {} };

test("nothing configured gives the documented defaults", () => {
  expect(serveConfig(none)).toMatchObject({
    listen: "127.0.0.1:50051",
    store: { kind: "sqlite", file: "./session-bridge.db", durability: "fsync" },
    logLevel: "info",
    limits: DEFAULT_LIMITS,
    requestLimits: DEFAULT_REQUEST_LIMITS,
  });
  expect(resolveOptions(CLIENT_OPTIONS, none)).toEqual({ address: "localhost:50051", timeout: 5 });
});

test("every limit has a flag of its own", () => {
  const flags = Object.fromEntries(
    Object.keys(SERVE_OPTIONS)
      .filter((name) => name.startsWith("max-"))
      .map((name, i) => [name, String(70_000 + i)]),
  );
  const { limits, requestLimits } = serveConfig({
    flags: { ...flags, "max-message-bytes": "80000", "default-ttl-ms": "5", "allow-never": "false" },
    environment: {},
  });
  const inForce = { ...limits, ...requestLimits };
  expect(Object.keys(inForce).sort()).toEqual(Object.keys({ ...DEFAULT_LIMITS, ...DEFAULT_REQUEST_LIMITS }).sort());
  expect(inForce).toMatchObject({ messageBytes: 80_000, defaultTtlMs: 5, allowNever: false });
  expect(serveConfig({ flags: { history: "7" }, environment: {} }).limits.historyEntries).toBe(7);
  const { messageBytes: _bytes, defaultTtlMs: _ttl, allowNever: _never, historyEntries: _entries, ...others } = inForce;
  expect(new Set(Object.values(others)).size).toBe(Object.keys(others).length);
  for (const value of Object.values(others)) expect(value).toBeGreaterThanOrEqual(70_000);
});

test("write-behind has a window and a bounded backlog", () => {
  const defaults = serveConfig({ flags: { durability: "write-behind" }, environment: {} });
  expect(defaults).toMatchObject({ store: { durability: "write-behind" }, writeBehind: DEFAULT_WRITE_BEHIND });
  const flags = {
    durability: "write-behind",
    "write-behind-window-ms": "1",
    "write-behind-backlog-bytes": "2",
    "write-behind-backlog-ms": "3",
  };
  expect(serveConfig({ flags, environment: {} }).writeBehind).toEqual({ windowMs: 1, backlogBytes: 2, backlogMs: 3 });
  expect(serveConfig(none).writeBehind).toBeUndefined();
});

test("a server looks for its next request unless it is told not to", () => {
  expect(serveConfig(none).look).toBe(true);
  expect(serveConfig({ flags: {}, environment: { SESSION_BRIDGE_LOOK: "false" } }).look).toBe(false);
});

test("flags win over the environment, the environment over the file, the file over defaults", () => {
  const file = configFile(
    '{"listen":"127.0.0.1:1","store":"memory","log-level":"error","max-value-bytes":10,"allow-never":false,"address":"x:1"}',
  );
  const environment = { SESSION_BRIDGE_LISTEN: "127.0.0.1:2", SESSION_BRIDGE_STORE: "sqlite:e.db", SESSION_BRIDGE_LOG_LEVEL: "" };
  const config = serveConfig({ flags: { listen: "127.0.0.1:3" }, environment, configFile: file });
  expect(config).toMatchObject({
    listen: "127.0.0.1:3",
    store: { kind: "sqlite", file: "e.db", durability: "fsync" },
    logLevel: "error",
    limits: { valueBytes: 10, allowNever: false, sessionBytes: DEFAULT_LIMITS.sessionBytes },
  });
});

test.for(Object.keys({ ...SERVE_OPTIONS, ...CLIENT_OPTIONS }))("a bad --%s is refused by name, whatever its source", (name) => {
  const table = { ...SERVE_OPTIONS, ...CLIENT_OPTIONS };
  const bad = name === "address" ? 7 : "@@";
  const file = configFile(JSON.stringify({ [name]: bad }));
  expect(() => resolveOptions(table, { ...none, configFile: file })).toThrow(new RegExp(`^"${name}" in the configuration file: expected `));
  if (name === "address") return;
  expect(() => resolveOptions(table, { flags: { [name]: bad }, environment: {} })).toThrow(new RegExp(`^--${name}: `));
  const variable = environmentName(name);
  expect(() => resolveOptions(table, { flags: {}, environment: { [variable]: String(bad) } })).toThrow(new RegExp(`^${variable}: `));
});

test.for([
  ["listen", "127.0.0.1"],
  ["listen", "127.0.0.1:65536"],
  ["listen", ":50051"],
  ["store", "sqlite:"],
  ["write-behind-window-ms", "0"],
  ["write-behind-backlog-ms", "1.5"],
  ["durability", "none"],
  ["store", "postgres:x"],
  ["log-level", "loud"],
  ["max-deadline-ms", "0"],
  ["max-deadline-ms", "2147483648"],
  ["max-value-bytes", "-1"],
  ["max-value-bytes", "1e3"],
  ["max-value-bytes", "1.5"],
  ["max-value-bytes", 1.5],
  ["max-message-bytes", "1"],
  ["default-ttl-ms", "0"],
  ["default-ttl-ms", "forever"],
  ["allow-never", "maybe"],
  ["max-variables-per-session", null],
  ["max-variables-per-session", [1]],
] as const)("--%s %j is refused", ([name, value]) => {
  expect(() => serveConfig({ flags: { [name]: value }, environment: {} })).toThrow(UsageError);
});

test("every bad value is named at once", () => {
  expect(() => serveConfig({ flags: { listen: "x", store: "y" }, environment: { SESSION_BRIDGE_LOG_LEVEL: "z" } })).toThrow(
    /^--listen: .*\n--store: .*\nSESSION_BRIDGE_LOG_LEVEL: /,
  );
});

test("values that contradict each other are refused", () => {
  expect(() => serveConfig({ flags: { "max-value-bytes": "4194304" }, environment: {} })).toThrow(/--max-value-bytes.*--max-message-bytes/);
  expect(() => serveConfig({ flags: { "default-ttl-ms": "never", "allow-never": "false" }, environment: {} })).toThrow(/--default-ttl-ms/);
  expect(() => serveConfig({ flags: { store: "memory", durability: "commit" }, environment: {} })).toThrow(/--durability/);
  expect(() => serveConfig({ flags: { "write-behind-window-ms": "5" }, environment: {} })).toThrow(
    /^--write-behind-window-ms: needs --durability write-behind$/,
  );
});

test.for([
  ["[]", /expected a JSON object/],
  ["null", /expected a JSON object/],
  ["{", /config\.json/],
  ['{"listen":"127.0.0.1:1","lisen":1,"__proto__":{}}', /unknown option "lisen"\n.*unknown option "__proto__"/],
] as const)("the configuration file %s is refused", ([content, message]) => {
  expect(() => serveConfig({ ...none, configFile: configFile(content) })).toThrow(message);
});

test("a configuration file that is not there is refused", () => {
  expect(() => serveConfig({ ...none, configFile: join(tmpdir(), "no-such-file.json") })).toThrow(UsageError);
});
