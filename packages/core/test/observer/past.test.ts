import { describe, expect, it } from "vitest";
import type { Operation } from "../../src/session-port.ts";
import { encode } from "../../src/values/index.ts";
import { refusal, set, setOf, update } from "../engine/stage.ts";
import { CALLS, KEY, watched } from "./watched.ts";

const labelled = (kind: "checkpoint" | "rollback" | "delete_checkpoint", label: string): Operation => ({ kind, name: "", label });

describe("what looks back, goes back, declares and copies", () => {
  it("changes of a session's past are told by their operations, without a name where they have none", async () => {
    const { port, observer, told } = watched({ limits: { historyEntries: 5 } });
    const first = await set(port, "s", "x", 1);
    await update(port, "s", setOf("x", 2), labelled("checkpoint", "marker"));
    observer.clear();
    await update(port, "s", { kind: "restore", name: "x", revision: first });
    await update(port, "s", labelled("rollback", "marker"));
    await update(port, "s", labelled("delete_checkpoint", "marker"));
    await update(port, "s", { kind: "declare", name: "x", schema: encode({ type: "integer", description: "marker" }) });
    await refusal(() => set(port, "s", "x", "marker"));
    await refusal(() => update(port, "s", labelled("rollback", "marker")));
    const about = told(...CALLS).map((event) =>
      "name" in event ? [event.kind, event.operation, event.name, event.applied, event.reason] : event.kind,
    );
    expect(about).toEqual([
      ["variable.update", "restore", "x", true, ""],
      ["variable.update", "rollback", "", true, ""],
      ["variable.update", "delete_checkpoint", "", true, ""],
      ["variable.update", "declare", "x", true, ""],
      ["variable.set", "set", "x", false, "CONSTRAINT_VIOLATED"],
      ["variable.update", "rollback", "", false, "CHECKPOINT_NOT_FOUND"],
    ]);
    expect(JSON.stringify(observer.events)).not.toContain("marker");
  });

  it("a copy is a session that was created, and a call about its source", async () => {
    const { port, observer, told } = watched();
    await set(port, "s", "x", 1);
    observer.clear();
    const {
      revision,
      variableCount: sessionVariables,
      sizeBytes: sessionBytes,
    } = await port.forkSession("s", { id: "copy" }, { trace: "t" });
    const sizes = { sessionVariables, sessionBytes };
    expect(told("session.")).toMatchObject([
      { kind: "session.created", key: { tenant: "", id: "copy" }, revision, ...sizes },
      { kind: "session.call", key: KEY, operation: "fork", found: true, trace: "t", ...sizes },
    ]);
    observer.clear();
    await refusal(() => port.forkSession("s", { id: "copy" }, {}));
    expect(told("")).toMatchObject([
      { kind: "session.call", key: KEY, operation: "fork", found: false, reason: "SESSION_EXISTS", sessionVariables: 0 },
    ]);
  });

  it("looking at histories, checkpoints and declarations is a call about their session", async () => {
    const { port, observer, told } = watched({ limits: { historyEntries: 5 } });
    for (const value of [1, 2]) await set(port, "s", "x", value);
    observer.clear();
    await port.getHistory("s", "x", {}, {});
    await port.getHistory("s", "absent", {}, {});
    await port.listCheckpoints("s", {});
    await port.listDeclarations("s", {});
    expect(told("session.").map((event) => event.kind === "session.call" && [event.operation, event.found])).toEqual([
      ["history", true],
      ["history", false],
      ["checkpoints", false],
      ["declarations", false],
    ]);
  });
});
