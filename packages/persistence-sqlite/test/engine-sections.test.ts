/** Histories, checkpoints, declarations and copies of an engine whose sessions come from a file. */
import { join } from "node:path";
import type { BridgeError } from "@session-bridge/core";
import { encode } from "@session-bridge/core/values";
import { describe, expect, it } from "vitest";
import { backupStore, checkStore } from "../src/index.ts";
import { all, checkpoint, past, rollback, setOf, stage, update } from "./engine.ts";
import { printed, runBeside, scratchDirectory } from "./scratch.ts";

const large = (seed: string): string => `${seed} `.repeat(3_000);

/** A session with a past: three values of each of two names, one of them large, a deletion, and a checkpoint of the second state. */
const makePast = async (port: ReturnType<ReturnType<typeof stage>["port"]>): Promise<number[]> => [
  await update(port, "s", setOf("small", 1), setOf("large", large("one")), setOf("gone", "soon")),
  await update(port, "s", setOf("small", 2), setOf("large", large("two")), checkpoint("second")),
  await update(port, "s", setOf("small", 3), setOf("large", large("three")), { kind: "delete", name: "gone" }),
];

const PRESENT = { small: 3, large: large("three") };
const SECOND = { small: 2, large: large("two"), gone: "soon" };

describe("a session's past in a file", { timeout: 30_000 }, () => {
  it("is there after a restart, and is restored and rolled back to from there", async () => {
    const at = stage();
    const [first] = await makePast(at.port());
    await at.restart();
    expect(await all(at.port(), "s")).toEqual(PRESENT);
    expect(await past(at.port(), "s", "large")).toEqual([large("two"), large("one")]);
    expect(await past(at.port(), "s", "gone")).toEqual(["delete", "soon"]);
    await update(at.port(), "s", { kind: "restore", name: "large", revision: first as number });
    await at.restart();
    expect(await all(at.port(), "s")).toEqual({ ...PRESENT, large: large("one") });
    await update(at.port(), "s", rollback("second"));
    await at.restart();
    expect(await all(at.port(), "s")).toEqual(SECOND);
    expect(await past(at.port(), "s", "large")).toEqual([large("one"), large("three"), large("two"), large("one")]);
    expect((await at.port().listCheckpoints("s", {})).checkpoints.map(({ label }) => label)).toEqual(["second"]);
    expect(await checkStore(at.file)).toMatchObject({ ok: true, problems: [] });
  });

  it("[P14] is read again when the session has left memory: history, restore, rollback, fork at a revision", async () => {
    const at = stage({ limits: { memoryBytes: 1 } });
    const port = at.port();
    const [first, second] = await makePast(port);
    await update(port, "other", setOf("x", 1));
    const left = async (): Promise<void> => {
      await all(port, "other");
      await update(port, "other", setOf("x", 1));
    };
    await left();
    expect(at.engine().memory.sessions).toBe(1);
    expect(await past(port, "s", "large")).toEqual([large("two"), large("one")]);
    await left();
    await update(port, "s", { kind: "restore", name: "large", revision: first as number }, rollback("second"));
    await left();
    expect(await all(port, "s")).toEqual(SECOND);
    await left();
    await port.forkSession("s", { id: "earlier", atRevision: second as number }, {});
    await left();
    expect(await all(port, "earlier")).toEqual(SECOND);
    await left();
    await update(port, "s", setOf("large", 0), checkpoint("second"));
    await left();
    expect(await past(port, "s", "large")).toEqual([large("two"), large("three"), large("two"), large("one")]);
  });

  it("[P11] is there after a kill -9, every acknowledged part of it, and so is a copy", async () => {
    const file = join(scratchDirectory(), "sessions.db");
    const child = runBeside(
      file,
      `import { sessionEngine } from "@session-bridge/core/internal";
       import { manualClock } from "@session-bridge/core/testing";
       import { encode } from "@session-bridge/core/values";
       const port = sessionEngine({ persistence: store, clock: manualClock(), limits: { historyEntries: 10 } }).port("");
       const set = (name, value) => ({ kind: "set", name, value: { bytes: encode(value), encoding: "" } });
       const update = (...operations) => port.update("s", { operations }, {});
       await update(set("v", 1), set("large", "x".repeat(9000)));
       await update(set("v", 2), { kind: "checkpoint", name: "", label: "two" });
       await update({ kind: "declare", name: "v", schema: encode({ type: "integer" }) });
       await update(set("v", 3), { kind: "delete", name: "large" });
       await port.forkSession("s", { id: "copy" }, {});
       console.log("ready");
       setInterval(() => {}, 1000);`,
    );
    expect(await printed(child)).toBe("ready");
    child.kill("SIGKILL");
    await new Promise((resolve) => child.once("exit", resolve));
    const at = stage({ file });
    const port = at.port();
    expect([await all(port, "s"), await all(port, "copy")]).toEqual([{ v: 3 }, { v: 3 }]);
    expect([await past(port, "s", "v"), await past(port, "s", "large")]).toEqual([
      [2, 1],
      ["delete", "x".repeat(9000)],
    ]);
    for (const id of ["s", "copy"]) {
      const failure = await update(port, id, setOf("v", "text")).catch((error: BridgeError) => error.reason);
      expect(failure).toBe("CONSTRAINT_VIOLATED");
    }
    await update(port, "s", rollback("two"));
    expect(await all(port, "s")).toEqual({ v: 2, large: "x".repeat(9000) });
  });

  it("goes back over 1,000 variables in one commit with one revision, after a restart too", async () => {
    const at = stage();
    const values = (n: number) => Array.from({ length: 1_000 }, (_, i) => setOf(`name ${i}`, i % 100 === 0 ? large(`${n} ${i}`) : n + i));
    await update(at.port(), "s", ...values(1));
    await update(at.port(), "s", checkpoint("all"));
    const before = await all(at.port(), "s");
    await update(at.port(), "s", ...values(2));
    await at.restart();
    const { results, sessionRevision } = await at.port().update("s", { operations: [rollback("all")] }, {});
    expect(results).toMatchObject([{ applied: true, count: 1_000 }]);
    await at.restart();
    const { variables } = await at.port().getVariables("s", { prefix: "" }, {});
    expect(new Set(variables.map(({ revision }) => revision))).toEqual(new Set([sessionRevision]));
    expect(await all(at.port(), "s")).toEqual(before);
  });

  it("is in a backup, which is a store by itself", async () => {
    const at = stage();
    await makePast(at.port());
    const backup = join(scratchDirectory(), "backup.db");
    await backupStore(at.file, backup);
    await update(at.port(), "s", setOf("large", "later"));
    const copy = stage({ file: backup });
    expect(await past(copy.port(), "s", "large")).toEqual([large("two"), large("one")]);
    await update(copy.port(), "s", rollback("second"));
    expect(await all(copy.port(), "s")).toEqual(SECOND);
  });

  it("takes the history away that its session does not keep any more", async () => {
    const at = stage();
    await makePast(at.port());
    await at.restart();
    const none = stage({ file: at.file, limits: { historyEntries: 0 } });
    await at.engine().close();
    expect((await past(none.port(), "s", "large")).length).toBe(2);
    await update(none.port(), "s", setOf("small", 4));
    expect(await past(none.port(), "s", "large")).toEqual([]);
    await none.restart();
    await update(none.port(), "s", rollback("second"));
    expect(await all(none.port(), "s")).toEqual(SECOND);
    expect(await checkStore(at.file)).toMatchObject({ ok: true, problems: [] });
  });
});

