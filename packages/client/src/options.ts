/** What `connect` accepts. */
import { InvalidArgumentError } from "@session-bridge/core";
import {
  checkOptions,
  integersOption,
  isPlainObject,
  milliseconds,
  type OptionCheck,
  timeoutOption,
  wholeFrom,
} from "@session-bridge/core/internal";
import type { RetryPolicy } from "./rpc/calls.ts";
import type { CarrierChoice } from "./rpc.ts";

/** How a bridge behaves; everything has a default. */
export interface ConnectOptions {
  /** Milliseconds that a call may take when it says nothing, retries included; 5,000 unless said. */
  readonly timeoutMs?: number | undefined;
  /** "auto" (the default) reads an integer as a number when that is exact and else as a bigint; "bigint" always as a bigint. */
  readonly integers?: "auto" | "bigint" | undefined;
  /**
   * What carries the calls. "auto" (the default) is the direct protocol where the server speaks it, and else gRPC, as behind a proxy that knows only
   * HTTP/2, or where the environment names a proxy for the address; "grpc" and "direct" force one.
   */
  readonly carrier?: CarrierChoice | undefined;
  /** How calls are tried again, within the timeout, after a connection is lost. A change is applied once, however often it is sent [P6]. */
  readonly retry?: RetryOptions | undefined;
}

/** The parts of a retry policy that differ from the default. */
export type RetryOptions = { readonly [Key in keyof RetryPolicy]?: RetryPolicy[Key] | undefined };

const DEFAULT_ADDRESS = "localhost:50051";
const PORT = /^.+:(\d{1,5})$/;

/** The options when all of them are known and good; throws InvalidArgumentError naming the first that is not. */
export const checkConnectOptions = (options: ConnectOptions | undefined): ConnectOptions =>
  checkOptions("connect", options, { timeoutMs: timeoutOption, integers: integersOption, carrier: carrierOption, retry: retryOption });

const retryOption: OptionCheck = (value, label) => {
  if (value === undefined) return;
  if (!isPlainObject(value)) throw new InvalidArgumentError("INVALID_ARGUMENT", `${label} must be an object`);
  checkOptions(label, value, {
    maxAttempts: unlessUndefined(attempts),
    initialBackoffMs: unlessUndefined(milliseconds),
    maxBackoffMs: unlessUndefined(milliseconds),
  });
};

const CARRIERS: readonly unknown[] = ["auto", "grpc", "direct"] satisfies readonly CarrierChoice[];

const carrierOption: OptionCheck = (value, label) => {
  if (value !== undefined && !CARRIERS.includes(value)) {
    throw new InvalidArgumentError("INVALID_ARGUMENT", `${label} must be "auto", "grpc" or "direct"`);
  }
};

const unlessUndefined =
  (check: OptionCheck): OptionCheck =>
  (value, label) => {
    if (value !== undefined) check(value, label);
  };

const attempts: OptionCheck = (value, label) => {
  if (value !== Number.POSITIVE_INFINITY) wholeFrom(1)(value, label);
};

/** The address to connect to: what is given, else SESSION_BRIDGE_ADDRESS, else localhost:50051. Throws INVALID_ADDRESS. */
export function checkAddress(given: string | undefined): string {
  const address: unknown = given ?? (process.env.SESSION_BRIDGE_ADDRESS || DEFAULT_ADDRESS);
  if (typeof address === "string") {
    if (address.startsWith("unix:") && address.length > "unix:".length) return address;
    const port = Number(PORT.exec(address)?.[1] ?? 0);
    if (port > 0 && port < 65536 && !/[\s/@]/.test(address)) return address;
  }
  const shown = typeof address === "string" ? JSON.stringify(address) : String(address);
  throw new InvalidArgumentError(
    "INVALID_ADDRESS",
    `${shown} is no address; it must be host:port, such as ${DEFAULT_ADDRESS}, or unix:/path`,
  );
}
