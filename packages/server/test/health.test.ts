import { createRequire } from "node:module";
import { Client, credentials, type ServiceDefinition } from "@grpc/grpc-js";
import { memoryPersistence } from "@session-bridge/core";
import { faultyPersistence } from "@session-bridge/core/testing";
import { expect, onTestFinished, test } from "vitest";
import { bytesOf } from "./support/bytes.ts";
import { refusalOf } from "./support/raw-client.ts";
import { testServer } from "./support/test-server.ts";

const { service } = createRequire(import.meta.url)("grpc-health-check") as { service: ServiceDefinition };
const { Check, Watch } = service as { Check: ServiceDefinition[string]; Watch: ServiceDefinition[string] };

function healthClient(address: string) {
  const client = new Client(address, credentials.createInsecure());
  onTestFinished(() => client.close());
  return {
    check: (name: string) =>
      new Promise<string>((resolve, reject) => {
        client.makeUnaryRequest(Check.path, Check.requestSerialize, Check.responseDeserialize, { service: name }, (error, answer) =>
          error ? reject(error) : resolve((answer as { status: string }).status),
        );
      }),
    watch(name: string) {
      const statuses: string[] = [];
      const call = client.makeServerStreamRequest(Watch.path, Watch.requestSerialize, Watch.responseDeserialize, { service: name });
      call.on("data", (answer: { status: string }) => statuses.push(answer.status));
      const ended = new Promise<void>((resolve) => call.on("end", resolve));
      call.on("error", () => {});
      return { statuses, ended, first: new Promise((resolve) => call.once("data", resolve)) };
    },
  };
}

test.for(["", "session_bridge.v1.SessionService", "session_bridge.v1.VariableService"])(
  "grpc.health.v1 says SERVING of %j",
  async (name) => {
    const { address } = await testServer();
    expect(await healthClient(address).check(name)).toBe("SERVING");
  },
);

test("an unknown service is NOT_FOUND, and a watch of it says SERVICE_UNKNOWN", async () => {
  const { address } = await testServer();
  const health = healthClient(address);
  expect(await refusalOf(health.check("nobody"))).toMatchObject({ code: 5 });
  const watch = health.watch("nobody");
  await watch.first;
  expect(watch.statuses).toEqual(["SERVICE_UNKNOWN"]);
});

test("health follows the store: NOT_SERVING while it fails, SERVING when it works again", async () => {
  let failing = false;
  const persistence = faultyPersistence(memoryPersistence(), ({ method }) =>
    failing && (method === "save" || method === "load") ? "fail" : undefined,
  );
  const { address, client } = await testServer({ persistence });
  const health = healthClient(address);
  const set = () => client.call("setVariable", { sessionId: "s", name: "a", value: bytesOf("01") });
  await set();
  failing = true;
  expect(await refusalOf(set())).toMatchObject({ code: 14, reason: "STORE_UNAVAILABLE", metadata: { outcome: "unknown" } });
  await expect.poll(() => health.check("")).toBe("NOT_SERVING");
  failing = false;
  await expect
    .poll(
      () =>
        set().then(
          () => health.check(""),
          () => "refused",
        ),
      { timeout: 10_000 },
    )
    .toBe("SERVING");
});

test("a watch neither holds up the stop nor misses it", async () => {
  const { address, server } = await testServer();
  const watch = healthClient(address).watch("");
  await watch.first;
  expect(await server.stop({ graceMs: 5_000 })).toBe(true);
  await watch.ended;
  expect(watch.statuses).toEqual(["SERVING", "NOT_SERVING"]);
});
