/** Whether the way to an address leads through a proxy of the environment, which only gRPC's library knows to take. */
import { BlockList, isIP } from "node:net";

/** Addresses of this machine, to which nothing goes through a proxy. */
export const LOOPBACK = /^(localhost|127\.[\d.]+|\[::1\])(:|$)|^unix:/;

const PROXIES = ["grpc_proxy", "https_proxy", "http_proxy"];
const EXCEPTIONS = ["no_grpc_proxy", "no_proxy"];

/** Variables of a process. */
type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Whether gRPC's library would ask a proxy for an address. The variables are gRPC's
 * (https://github.com/grpc/grpc/blob/master/doc/environment_variables.md): exceptions are endings of hosts, networks, or `*` for all hosts.
 */
export function goesThroughProxy(address: string, environment: Environment = process.env): boolean {
  const found = (names: readonly string[]): string => names.map((name) => environment[name]).find(Boolean) ?? "";
  if (LOOPBACK.test(address) || found(PROXIES) === "") return false;
  const host = address
    .slice(0, address.lastIndexOf(":"))
    .replace(/^\[|\]$/g, "")
    .toLowerCase();
  const exceptions = found(EXCEPTIONS).toLowerCase().split(",");
  return !exceptions.some((entry) => isOf(host, entry.trim()));
}

function isOf(host: string, entry: string): boolean {
  if (!entry.includes("/")) return entry === "*" || (entry !== "" && host.endsWith(entry));
  const [network = "", bits] = entry.split("/");
  const family = isIP(host) === 6 ? "ipv6" : "ipv4";
  const list = new BlockList();
  try {
    list.addSubnet(network, Number(bits), family);
  } catch {
    return false;
  }
  return isIP(host) !== 0 && list.check(host, family);
}
