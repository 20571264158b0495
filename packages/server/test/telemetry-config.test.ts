import { expect, test } from "vitest";
import { UsageError } from "../src/config/resolve.ts";
import { serveConfig } from "../src/config/serve-config.ts";
import { TELEMETRY_OPTIONS } from "../src/config/telemetry-options.ts";

const configured = (flags: Record<string, unknown>, environment: Record<string, string> = {}) =>
  serveConfig({ flags, environment }).telemetry;

const WANTED = { admin: "127.0.0.1:9464" };

test("nothing that asks for telemetry, and there is none, whatever is said about it", () => {
  expect(configured({})).toBeUndefined();
  expect(configured({ "trace-ratio": "1", "telemetry-names": "hash" })).toBeUndefined();
  expect(configured({}, { OTEL_EXPORTER_OTLP_ENDPOINT: "" })).toBeUndefined();
  expect(configured({}, { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318", OTEL_SDK_DISABLED: "true" })).toBeUndefined();
});

test("--admin asks for it, and the defaults are those of the document", () => {
  expect(configured(WANTED)).toEqual({
    names: "plain",
    namesKey: undefined,
    traceRatio: 0.1,
    events: undefined,
    otlp: false,
    admin: { host: "127.0.0.1", port: 9464 },
  });
  expect(configured({ admin: "[::1]:0" })?.admin).toEqual({ host: "::1", port: 0 });
});

test("so does a collector, and so do events", () => {
  expect(configured({}, { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318" })).toMatchObject({ otlp: true, admin: undefined });
  expect(configured({ "telemetry-events": "50" })).toMatchObject({ otlp: false, events: { perSecond: 50, sample: {} } });
});

test("events are sampled by their public names", () => {
  const sample = "session_bridge.session.variable.get=0.01,session_bridge.commit=0";
  expect(configured({ "telemetry-events": "1", "telemetry-events-sample": sample })?.events?.sample).toEqual({
    "variable.get": 0.01,
    commit: 0,
  });
  expect(configured({ "telemetry-events": "1", "telemetry-events-sample": "all" })?.events?.sample).toEqual({});
});

test("the key of hashed names comes from the environment alone, is never printed, and is not guessable by its length", () => {
  const environment = { SESSION_BRIDGE_TELEMETRY_NAMES_KEY: "0123456789abcdef" };
  expect(configured({ ...WANTED, "telemetry-names": "hash" }, environment)).toMatchObject({ names: "hash", namesKey: "0123456789abcdef" });
  expect(configured(WANTED, environment)?.namesKey).toBeUndefined();
  const { printed } = serveConfig({ flags: { ...WANTED, "telemetry-names": "hash" }, environment });
  expect(JSON.stringify(printed)).not.toContain("0123456789abcdef");
  expect(() => configured({ ...WANTED, "telemetry-names": "hash" }, { SESSION_BRIDGE_TELEMETRY_NAMES_KEY: "short" })).toThrow(
    /^SESSION_BRIDGE_TELEMETRY_NAMES_KEY: expected at least 16 characters$/,
  );
});

test.for([
  ["admin", "9464"],
  ["admin", "127.0.0.1:65536"],
  ["telemetry-names", "clear"],
  ["telemetry-events", "-1"],
  ["telemetry-events", "0.5"],
  ["telemetry-events-sample", ""],
  ["telemetry-events-sample", "session_bridge.commit"],
  ["telemetry-events-sample", "session_bridge.commit=2"],
  ["telemetry-events-sample", "commit=0.5"],
  ["telemetry-events-sample", "session_bridge.commit=0.5,"],
  ["trace-ratio", "1.01"],
  ["trace-ratio", "-0.1"],
  ["trace-ratio", "10%"],
  ["trace-ratio", Number.NaN],
] as const)("--%s %j is refused by name", ([name, value]) => {
  expect(() => configured({ "telemetry-events": "1", [name]: value })).toThrow(UsageError);
  expect(() => configured({ "telemetry-events": "1", [name]: value })).toThrow(new RegExp(`^--${name}: `));
});

test("what would have no effect is refused", () => {
  expect(() => configured({ "telemetry-events-sample": "session_bridge.commit=0" })).toThrow(
    /^--telemetry-events-sample: needs --telemetry-/,
  );
  expect(() => configured({ "telemetry-events": "1", "log-level": "warn" })).toThrow(/^--telemetry-events: .*--log-level warn/);
});

test("every option of telemetry is one of serve's", async () => {
  const { SERVE_OPTIONS } = await import("../src/config/options.ts");
  expect(SERVE_OPTIONS).toMatchObject(TELEMETRY_OPTIONS);
});
