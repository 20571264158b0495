/** The server as a library: start one inside a program. */

export { type RunningServer, type ServerOptions, startServer } from "./server.ts";
export type { RequestLimits } from "./service/server-info.ts";
