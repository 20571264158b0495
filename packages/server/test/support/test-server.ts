import { Writable } from "node:stream";
import { onTestFinished } from "vitest";
import { jsonLogger } from "../../src/logger.ts";
import { type RunningServer, type ServerOptions, startServer } from "../../src/server.ts";
import { type RawClient, rawClient } from "./raw-client.ts";

/** A server in this process with a client, both gone when the test is. */
export async function testServer(options: ServerOptions = {}): Promise<{ server: RunningServer; client: RawClient; address: string }> {
  const server = await startServer({ listen: "127.0.0.1:0", ...options });
  const client = rawClient(server.address);
  onTestFinished(async () => {
    client.close();
    await server.stop({ graceMs: 1_000 });
  });
  return { server, client, address: server.address };
}

/** A logger of the most verbose level whose lines can be read. */
export function recordingLogger() {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  return { logger: jsonLogger("trace", stream), lines, records: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}
