/** An OpenTelemetry collector that keeps what it gets, or treats it badly. */
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export interface Collector {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly endpoint: string;
  /** The bodies that came to a path, such as /v1/traces, as text of one byte a character. */
  got(path: string): string;
}

/** Listens until the test ends. `treat` answers instead of taking what comes. */
export async function collector(treat?: RequestListener): Promise<Collector> {
  const bodies: { readonly path: string; readonly body: string }[] = [];
  const take: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      bodies.push({ path: request.url ?? "", body: Buffer.concat(chunks).toString("latin1") });
      response.end();
    });
  };
  const server = createServer(treat ?? take);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    got: (path) =>
      bodies
        .filter((found) => found.path === path)
        .map(({ body }) => body)
        .join("\n"),
  };
}
