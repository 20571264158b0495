/** The TypeScript client of session-bridge: a `Session` over the network. */
export { type Bridge, connect } from "./connect.ts";
export type { ConnectOptions } from "./options.ts";
export type { RetryPolicy } from "./rpc/calls.ts";
export type { ServerInfo } from "./rpc.ts";
