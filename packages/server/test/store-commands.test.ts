import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { bytesOf } from "./support/bytes.ts";
import { runCommand, serveProcess, temporaryDirectory } from "./support/command.ts";
import { rawClient } from "./support/raw-client.ts";

/** A server with a store and a client of it. */
async function storedServer() {
  const file = join(temporaryDirectory(), "s.db");
  const store = `sqlite:${file}`;
  const { address, child, ended } = await serveProcess(["--store", store]);
  const client = rawClient(address);
  onTestFinished(() => client.close());
  const set = (sessionId: string, name: string, value = bytesOf("01")) => client.call("setVariable", { sessionId, name, value });
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    expect((await ended).code).toBe(0);
  };
  return { file, store, set, stop };
}

/** A damaged byte in the middle of the text that is stored. */
function damage(file: string, text: string): void {
  const content = readFileSync(file);
  const at = content.indexOf(text);
  expect(at).toBeGreaterThan(0);
  content[at + 3] = (content[at + 3] as number) ^ 1;
  writeFileSync(file, content);
}

test("check and backup work beside a running server, and the backup serves", async () => {
  const { store, set } = await storedServer();
  await set("s", "a");
  const checked = await runCommand(["check", "--store", store]);
  expect(checked).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(checked.stdout)).toMatchObject({ ok: true, sessions: 1, variables: 1, sizeBytes: 2, problemCount: 0, problems: [] });
  const copy = join(temporaryDirectory(), "copy.db");
  const copied = await runCommand(["backup", copy], { environment: { SESSION_BRIDGE_STORE: store } });
  expect(copied).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(copied.stdout)).toMatchObject({ backup: copy, sizeBytes: statSync(copy).size });
  await set("s", "b");
  const second = await serveProcess(["--store", `sqlite:${copy}`]);
  const listed = await runCommand(["list", "s", "--address", second.address]);
  expect(
    listed.stdout
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { name: string }).name),
  ).toEqual(["a"]);
});

test("a backup replaces no file, and says so in one line", async () => {
  const { store, set } = await storedServer();
  await set("s", "a");
  const mine = join(temporaryDirectory(), "mine");
  writeFileSync(mine, "mine");
  const { code, stdout, stderr } = await runCommand(["backup", mine, "--store", store]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toBe(`session-bridge: --store ${store}: ${mine} exists; a copy replaces nothing\n`);
  expect(readFileSync(mine, "utf8")).toBe("mine");
});

test("a backup is restored as a store that was not there, and replaces none that is", async () => {
  const { file, store, set, stop } = await storedServer();
  await set("s", "a");
  const copy = join(temporaryDirectory(), "copy.db");
  await runCommand(["backup", copy, "--store", store]);
  await set("s", "b");
  const refused = await runCommand(["restore", copy, "--store", store]);
  expect(refused).toMatchObject({
    code: 1,
    stdout: "",
    stderr: `session-bridge: --store ${store}: ${file} exists; a copy replaces nothing\n`,
  });
  await stop();
  const restored = join(temporaryDirectory(), "restored.db");
  const { code, stdout, stderr } = await runCommand(["restore", copy, "--store", `sqlite:${restored}`]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(JSON.parse(stdout)).toMatchObject({ file: restored, backup: copy, sizeBytes: statSync(restored).size });
  const { address } = await serveProcess(["--store", `sqlite:${restored}`]);
  const listed = await runCommand(["list", "s", "--address", address]);
  expect(listed.stdout).toMatch(/^\{"name":"a".*\}\n$/);
});

test("[P21] a damaged backup is not restored, and what is damaged is named", async () => {
  const { store, set } = await storedServer();
  await set("s", "a", Buffer.from("\xa8a marker", "latin1"));
  const copy = join(temporaryDirectory(), "copy.db");
  await runCommand(["backup", copy, "--store", store]);
  damage(copy, "a marker");
  const restored = join(temporaryDirectory(), "restored.db");
  const { code, stdout } = await runCommand(["restore", copy, "--store", `sqlite:${restored}`]);
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ ok: false, problems: [{ kind: "value", name: "a" }] });
  expect(existsSync(restored)).toBe(false);
});

