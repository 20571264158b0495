/** A small HTTP server for operators and scrapers: GET and HEAD of a few fixed pages, each made anew for whoever asks. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What a page says. */
export interface Page {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** The pages by path; one that fails is a 500 without a word about why. */
export type Pages = Readonly<Record<string, () => Page | Promise<Page>>>;

/** A server that listens. */
export interface AdminServer {
  /** Where, as `host:port`, an IPv6 address in brackets. */
  readonly address: string;
  /** Stops it, whoever is still connected. */
  close(): Promise<void>;
}

const MAX_CONNECTIONS = 64;
const MAX_HEADER_BYTES = 8 * 1024;
const TIMEOUT_MS = 10_000;

/** Starts a server; port 0 takes a free one. Rejects, as Node does, when it cannot listen there. */
export async function adminServer(host: string, port: number, pages: Pages): Promise<AdminServer> {
  const server = createServer(
    { maxHeaderSize: MAX_HEADER_BYTES, headersTimeout: TIMEOUT_MS, requestTimeout: TIMEOUT_MS, keepAliveTimeout: TIMEOUT_MS },
    (request, response) => void answer(pages, request, response).catch(() => response.destroy()),
  );
  server.maxConnections = MAX_CONNECTIONS;
  // For whoever reads an answer too slowly; waiting on purpose has its own limits above.
  server.timeout = 3 * TIMEOUT_MS;
  await new Promise<void>((listening, failed) => {
    server.once("error", failed);
    server.listen({ host, port }, listening);
  });
  const at = server.address() as AddressInfo;
  return {
    address: at.family === "IPv6" ? `[${at.address}]:${at.port}` : `${at.address}:${at.port}`,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

async function answer(pages: Pages, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const page = await pageFor(pages, request);
  const head = request.method === "HEAD";
  response.writeHead(page.status, {
    "content-type": page.contentType,
    "content-length": Buffer.byteLength(page.body),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...(page.status === 405 && { allow: "GET, HEAD" }),
    // What else comes on this connection, such as a body that nobody wants, is not read.
    ...(hasBody(request) && { connection: "close" }),
  });
  response.end(head ? undefined : page.body);
}

async function pageFor(pages: Pages, { method, url = "/" }: IncomingMessage): Promise<Page> {
  const path = url.split("?", 1)[0] as string;
  const make = Object.hasOwn(pages, path) ? pages[path] : undefined;
  if (make === undefined) return text(404, "not found\n");
  if (method !== "GET" && method !== "HEAD") return text(405, "only GET and HEAD\n");
  try {
    return await make();
  } catch {
    return text(500, "failed\n");
  }
}

const hasBody = ({ headers }: IncomingMessage) => headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;

/** A page of plain text. */
export const text = (status: number, body: string): Page => ({ status, contentType: "text/plain; charset=utf-8", body });
