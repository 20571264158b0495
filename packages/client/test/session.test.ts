import { sessionSuite } from "@session-bridge/core/testing";
import { startServer } from "@session-bridge/server";
import { describe, expect, it } from "vitest";
import { type Bridge, connect } from "../src/index.ts";
import { CARRIERS } from "./support/carriers.ts";

const LONGEST_MS = 120_000;

describe.each(CARRIERS)("the session of a server over %s", (carrier) =>
  sessionSuite({ describe, it: (name, body) => it(name, body, LONGEST_MS), expect }, async ({ clock, integers }) => {
    const server = await startServer({ listen: "127.0.0.1:0", clock });
    const bridges: Bridge[] = [];
    return {
      directory() {
        const bridge = connect(server.address, { integers, carrier });
        bridges.push(bridge);
        return bridge;
      },
      async cleanUp() {
        await Promise.all(bridges.map((bridge) => bridge.close()));
        await server.stop();
      },
    };
  }),
);
