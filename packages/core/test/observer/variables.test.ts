import { describe, expect, it } from "vitest";
import type { Operation, SessionPort, Update } from "../../src/session-port.ts";
import { faultAt } from "../../src/testing/index.ts";
import { encode } from "../../src/values/index.ts";
import { refusal, setOf, settled, update } from "../engine/stage.ts";
import { KEY, watched } from "./watched.ts";

/** Three variables: `n` is 1, `list` is [1], `text` is "abc". With their names they have 2, 6 and 8 bytes. */
const begin = (port: SessionPort) => update(port, "s", setOf("n", 1), setOf("list", [1]), setOf("text", "abc"));
const SIZES = { sessionVariables: 3, sessionBytes: 16 };
const CALL = { key: KEY, reason: "", trace: "t", startedAtMs: 0, durationMs: 0 };
const ABSENT = { type: "", sizeBytes: 0 };

const one = async (port: SessionPort, operation: Operation, more: Omit<Update, "operations"> = {}) =>
  port.update("s", { operations: [operation], ...more }, { trace: "t" });

interface Row {
  readonly law: string;
  readonly run: (port: SessionPort) => unknown;
  readonly event: Readonly<Record<string, unknown>>;
}

const rows: readonly Row[] = [
  {
    law: "a read of what is there",
    run: (port) => port.getVariable("s", "text", { trace: "t" }),
    event: { kind: "variable.get", operation: "get", name: "text", found: true, applied: false, type: "string", sizeBytes: 4, ...SIZES },
  },
  {
    law: "a read of what is missing",
    run: (port) => port.getVariable("s", "absent", { trace: "t" }),
    event: { kind: "variable.get", operation: "get", name: "absent", found: false, applied: false, ...ABSENT, ...SIZES },
  },
  {
    law: "a set",
    run: (port) => one(port, setOf("new", "12")),
    event: {
      ...{ kind: "variable.set", operation: "set", name: "new", found: true, applied: true, type: "string", sizeBytes: 3 },
      ...{ sessionVariables: 4, sessionBytes: 22 },
    },
  },
  {
    law: "a set of what is there already, and should not be",
    run: (port) => one(port, setOf("n", 12345, { ifMissing: true })),
    event: { kind: "variable.set", operation: "set", name: "n", found: true, applied: false, type: "integer", sizeBytes: 1, ...SIZES },
  },
  {
    law: "a deletion",
    run: (port) => one(port, { kind: "delete", name: "text" }),
    event: {
      ...{ kind: "variable.delete", operation: "delete", name: "text", found: true, applied: true, ...ABSENT },
      ...{ sessionVariables: 2, sessionBytes: 8 },
    },
  },
  {
    law: "a deletion of nothing",
    run: (port) => one(port, { kind: "delete", name: "absent" }),
    event: { kind: "variable.delete", operation: "delete", name: "absent", found: false, applied: false, ...ABSENT, ...SIZES },
  },
  {
    law: "an increment",
    run: (port) => one(port, { kind: "increment", name: "n", by: encode(1) }),
    event: {
      ...{ kind: "variable.update", operation: "increment", name: "n", found: true, applied: true, type: "integer", sizeBytes: 1 },
      ...SIZES,
    },
  },
  {
    law: "an append",
    run: (port) => one(port, { kind: "append", name: "list", value: encode([2]) }),
    event: {
      ...{ kind: "variable.update", operation: "append", name: "list", found: true, applied: true, type: "list", sizeBytes: 3 },
      ...{ ...SIZES, sessionBytes: 17 },
    },
  },
  {
    law: "a merge",
    run: (port) => one(port, { kind: "merge", name: "map", values: encode({ a: 1 }), path: [], remove: [] }),
    event: {
      ...{ kind: "variable.update", operation: "merge", name: "map", found: true, applied: true, type: "map", sizeBytes: 4 },
      ...{ sessionVariables: 4, sessionBytes: 23 },
    },
  },
  {
    law: "a clear",
    run: (port) => one(port, { kind: "clear", name: "", prefix: "" }),
    event: {
      ...{ kind: "variable.delete", operation: "clear", name: "", found: true, applied: true, ...ABSENT },
      ...{ sessionVariables: 0, sessionBytes: 0 },
    },
  },
  {
    law: "a clear of nothing",
    run: (port) => one(port, { kind: "clear", name: "", prefix: "zz" }),
    event: { kind: "variable.delete", operation: "clear", name: "", found: false, applied: false, ...ABSENT, ...SIZES },
  },
  {
    law: "a pop of the last variable",
    run: (port) => one(port, { kind: "pop_last", name: "" }),
    event: {
      ...{ kind: "variable.delete", operation: "pop_last", name: "text", found: true, applied: true, ...ABSENT },
      ...{ sessionVariables: 2, sessionBytes: 8 },
    },
  },
  {
    law: "a precondition that holds",
    run: (port) => one(port, { kind: "check", name: "absent", ifRevision: 0 }),
    event: { kind: "variable.check", operation: "check", name: "absent", found: false, applied: false, ...ABSENT, ...SIZES },
  },
];

