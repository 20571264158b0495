import { Client, credentials } from "@grpc/grpc-js";
import { CODES } from "@session-bridge/core/internal";
import { ListVariablesRequest } from "@session-bridge/protocol/session_bridge/v1/variables";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SERVE_OPTIONS } from "../src/config/options.ts";
import { serveConfig } from "../src/config/serve-config.ts";
import { type RunningServer, startServer } from "../src/server.ts";
import { type DirectClient, directClient, numberOf, refusalIn } from "./support/direct-client.ts";
import { errorVectors, wireRequest } from "./support/error-vectors.ts";
import { refusalOf } from "./support/raw-client.ts";

const vectors = errorVectors();
let server: RunningServer;
let client: Client;
let direct: DirectClient;

beforeAll(async () => {
  const flags = Object.fromEntries(
    Object.keys(SERVE_OPTIONS).map((name) => {
      const at = vectors.server.indexOf(`--${name}`);
      return [name, at < 0 ? undefined : vectors.server[at + 1]];
    }),
  );
  const { limits, requestLimits } = serveConfig({ flags, environment: {} });
  server = await startServer({ listen: "127.0.0.1:0", limits, requestLimits });
  client = new Client(server.address, credentials.createInsecure(), { "grpc.max_receive_message_length": -1 });
  direct = directClient(server.address, { forAll: true });
});

afterAll(async () => {
  client.close();
  direct.socket.destroy();
  await server.stop({ graceMs: 1_000 });
});

function send(row: Parameters<typeof wireRequest>[0]): Promise<Buffer> {
  const { path, bytes } = wireRequest(row);
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      path,
      (request: Buffer) => request,
      (response: Buffer) => response,
      bytes,
      (error, response) => (error ? reject(error) : resolve(response as Buffer)),
    );
  });
}

/** Names, sizes and revisions of everything in the session. */
async function stateOf(sessionId: unknown): Promise<string | undefined> {
  if (typeof sessionId !== "string") return undefined;
  const path = "/session_bridge.v1.VariableService/ListVariables";
  const encode = (request: ListVariablesRequest) => Buffer.from(ListVariablesRequest.encode(request).finish());
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      path,
      encode,
      (response: Buffer) => response.toString("hex"),
      ListVariablesRequest.fromPartial({ sessionId }),
      (_, answer) => resolve(answer),
    );
  });
}

describe("every refused request gets the status and reason of the error table, and changes nothing [P16]", () => {
  test.for(vectors.rows)("$name", async (row) => {
    for (const request of row.setup ?? []) await send(request);
    const before = await stateOf(row.request?.session_id);
    const refusal = await refusalOf(send(row));
    expect(refusal).toMatchObject({
      code: CODES[row.code as keyof typeof CODES],
      reason: row.reason,
      domain: row.reason === "" ? "" : "session-bridge",
      metadata: row.reason === "" ? {} : { outcome: "not_applied", ...row.metadata },
    });
    // What one carrier refuses the other refuses with the same status, text, reason and metadata; gRPC has words of its own for what it refuses itself.
    const { path, bytes } = wireRequest(row);
    const { message, ...here } = refusalIn(await direct.call(numberOf(path.split("/")[2] ?? ""), bytes));
    expect({ message: row.reason === "" ? refusal.message : message, ...here }).toEqual(refusal);
    expect(await stateOf(row.request?.session_id)).toBe(before);
  });
});

test("the file has its rows, each with a name of its own", () => {
  expect(vectors.rows.length).toBeGreaterThanOrEqual(40);
  expect(new Set(vectors.rows.map(({ name }) => name)).size).toBe(vectors.rows.length);
});