describe("a copy in a file", { timeout: 30_000 }, () => {
  it("[P7] of a session whose large values are not in memory has them, and both evolve independently across restarts", async () => {
    const at = stage();
    await makePast(at.port());
    await at.restart();
    await at.port().forkSession("s", { id: "copy" }, {});
    expect(await all(at.port(), "copy")).toEqual(PRESENT);
    await at.restart();
    await update(at.port(), "s", setOf("large", "changed"), { kind: "delete", name: "small" });
    await update(at.port(), "copy", { kind: "append", name: "list", value: encode(["copy"]) });
    await at.restart();
    expect(await all(at.port(), "s")).toEqual({ large: "changed" });
    expect(await all(at.port(), "copy")).toEqual({ ...PRESENT, list: ["copy"] });
    expect((await at.port().listCheckpoints("copy", {})).checkpoints).toEqual([]);
    await at.port().deleteSession("s", {});
    await at.port().forkSession("copy", { id: "third" }, {});
    await at.port().deleteSession("copy", {});
    await at.restart();
    expect(await all(at.port(), "third")).toEqual({ ...PRESENT, list: ["copy"] });
    expect(await checkStore(at.file)).toMatchObject({ ok: true, problems: [], sessions: 1 });
  });

  it("[P1] an if_revision of the source never matches in the copy, and the copy's are its own", async () => {
    const at = stage();
    const revision = (await makePast(at.port()))[2] as number;
    await at.port().forkSession("s", { id: "copy" }, {});
    const reason = await update(at.port(), "copy", { ...setOf("small", 9), ifRevision: revision }).catch(
      (error: BridgeError) => error.reason,
    );
    expect(reason).toBe("REVISION_MISMATCH");
    await at.restart();
    const { variable } = await at.port().getVariable("copy", "small", {});
    expect(await update(at.port(), "copy", { ...setOf("small", 9), ifRevision: variable?.revision })).toBeGreaterThan(revision);
  });

  it("[P8] has what expires with it, and loses it when its source does", async () => {
    const at = stage();
    await update(at.port(), "s", { ...setOf("soon", 1), ttl: 5_000 } as never, setOf("kept", 2));
    await at.port().forkSession("s", { id: "copy" }, {});
    await at.restart();
    expect(await all(at.port(), "copy")).toEqual({ soon: 1, kept: 2 });
    at.clock.advance(6_000);
    expect([await all(at.port(), "s"), await all(at.port(), "copy")]).toEqual([{ kept: 2 }, { kept: 2 }]);
    await at.restart();
    expect(await checkStore(at.file)).toMatchObject({ ok: true, problems: [] });
  });
});
