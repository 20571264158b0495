/** The programs in our documents run as they stand, against a real server, and print what the comments beside them say. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RealServer, startRealServer } from "./real-server.ts";
import { read, root } from "./repository.ts";

const DOCUMENTS = ["README.md", "clients/python/README.md", "docs/going-back.md", "docs/declared-variables.md"];
const folder = mkdtempSync(join(tmpdir(), "readme-"));
let server: RealServer;

beforeAll(async () => {
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  server = await startRealServer();
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const programs = DOCUMENTS.flatMap((path) =>
  [...read(path).matchAll(/^```(python|ts)\n([\s\S]*?)^```$/gm)].map(([, language = "", text = ""], at) => ({ path, at, language, text })),
);

/** The comments beside the lines that print. */
const promised = (text: string) => [...text.matchAll(/^\s*(?:print|console\.log)\(.*\);? +(?:#|\/\/) (.*)$/gm)].map((found) => found[1]);

test.each(programs)("$path, program $at ($language)", ({ at, language, text }) => {
  const file = join(folder, `program-${at}.${language === "ts" ? "ts" : "py"}`);
  writeFileSync(file, text);
  const [command, ...args] =
    language === "ts" ? [process.execPath, "--disable-warning=ExperimentalWarning"] : [join(root, ".venv/bin/python")];
  const environment = { ...process.env, SESSION_BRIDGE_ADDRESS: server.address, NO_COLOR: "1", FORCE_COLOR: "0" };
  const done = spawnSync(command ?? "", [...args, file], { cwd: folder, env: environment, encoding: "utf8" });
  expect(done).toMatchObject({ status: 0, stderr: "" });
  expect(done.stdout.split("\n").slice(0, -1)).toEqual(promised(text));
});

test("every document with a quick start has its programs tested", () => {
  expect(programs.filter((program) => program.language === "ts").length).toBeGreaterThanOrEqual(2);
  expect(new Set(programs.filter((program) => program.language === "python").map((program) => program.path))).toEqual(new Set(DOCUMENTS));
});
