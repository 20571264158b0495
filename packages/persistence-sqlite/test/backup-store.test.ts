import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { backupStore } from "../src/index.ts";
import { create, noise, scratchDirectory, scratchStore } from "./scratch.ts";

/** An open store whose sessions are saved one after another: "0", "1", "2" … */
async function writtenStore(count: number) {
  const file = join(scratchDirectory(), "sessions.db");
  const store = scratchStore(file);
  await store.open();
  const save = (i: number) => store.save([create(String(i), { bytes: noise(4000, i) }), create(`${i} of the same save`)]);
  for (let i = 0; i < count; i++) await save(i);
  return { file, store, save };
}

describe("backupStore", () => {
  it("copies whole commits up to one moment while others go on, and the copy is a store by itself", async () => {
    const { file, save } = await writtenStore(500);
    let [saved, done] = [500, false];
    const writing = (async () => {
      while (!done) await save(saved++);
    })();
    const target = join(scratchDirectory(), "backup.db");
    const told: number[] = [];
    const report = await backupStore(file, target, (copied, total) => told.push(copied / total));
    done = true;
    await writing;
    expect(report).toEqual({ file, backup: target, schemaVersion: 3, sizeBytes: statSync(target).size });
    expect(saved).toBeGreaterThan(501);
    expect([told.length > 1, told.at(-1)]).toEqual([true, 1]);
    expect(readdirSync(join(target, ".."))).toEqual(["backup.db"]);
    const copy = scratchStore(target);
    await copy.open();
    const ids: string[] = [];
    for (let after: string | undefined = ""; after !== undefined; ) {
      const page = await copy.listSessions({ tenant: "", prefix: "", labels: {}, after, limit: 1000, nowMs: 0 });
      ids.push(...page.items.map(({ key }) => key.id));
      after = page.next;
    }
    const moment = ids.length / 2;
    expect(moment).toBeGreaterThanOrEqual(500);
    expect(new Set(ids)).toEqual(new Set(Array.from({ length: moment }, (_, i) => [String(i), `${i} of the same save`]).flat()));
  });

  it("replaces no file, whatever it is, and leaves none behind when it fails", async () => {
    const { file } = await writtenStore(1);
    const directory = scratchDirectory();
    writeFileSync(join(directory, "mine"), "mine");
    mkdirSync(join(directory, "folder"));
    await expect(backupStore(file, join(directory, "mine"))).rejects.toMatchObject({ code: "TARGET_EXISTS" });
    await expect(backupStore(file, join(directory, "folder"))).rejects.toMatchObject({ code: "TARGET_EXISTS" });
    await expect(backupStore(file, file)).rejects.toMatchObject({ code: "TARGET_EXISTS", message: expect.stringContaining(file) });
    const nowhere = join(directory, "missing", "backup.db");
    await expect(backupStore(file, nowhere)).rejects.toMatchObject({
      code: "DIRECTORY_MISSING",
      message: expect.stringContaining(nowhere),
    });
    const takenMeanwhile = join(directory, "taken");
    const backup = backupStore(file, takenMeanwhile, () => writeFileSync(takenMeanwhile, "theirs"));
    await expect(backup).rejects.toMatchObject({ code: "TARGET_EXISTS" });
    expect(readFileSync(takenMeanwhile, "utf8")).toBe("theirs");
    expect(readFileSync(join(directory, "mine"), "utf8")).toBe("mine");
    expect(readdirSync(directory).sort()).toEqual(["folder", "mine", "taken"]);
  });

  it("is readable by those who may read the store, and takes the place of one that a kill left unfinished", async () => {
    const { file } = await writtenStore(1);
    chmodSync(file, 0o600);
    const target = join(scratchDirectory(), "backup.db");
    copyFileSync(file, `${target}.partial`);
    await backupStore(file, target);
    expect([statSync(target).mode & 0o777, existsSync(`${target}.partial`)]).toEqual([0o600, false]);
  });
});
