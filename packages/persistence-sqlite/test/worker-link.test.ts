import { once } from "node:events";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { describe, expect, it, onTestFinished } from "vitest";
import { create, NOW_MS, printed, runBeside, scratchDirectory, scratchStore } from "./scratch.ts";

/** The threads that are started during the test: the writer first, then the reader. */
function startedWorkers(): Worker[] {
  const workers: Worker[] = [];
  const note = (worker: Worker): number => workers.push(worker);
  process.on("worker", note);
  onTestFinished(() => {
    process.off("worker", note);
  });
  return workers;
}

const A = { tenant: "", id: "a" };

describe("a store of two threads", () => {
  it("[P13] rejects what a dead writer was asked, and works on in a new thread", async () => {
    const workers = startedWorkers();
    const store = scratchStore();
    await store.open();
    await store.save([create("a")]);
    // From here on the thread runs nothing any more, though nobody has been told yet.
    const ending = (workers[0] as Worker).terminate();
    const saving = expect(store.save([create("b")])).rejects.toMatchObject({ code: "WORKER_DEAD" });
    await ending;
    await saving;
    expect((await store.load(A))?.record.revision).toBe(1);
    expect(await store.save([create("c")])).toEqual(["saved"]);
    expect(workers.length).toBe(3);
    await store.close();
    expect(workers.map((worker) => worker.threadId)).toEqual([-1, -1, -1]);
  });

  it("[P13] rejects what a dead reader is asked, still saves, and reads on in a new thread", async () => {
    const workers = startedWorkers();
    const store = scratchStore();
    await store.open();
    await (workers[1] as Worker).terminate();
    await expect(store.load(A)).rejects.toMatchObject({ code: "WORKER_DEAD", message: expect.stringContaining("reader's thread") });
    expect(await store.save([create("a")])).toEqual(["saved"]);
    expect((await store.load(A))?.record.revision).toBe(1);
    await store.close();
  });

  it("answers what was asked before it is closed, and refuses what comes before it is open or after it is closed", async () => {
    const store = scratchStore();
    await expect(store.load(A)).rejects.toMatchObject({ code: "STORE_CLOSED" });
    await store.open();
    const answers = [
      store.save([create("a")]),
      store.listSessions({ tenant: "", prefix: "", labels: {}, after: "", limit: 1, nowMs: NOW_MS }),
    ];
    await Promise.all(answers);
    const asked = [store.save([create("b")]), store.load(A)];
    await store.close();
    expect(await asked[0]).toEqual(["saved"]);
    expect(await asked[1]).toMatchObject({ record: { revision: 1 } });
    await expect(store.save([])).rejects.toMatchObject({ code: "STORE_CLOSED" });
    await store.close();
  });

  it("rejects a save that SQLite refuses with its code, keeps nothing of it, and works on", async () => {
    const store = scratchStore();
    await store.open();
    await expect(store.save([create("a"), create("b", { revision: 0.5 })])).rejects.toMatchObject({
      name: "SqliteStoreError",
      code: "SQLITE_CONSTRAINT_DATATYPE",
    });
    expect(await store.load(A)).toBe(undefined);
    expect(await store.open()).toEqual({ lastNowMs: 0, lastDeletedRevision: 0 });
    expect(await store.save([create("a")])).toEqual(["saved"]);
  });

  it("does not keep a process alive that forgot to close it, and keeps one alive that waits for it", async () => {
    const file = join(scratchDirectory(), "sessions.db");
    const child = runBeside(file, `store.save([create("id")]).then(([outcome]) => console.log(outcome));`);
    const [text, [code]] = await Promise.all([printed(child), once(child, "exit")]);
    expect([text, code]).toEqual(["saved", 0]);
    const store = scratchStore(file);
    await store.open();
    expect((await store.load({ tenant: "", id: "id" }))?.record.revision).toBe(1);
  });

  it("leaves no thread behind when it is closed", async () => {
    const workers = startedWorkers();
    const store = scratchStore();
    await store.open();
    await store.close();
    expect(workers.map((worker) => worker.threadId)).toEqual([-1, -1]);
  });
});