const refused: readonly (Row & { readonly reason: string })[] = [
  {
    law: "a set at another revision",
    run: (port) => one(port, setOf("n", 2, { ifRevision: 0 })),
    reason: "REVISION_MISMATCH",
    event: { kind: "variable.set", operation: "set", name: "n", ...SIZES },
  },
  {
    law: "a precondition that does not hold",
    run: (port) => one(port, { kind: "check", name: "n", ifRevision: 0 }),
    reason: "REVISION_MISMATCH",
    event: { kind: "variable.check", operation: "check", name: "n", ...SIZES },
  },
  {
    law: "a value that is too large",
    run: (port) => one(port, setOf("n", "x".repeat(200))),
    reason: "VALUE_TOO_LARGE",
    event: { kind: "variable.set", operation: "set", name: "n", ...SIZES },
  },
  {
    law: "an edit that does not fit",
    run: (port) => one(port, { kind: "increment", name: "text", by: encode(1) }),
    reason: "TYPE_MISMATCH",
    event: { kind: "variable.update", operation: "increment", name: "text", ...SIZES },
  },
  {
    law: "a value that is none",
    run: (port) => one(port, { kind: "set", name: "n", value: { bytes: new Uint8Array([0xc1]), encoding: "" } }),
    reason: "INVALID_VALUE",
    event: { kind: "variable.set", operation: "set", name: "n", sessionVariables: 0, sessionBytes: 0 },
  },
  {
    law: "a bad name, which is not told",
    run: (port) => one(port, { kind: "delete", name: "a\u0000b" }),
    reason: "INVALID_NAME",
    event: { kind: "variable.delete", operation: "delete", name: "", sessionVariables: 0, sessionBytes: 0 },
  },
  {
    law: "a bad name in an independent update, which is not told either",
    run: (port) => one(port, { kind: "delete", name: "a\u0000b" }, { independent: true }),
    reason: "INVALID_NAME",
    event: { kind: "variable.delete", operation: "delete", name: "", ...SIZES },
  },
  {
    law: "a read of a bad name",
    run: (port) => port.getVariable("s", "a\u0000b", { trace: "t" }),
    reason: "INVALID_NAME",
    event: { kind: "variable.get", operation: "get", name: "", sessionVariables: 0, sessionBytes: 0 },
  },
  {
    law: "a previous value that does not fit the answer",
    run: (port) => one(port, { kind: "delete", name: "text", wantPrevious: true }, { previousBytes: 1 }),
    reason: "MESSAGE_TOO_LARGE",
    event: { kind: "variable.delete", operation: "delete", name: "text", ...SIZES },
  },
];