test("[P21] a damaged value is named by check, with exit code 1, and stops no server", async () => {
  const { file, store, set, stop } = await storedServer();
  await set("s", "a", Buffer.from("\xa8a marker", "latin1"));
  await set("s", "b");
  await stop();
  damage(file, "a marker");
  const { code, stdout, stderr } = await runCommand(["check", "--store", store]);
  expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
  expect(JSON.parse(stdout)).toMatchObject({
    ok: false,
    problemCount: 1,
    problems: [{ kind: "value", session: { tenant: "", id: "s" }, name: "a", text: "its bytes do not verify" }],
  });
  await serveProcess(["--store", store]);
});

test("damaged pages stop a server with one clear line and exit code 1, the file stays as it is, and check says more", async () => {
  const { file, store, set, stop } = await storedServer();
  await set("s", "a");
  await stop();
  const content = readFileSync(file);
  content.fill(0xff, 4096 * 3, 4096 * 3 + 8);
  writeFileSync(file, content);
  const { code, stdout, stderr } = await runCommand(["serve", "--listen", "127.0.0.1:0", "--log-level", "silent", "--store", store]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(/^session-bridge: --store sqlite:.*: the store cannot be opened: .*s\.db is damaged and was left as it is; .+\n$/);
  expect(readFileSync(file).equals(content)).toBe(true);
  const checked = await runCommand(["check", "--store", store]);
  const report = JSON.parse(checked.stdout) as { readonly ok: boolean; readonly problems: readonly { readonly kind: string }[] };
  expect([checked.code, report.ok, report.problems[0]?.kind]).toEqual([1, false, "pages"]);
  expect(readFileSync(file).equals(content)).toBe(true);
});

test("what is no store is one clear line and exit code 1, what is no file's name is exit code 2, and no file is made", async () => {
  const directory = temporaryDirectory();
  const text = join(directory, "notes.txt");
  writeFileSync(text, "notes ".repeat(1000));
  for (const args of [["check"], ["backup", join(directory, "copy.db")]]) {
    for (const file of [text, join(directory, "missing.db")]) {
      const { code, stdout, stderr } = await runCommand([...args, "--store", `sqlite:${file}`]);
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toMatch(new RegExp(`^session-bridge: --store sqlite:${file}: .*${file}.*\n$`));
    }
    expect(await runCommand([...args, "--store", "memory"])).toMatchObject({
      code: 2,
      stderr: "session-bridge: --store: expected sqlite:PATH\n",
    });
  }
  expect([existsSync(join(directory, "missing.db")), existsSync(join(directory, "copy.db"))]).toEqual([false, false]);
});

test("at a terminal, and only there, progress is shown on standard error", async () => {
  const { store, set } = await storedServer();
  await set("s", "a");
  const { run } = await import("../src/cli/program.ts");
  const { checkStore, backupStore } = await import("@session-bridge/persistence-sqlite");
  const shown: string[] = [];
  const io = {
    environment: {},
    print: () => {},
    colours: false,
    complain: () => {},
    checkStore,
    backupStore,
    showProgress: (line: string) => shown.push(line),
  };
  const none = (): never => {
    throw new Error("not needed");
  };
  const files = { printLive: none, readStdin: none, openOutput: none, openInput: none };
  const unused = { ...files, openStore: none, connect: none, startTelemetry: none, fetchPage: none, formatSummary: none };
  const code = await run(["check", "--store", store], { ...io, ...unused });
  expect([code, shown]).toEqual([0, ["checked 0 of 1 sessions (0 %)", "checked 1 of 1 sessions (100 %)", ""]]);
});
