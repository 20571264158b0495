/** Both carriers over functions that a test writes, and a client of the direct one. */
import { subscribed, systemClock, systemRandom } from "@session-bridge/core/internal";
import { WatchVariablesResponse } from "@session-bridge/protocol/session_bridge/v1/variables";
import { onTestFinished } from "vitest";
import { type CarriersOptions, serveCarriers } from "../../src/carriers.ts";
import type { Caller, StreamCaller } from "../../src/service/caller.ts";
import { DEFAULT_REQUEST_LIMITS, type RequestLimits } from "../../src/service/server-info.ts";
import type { SessionFunctions } from "../../src/service/sessions.ts";
import type { VariableFunctions } from "../../src/service/variables.ts";
import { directClient, numberOf } from "./direct-client.ts";
import { recordingLogger } from "./test-server.ts";

/** The methods that the functions serve, and what they are asked and answer when that does not matter. */
export const GET = numberOf("GetVariable");
export const WATCH = numberOf("WatchVariables");
export const NOTHING = new Uint8Array(0);
export const FOUND = { found: true, value: NOTHING, encoding: "", sessionRevision: 1n, info: undefined };

/** The functions of a server, as far as a test calls them. */
export interface Served {
  readonly get?: (caller: Caller) => unknown;
  readonly watch?: (caller: StreamCaller) => AsyncIterable<WatchVariablesResponse>;
}

/** Both carriers over functions that a test writes. */
export async function serving({ get, watch }: Served, limits: Partial<RequestLimits> = {}, parts: Partial<CarriersOptions> = {}) {
  const { logger, records } = recordingLogger();
  const server = await serveCarriers({
    sessions: {} as SessionFunctions,
    variables: {
      getVariable: (_request: unknown, caller: Caller) => get?.(caller),
      watchVariables: (_request: unknown, caller: StreamCaller) => watch && subscribed(watch(caller), caller),
    } as unknown as VariableFunctions,
    listen: { host: "127.0.0.1", port: 0 },
    limits: { ...DEFAULT_REQUEST_LIMITS, ...limits },
    clock: systemClock,
    random: systemRandom,
    logger,
    ...parts,
  });
  onTestFinished(async () => void (await server.stop(0)));
  return { server, records, direct: directClient(server.address), connect: () => directClient(server.address) };
}

/** An item of a watch by its revision, and the revision of one that came. */
const item = (revision: number): WatchVariablesResponse => ({ changes: [], revision: BigInt(revision), caughtUp: false });
export const revisionOf = (payload: Uint8Array): number => Number(WatchVariablesResponse.decode(payload).revision);

/** A watch without end that counts what it has given, and says when its signal is aborted. */
export function counting() {
  const state = { given: 0, aborted: false };
  return {
    state,
    async *watch({ signal }: StreamCaller) {
      signal.addEventListener("abort", () => {
        state.aborted = true;
      });
      for (;;) {
        state.given += 1;
        yield item(state.given);
      }
    },
  };
}
