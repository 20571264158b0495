/** The TypeScript client of session-bridge: a `Session` over the network. */
export { type Bridge, connect } from "./connect.ts";
export type { ConnectOptions, RetryOptions } from "./options.ts";
export type { CarrierChoice, ServerInfo } from "./rpc.ts";
