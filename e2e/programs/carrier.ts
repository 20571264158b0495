import type { ConnectOptions } from "@session-bridge/client";

/** The carrier of this run: that of SESSION_BRIDGE_TEST_CARRIER, else whatever the client takes. */
export const carrier = (process.env.SESSION_BRIDGE_TEST_CARRIER ?? "auto") as NonNullable<ConnectOptions["carrier"]>;
