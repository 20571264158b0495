import type { ListenAddress } from "./grpc/listener.ts";

export type { ListenAddress };

/** `host:port` or `[v6]:port` as an address. Throws a RangeError that says what is wrong. */
export function parseListenAddress(text: string): ListenAddress {
  const [, v6, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = v6 ?? plain;
  if (host === undefined) throw new RangeError(`expected host:port such as 127.0.0.1:50051, not ${JSON.stringify(text)}`);
  const port = Number(digits);
  if (port > 65_535) throw new RangeError(`a port is at most 65535, not ${port}`);
  return { host, port };
}
