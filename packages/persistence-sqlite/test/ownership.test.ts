import { once } from "node:events";
import { hostname } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { create, printed, runBeside, scratchDirectory, scratchStore } from "./scratch.ts";

const someFile = (): string => join(scratchDirectory(), "sessions.db");

describe("a file has one owner", () => {
  it("a second store in the same process is refused and told who it is, and the first one works on", async () => {
    const file = someFile();
    const first = scratchStore(file);
    await first.open();
    await expect(scratchStore(file).open()).rejects.toMatchObject({
      code: "STORE_IN_USE",
      message: expect.stringContaining(`${file} is in use by process ${process.pid} on ${hostname()} since 20`),
    });
    expect(await first.save([create("a")])).toEqual(["saved"]);
    await first.close();
    const next = scratchStore(file);
    await next.open();
    expect((await next.load({ tenant: "", id: "a" }))?.record.revision).toBe(1);
  });

  it("another process is refused and told who it is; when the owner is killed, the file is free at once with all it has", async () => {
    const file = someFile();
    const owner = runBeside(file, `await store.save([create("id")]); console.log("ready"); setInterval(() => {}, 1000);`);
    expect(await printed(owner)).toBe("ready");
    const store = scratchStore(file);
    await expect(store.open()).rejects.toMatchObject({ code: "STORE_IN_USE", message: expect.stringContaining(`process ${owner.pid} on`) });
    owner.kill("SIGKILL");
    await once(owner, "exit");
    await store.open();
    expect((await store.load({ tenant: "", id: "id" }))?.record.revision).toBe(1);
  });

  it("of many that open at once exactly one gets it", async () => {
    const file = someFile();
    const stores = Array.from({ length: 6 }, () => scratchStore(file));
    const opened = await Promise.allSettled(stores.map((store) => store.open()));
    const codes = opened.map((one) => (one.status === "fulfilled" ? "opened" : (one.reason as { code: string }).code));
    expect(codes.sort()).toEqual([...Array(5).fill("STORE_IN_USE"), "opened"]);
  });

  it("a store that refused its file leaves it to others", async () => {
    const file = someFile();
    const theirs = new Database(file);
    theirs.exec("CREATE TABLE theirs (x)");
    theirs.close();
    await expect(scratchStore(file).open()).rejects.toMatchObject({ code: "NOT_A_STORE" });
    const ours = new Database(file);
    ours.exec("DROP TABLE theirs");
    ours.close();
    await scratchStore(file).open();
  });
});
