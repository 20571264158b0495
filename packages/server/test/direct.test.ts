import { FRAME, frame, MAGIC } from "@session-bridge/client/frames";
import { GetVariableResponse } from "@session-bridge/protocol/session_bridge/v1/variables";
import { expect, test } from "vitest";
import { directClient, hello, numberOf, refusalIn, requestOf } from "./support/direct-client.ts";
import { testServer } from "./support/test-server.ts";

test("a call is answered on the port of gRPC, with the message that gRPC answers", async () => {
  const { address, client } = await testServer();
  await client.call("setVariable", { sessionId: "s", name: "a", value: Buffer.of(1) });
  const direct = directClient(address);
  expect(await direct.welcome).toMatchObject({
    version: 1,
    maxMessageBytes: 4_194_304,
    maxCalls: 256,
    methods: expect.arrayContaining([7]),
  });
  const { kind, payload } = await direct.call(numberOf("GetVariable"), requestOf("getVariable", { sessionId: "s", name: "a" }));
  expect(kind).toBe(FRAME.answer);
  expect(GetVariableResponse.decode(payload)).toEqual(await client.call("getVariable", { sessionId: "s", name: "a" }));
});

test("a version that the server does not speak is refused before the end", async () => {
  const { address } = await testServer();
  const direct = directClient(address, Buffer.concat([MAGIC, hello({ version: 2 })]));
  expect(await direct.welcome).toMatchObject({ code: 12, reason: "UNSUPPORTED_VERSION" });
  await direct.closed;
});