describe("the event of one operation", () => {
  it.each(rows)("$law", async ({ run, event }) => {
    const { port, observer, told } = watched();
    await begin(port);
    observer.clear();
    await run(port);
    expect(told("variable.")).toEqual([{ ...CALL, ...event }]);
  });

  it.each(refused)("$law: tells the reason", async ({ run, event, reason }) => {
    const { port, observer, told } = watched({ limits: { valueBytes: 100 } });
    await begin(port);
    observer.clear();
    await Promise.resolve(port)
      .then(run)
      .catch(() => {});
    expect(told("variable.", "commit")).toEqual([{ ...CALL, found: false, applied: false, ...ABSENT, ...event, reason }]);
  });

  it("tells the state right after it, whatever was committed together", async () => {
    const { port, told } = watched();
    await Promise.all([update(port, "s", setOf("a", 1)), update(port, "s", setOf("a", "long")), update(port, "s", setOf("b", 1))]);
    expect(told("commit")).toHaveLength(1);
    expect(told("variable.")).toMatchObject([
      { sizeBytes: 1, type: "integer", sessionVariables: 1, sessionBytes: 2 },
      { sizeBytes: 5, type: "string", sessionVariables: 1, sessionBytes: 6 },
      { sizeBytes: 1, type: "integer", sessionVariables: 2, sessionBytes: 8 },
    ]);
  });

  it("of a repeated call: nothing changed, and its sizes are not known", async () => {
    const { port, told, observer } = watched();
    const call = { request: { id: "A".repeat(22), digest: new Uint8Array(32) } };
    await port.update("s", { operations: [setOf("a", 1)] }, call);
    expect(told("variable.")).toMatchObject([{ applied: true, found: true, sizeBytes: 1 }]);
    observer.clear();
    await port.update("s", { operations: [setOf("a", 1)] }, { request: { ...call.request, resentAfterMs: 0 } });
    await port.update("s", { operations: [setOf("a", 1)] }, call);
    const repeat = { applied: false, found: true, reason: "", type: "", sizeBytes: 0, sessionVariables: 0, sessionBytes: 0 };
    expect(told("variable.")).toMatchObject([repeat, repeat]);
    const twins = watched();
    await Promise.all([1, 2].map(async () => twins.port.update("s", { operations: [setOf("a", 1)] }, call)));
    expect(twins.told("variable.")).toMatchObject([{ applied: true }, repeat]);
  });

  it("is told when its commit is, not before", async () => {
    const { port, store, told, clock } = watched({ plan: faultAt("save", 1, "hold_answer") });
    const answer = update(port, "s", setOf("a", 1));
    await settled();
    clock.advance(7);
    expect(told("variable.", "session.", "commit")).toEqual([]);
    store.release();
    await answer;
    expect(told("variable.", "session.", "commit").map(({ kind }) => kind)).toEqual(["commit", "session.created", "variable.set"]);
    expect(told("variable.")).toMatchObject([{ startedAtMs: 0, durationMs: 7, reason: "" }]);
  });

  it("tells once of a call that gave up, whatever becomes of its commit", async () => {
    const { port, store, told, clock } = watched({ plan: faultAt("save", 1, "hold_answer") });
    const answer = port.update("s", { operations: [setOf("a", 1)] }, { timeoutMs: 10 });
    await settled();
    clock.advance(10);
    expect((await refusal(() => answer)).outcome).toBe("unknown");
    store.release();
    await settled();
    expect(told("variable.")).toMatchObject([{ reason: "DEADLINE_EXCEEDED", applied: false, durationMs: 10 }]);
    expect(told("session.created")).toHaveLength(1);
  });

  it("tells of every variable that expires", async () => {
    const { port, observer, told, clock } = watched();
    await update(port, "s", setOf("a", 1, { ttl: 100 }), setOf("b", 1, { ttl: 100 }), setOf("c", 1));
    observer.clear();
    clock.advance(100);
    await port.getVariable("s", "a", {});
    const expired = { kind: "variable.expired", operation: "expire", key: KEY, found: true, applied: true, ...ABSENT };
    const at = { startedAtMs: 100, durationMs: 0, reason: "", trace: undefined, sessionVariables: 1, sessionBytes: 2 };
    expect(told("variable.expired")).toEqual([
      { ...expired, ...at, name: "a" },
      { ...expired, ...at, name: "b" },
    ]);
    expect(told("variable.get")).toMatchObject([{ name: "a", found: false, sessionVariables: 1 }]);
  });
});
