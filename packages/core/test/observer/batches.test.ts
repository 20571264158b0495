import { describe, expect, it } from "vitest";
import { encode } from "../../src/values/index.ts";
import { refusal, setOf, update } from "../engine/stage.ts";
import { KEY, watched } from "./watched.ts";

const CALL = { key: KEY, reason: "", trace: undefined, startedAtMs: 0, durationMs: 0 };

async function begun(limits = {}) {
  const stage = watched({ limits });
  await update(stage.port, "s", setOf("a", 1), setOf("b", "xy"));
  stage.observer.clear();
  return stage;
}

describe("the events of a batch", () => {
  it("atomic: each operation, then the batch, with the state after all of it", async () => {
    const { port, told } = await begun();
    await update(
      port,
      "s",
      setOf("c", 1),
      { kind: "delete", name: "b" },
      { kind: "check", name: "a", ifRevision: (await port.getVariable("s", "a", {})).variable?.revision },
    );
    const sizes = { sessionVariables: 2, sessionBytes: 4 };
    expect(told("variable.set", "variable.delete", "variable.check", "variable.batch")).toEqual([
      { ...CALL, ...sizes, kind: "variable.set", operation: "set", name: "c", found: true, applied: true, type: "integer", sizeBytes: 1 },
      { ...CALL, ...sizes, kind: "variable.delete", operation: "delete", name: "b", found: true, applied: true, type: "", sizeBytes: 0 },
      {
        ...CALL,
        ...sizes,
        kind: "variable.check",
        operation: "check",
        name: "a",
        found: true,
        applied: false,
        type: "integer",
        sizeBytes: 1,
      },
      { ...CALL, ...sizes, kind: "variable.batch", operation: "update", atomic: true, operations: 3, succeeded: 2, sizeBytes: 1 },
    ]);
  });

  it("refused as a whole: each operation has the reason of all", async () => {
    const { port, told } = await begun();
    await refusal(() => update(port, "s", setOf("c", 1), setOf("a", 1, { ifRevision: 0 })));
    const reason = "REVISION_MISMATCH";
    expect(told("")).toMatchObject([
      { kind: "variable.set", name: "c", applied: false, found: false, reason },
      { kind: "variable.set", name: "a", applied: false, found: false, reason },
      { kind: "variable.batch", operations: 2, succeeded: 0, sizeBytes: 0, reason, sessionVariables: 2 },
    ]);
  });

  it("independent: each operation has its own reason, and the batch has none", async () => {
    const { port, told } = await begun();
    const operations = [setOf("c", 1), { kind: "increment", name: "b", by: encode(1) }, { kind: "delete", name: "absent" }] as const;
    await port.update("s", { operations, independent: true }, {});
    expect(told("variable.")).toMatchObject([
      { kind: "variable.set", applied: true, reason: "" },
      { kind: "variable.update", applied: false, reason: "TYPE_MISMATCH", type: "", sizeBytes: 0 },
      { kind: "variable.delete", applied: false, found: false, reason: "" },
      { kind: "variable.batch", atomic: false, operations: 3, succeeded: 1, reason: "", sizeBytes: 1 },
    ]);
  });

  it("of no operations, and of too many, only the batch is told", async () => {
    const { port, told } = await begun({ operationsPerUpdate: 2 });
    await refusal(() => update(port, "s"));
    await refusal(() => update(port, "s", ...Array.from({ length: 3 }, () => setOf("c", 1))));
    expect(told("")).toMatchObject([
      { kind: "variable.batch", operation: "update", operations: 0, reason: "INVALID_ARGUMENT" },
      { kind: "variable.batch", operation: "update", operations: 3, reason: "TOO_MANY_OPERATIONS" },
    ]);
  });

  it("names that are read: what is found, what is missing, the batch; a name asked for twice counts once", async () => {
    const { port, told } = await begun();
    await port.getVariables("s", { names: ["z", "b", "a", "b"] }, {});
    const get = { ...CALL, kind: "variable.get", operation: "get", applied: false, sessionVariables: 2, sessionBytes: 6 };
    const { kind: _, applied: __, ...batch } = get;
    expect(told("")).toEqual([
      { ...get, name: "a", found: true, type: "integer", sizeBytes: 1 },
      { ...get, name: "b", found: true, type: "string", sizeBytes: 3 },
      { ...get, name: "z", found: false, type: "", sizeBytes: 0 },
      { ...batch, kind: "variable.batch", atomic: true, operations: 3, succeeded: 2, sizeBytes: 4 },
    ]);
  });

  it("a prefix that is read names only what is there", async () => {
    const { port, told } = await begun();
    await port.getVariables("s", { prefix: "b" }, {});
    await port.getVariables("s", { prefix: "none" }, {});
    expect(told("")).toMatchObject([
      { kind: "variable.get", name: "b", found: true },
      { kind: "variable.batch", operation: "get", operations: 1, succeeded: 1, sizeBytes: 3 },
      { kind: "variable.batch", operation: "get", operations: 0, succeeded: 0, sizeBytes: 0 },
    ]);
  });

  it("a reading that fails is told as a whole", async () => {
    const { port, told } = await begun();
    await refusal(() => port.getVariables("s", { names: ["a", "\u0000"] }, {}));
    expect(told("")).toMatchObject([{ kind: "variable.batch", operation: "get", operations: 2, succeeded: 0, reason: "INVALID_NAME" }]);
  });

  it("a listing is one event", async () => {
    const { port, told } = await begun();
    await port.listVariables("s", "", {});
    const listed = { operation: "list", atomic: true, operations: 2, succeeded: 2, sizeBytes: 4, sessionVariables: 2, sessionBytes: 6 };
    expect(told("")).toEqual([{ ...CALL, kind: "variable.batch", ...listed }]);
  });
});
