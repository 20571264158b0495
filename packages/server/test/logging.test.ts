import { memoryPersistence } from "@session-bridge/core";
import { faultyPersistence } from "@session-bridge/core/testing";
import { packMap } from "@session-bridge/core/values";
import { expect, test } from "vitest";
import { REQUESTS } from "./support/raw-client.ts";
import { recordingLogger, testServer } from "./support/test-server.ts";

const MARKER = "MARKERc0ffee";
const marker = Buffer.concat([Buffer.of(0xa0 | MARKER.length), Buffer.from(MARKER)]);
const markerMap = packMap([{ name: "k", bytes: marker }]);
const markerList = Buffer.concat([Buffer.of(0x91), marker]);

test("a value never shows up in a log, whatever becomes of its request", async () => {
  const { logger, lines, records } = recordingLogger();
  let failing = false;
  const persistence = faultyPersistence(memoryPersistence(), ({ method }) => (failing && method === "save" ? "fail" : undefined));
  const { client } = await testServer({ logger, persistence, limits: { variablesPerSession: 8 } });
  const S = { sessionId: "s" };
  const outcomes: boolean[] = [];
  const ask = async (...args: Parameters<typeof client.call>) => {
    outcomes.push(
      await client.call(...args).then(
        () => true,
        (error: { details: string; metadata: { toJSON(): object } }) => {
          expect(error.details + JSON.stringify(error.metadata.toJSON())).not.toContain(MARKER);
          return false;
        },
      ),
    );
  };
  const everything = async () => {
    for (const method of Object.keys(REQUESTS) as (keyof typeof REQUESTS)[])
      await ask(method, { ...S, name: "a", value: marker, values: markerMap } as never);
    for (const value of [Buffer.concat([marker, marker]), Buffer.concat([Buffer.of(0xc1), marker]), marker.subarray(0, 5)]) {
      await ask("setVariable", { ...S, name: "a", value });
      await ask("updateVariables", { ...S, values: Buffer.concat([Buffer.from([0x81, 0xa1, 0x61]), value]) });
    }
    await ask("setVariable", { ...S, name: "a", value: marker });
    await ask("setVariable", { ...S, name: "a", value: marker, ifRevision: 1n });
    await ask("setVariable", { ...S, name: "c", value: marker, encoding: "raw" });
    for (const name of ["a", "c"]) {
      await ask("updateVariables", { ...S, operations: [{ name, change: { $case: "increment", value: { by: marker } } }] });
      await ask("updateVariables", { ...S, operations: [{ name, change: { $case: "append", value: { value: markerList } } }] });
      await ask("updateVariables", { ...S, operations: [{ name, change: { $case: "merge", value: { values: markerMap, path: ["p"] } } }] });
    }
    await ask("getVariables", { ...S, includeInfo: true });
  };
  await everything();
  failing = true;
  await everything();
  expect(outcomes).toContain(true);
  expect(outcomes).toContain(false);
  expect(lines.length).toBeGreaterThanOrEqual(outcomes.length);
  expect(lines.join("")).not.toContain(MARKER);
  for (const encoding of ["hex", "base64"] as const)
    expect(lines.join("")).not.toContain(Buffer.from(MARKER).toString(encoding).slice(0, 12));
  expect(records()).toContainEqual(
    expect.objectContaining({
      operation: "/session_bridge.v1.VariableService/SetVariable",
      sessionId: "s",
      code: 0,
      durationMs: expect.any(Number),
    }),
  );
  expect(records()).toContainEqual(expect.objectContaining({ reason: "TYPE_MISMATCH", code: 9 }));
  expect(records()).toContainEqual(expect.objectContaining({ reason: "STORE_UNAVAILABLE", level: "error" }));
});

test("[P13] a store that fails behind everybody's back is in the log, and so is that it works again", async () => {
  const { logger, records } = recordingLogger();
  let failing = true;
  const inner = memoryPersistence();
  const persistence = faultyPersistence({ ...inner, capabilities: { ...inner.capabilities, survives: "process" } }, ({ method }) =>
    failing && method === "save" ? "fail" : undefined,
  );
  const { client } = await testServer({ logger, persistence, writeBehind: {} });
  await client.call("setVariable", { sessionId: "s", name: "a", value: marker });
  const logged = (msg: string) => records().filter((record) => record.msg === msg);
  await expect.poll(() => logged("the store fails; it is tried again until it works").length).toBe(1);
  failing = false;
  await expect.poll(() => logged("the store works again").length).toBe(1);
  expect(logged("the store fails; it is tried again until it works")).toMatchObject([{ err: { code: "EFAULTY" } }]);
});
