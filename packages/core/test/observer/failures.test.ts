import { describe, expect, it } from "vitest";
import type { PortCall, SessionPort } from "../../src/session-port.ts";
import { type Fault, faultAt, type PersistenceMethod } from "../../src/testing/index.ts";
import { refusal, setOf, settled, update } from "../engine/stage.ts";
import { CALLS, disk, type Watched, watched } from "./watched.ts";

interface Method {
  readonly method: keyof SessionPort;
  /** Whether it saves something. */
  readonly saves: boolean;
  readonly run: (port: SessionPort, id: string, call: PortCall) => unknown;
  /** What is told of it, whatever it was that failed. */
  readonly events: readonly Readonly<Record<string, unknown>>[];
}

const METHODS: readonly Method[] = [
  {
    method: "getVariable",
    saves: false,
    run: (port, id, call) => port.getVariable(id, "a", call),
    events: [{ kind: "variable.get", operation: "get", name: "a", found: false, applied: false }],
  },
  {
    method: "getVariables",
    saves: false,
    run: (port, id, call) => port.getVariables(id, { names: ["a", "b"] }, call),
    events: [{ kind: "variable.batch", operation: "get", operations: 2, succeeded: 0 }],
  },
  {
    method: "listVariables",
    saves: false,
    run: (port, id, call) => port.listVariables(id, "", call),
    events: [{ kind: "variable.batch", operation: "list", operations: 0 }],
  },
  {
    method: "update",
    saves: true,
    run: (port, id, call) => port.update(id, { operations: [setOf("a", 1), { kind: "delete", name: "b" }] }, call),
    events: [
      { kind: "variable.set", operation: "set", name: "a", found: false, applied: false, type: "", sizeBytes: 0 },
      { kind: "variable.delete", operation: "delete", name: "b", found: false, applied: false, type: "", sizeBytes: 0 },
      { kind: "variable.batch", operation: "update", operations: 2, succeeded: 0 },
    ],
  },
  {
    method: "createSession",
    saves: true,
    run: (port, id, call) => port.createSession({ id }, call),
    events: [{ kind: "session.call", operation: "create", found: false }],
  },
  {
    method: "getSession",
    saves: false,
    run: (port, id, call) => port.getSession(id, call),
    events: [{ kind: "session.call", operation: "get", found: false }],
  },
  {
    method: "listSessions",
    saves: false,
    run: (port, id, call) => port.listSessions({ prefix: id }, {}, call),
    events: [{ kind: "session.call", operation: "list", found: false }],
  },
  {
    method: "touchSession",
    saves: true,
    run: (port, id, call) => port.touchSession(id, 60_000, call),
    events: [{ kind: "session.call", operation: "touch", found: false }],
  },
  {
    method: "deleteSession",
    saves: true,
    run: (port, id, call) => port.deleteSession(id, call),
    events: [{ kind: "session.call", operation: "delete", found: false }],
  },
];

interface Failure {
  readonly law: string;
  readonly reason: string;
  readonly durationMs?: number;
  readonly id?: string;
  readonly timeoutMs?: number;
  readonly appliesTo?: (method: Method) => boolean;
  /** The engine that fails. */
  readonly stage: (method: Method) => Watched | Promise<Watched>;
  /** What happens after the call. */
  readonly meanwhile?: (stage: Watched, abort: () => void) => void;
}

/** An engine whose store has this fault. */
const faulty = (fault: Fault, ...methods: readonly PersistenceMethod[]): Watched =>
  watched({ inner: disk(), plan: ({ method }) => (methods.includes(method) ? fault : undefined) });

const FAILURES: readonly Failure[] = [
  { law: "a bad session id, which is not told", reason: "INVALID_SESSION_ID", id: "a\u0000b", stage: () => watched() },
  { law: "a store that cannot be opened", reason: "STORE_UNAVAILABLE", stage: () => faulty("fail", "open") },
  { law: "a store that fails when it is asked", reason: "STORE_UNAVAILABLE", stage: () => faulty("fail", "load", "listSessions") },
  {
    law: "a save that fails",
    reason: "STORE_UNAVAILABLE",
    appliesTo: ({ saves }) => saves,
    async stage({ method }) {
      const inner = disk();
      if (method !== "createSession") await update(watched({ inner }).port, "s", setOf("b", 1));
      return watched({ inner, plan: faultAt("save", 1, "fail") });
    },
  },
  {
    law: "a deadline",
    reason: "DEADLINE_EXCEEDED",
    durationMs: 10,
    timeoutMs: 10,
    stage: () => faulty("hold", "load", "listSessions"),
    meanwhile: ({ clock }) => clock.advance(10),
  },
  {
    law: "a caller that went away",
    reason: "CANCELLED",
    durationMs: 3,
    stage: () => faulty("hold", "load", "listSessions"),
    meanwhile({ clock }, abort) {
      clock.advance(3);
      abort();
    },
  },
  {
    law: "a closed engine",
    reason: "BRIDGE_CLOSED",
    async stage() {
      const stage = watched();
      await stage.engine.close();
      return stage;
    },
  },
];

describe.each(FAILURES)("$law", ({ reason, durationMs = 0, id = "s", timeoutMs, appliesTo = () => true, stage, meanwhile }) => {
  it.each(METHODS.filter(appliesTo))("is told of $method, once", async (method) => {
    const failing = await stage(method);
    const trace = { request: 1 };
    const caller = new AbortController();
    const refused = refusal(async () => method.run(failing.port, id, { timeoutMs, signal: caller.signal, trace }));
    await settled();
    meanwhile?.(failing, () => caller.abort());
    expect((await refused).reason).toBe(reason);
    await settled();
    const events = failing.told(...CALLS);
    const told = id === "s" && method.method !== "listSessions" ? "s" : "";
    expect(events).toMatchObject(method.events.map((event) => ({ ...event, key: { tenant: "", id: told }, reason, durationMs })));
    for (const event of events) expect(event).toHaveProperty("trace", trace);
  });
});
