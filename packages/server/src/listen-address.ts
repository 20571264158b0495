import type { HostPort, ListenAddress } from "./carrier/listener.ts";

export type { HostPort, ListenAddress };

/** What fits a socket's address on every system. */
const MAX_PATH_BYTES = 103;

/** `host:port`, `[v6]:port` or `unix:path` as an address. Throws a RangeError that says what is wrong. */
export function parseListenAddress(text: string): ListenAddress {
  if (!text.startsWith("unix:")) return parseHostPort(text, ", or unix:path");
  const path = text.slice("unix:".length);
  if (path === "" || path.includes("\0")) throw new RangeError("expected a path after unix:");
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) throw new RangeError(`the path of a Unix socket has at most ${MAX_PATH_BYTES} bytes`);
  return { path };
}

/** `host:port` or `[v6]:port` as an address. Throws a RangeError that says what is wrong; `otherwise` names what else is accepted. */
export function parseHostPort(text: string, otherwise = ""): HostPort {
  const [, v6, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = v6 ?? plain;
  if (host === undefined) throw new RangeError(`expected host:port such as 127.0.0.1:50051${otherwise}, not ${JSON.stringify(text)}`);
  const port = Number(digits);
  if (port > 65_535) throw new RangeError(`a port is at most 65535, not ${port}`);
  return { host, port };
}
