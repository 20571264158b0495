import { spawn, spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const tools = fileURLToPath(new URL("..", import.meta.url));

/** Both programs write what they were asked to do into one log; neither needs a network. */
const NPM = `
const { appendFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } = require("node:fs");
const args = process.argv.slice(2);
if (args[0] === "--version") console.log(process.env.FAKE_NPM_VERSION ?? "11.0.0");
else {
  appendFileSync(process.env.FAKE_LOG, "npm " + args.join(" ") + "\\n");
  rmSync("node_modules", { recursive: true, force: true });
  mkdirSync("node_modules/.bin", { recursive: true });
  mkdirSync("node_modules/typescript/bin", { recursive: true });
  symlinkSync(process.execPath, "node_modules/.bin/node");
  writeFileSync("node_modules/typescript/bin/tsc", "");
}`;
const PYTHON = `#!${process.execPath}
const { appendFileSync, copyFileSync, mkdirSync } = require("node:fs");
const [flag, what, , target] = process.argv.slice(2);
if (flag === "-c") { if (what) console.log(process.env.FAKE_PYTHON ?? "3 11 venv", __filename); }
else {
  appendFileSync(process.env.FAKE_LOG, "python " + what + "\\n");
  if (what === "venv") {
    mkdirSync(target + "/bin", { recursive: true });
    copyFileSync(__filename, target + "/bin/python");
  }
}`;

/** What a set-up printed and how it ended. */
export interface SetupRun {
  readonly status: number | null;
  readonly text: string;
}

/** A checkout of nothing but the set-up program, with an npm and a Python that only write down what they are asked to do. */
export function fakeCheckout() {
  const root = mkdtempSync(join(tmpdir(), "setup-"));
  const log = join(root, "log.txt");
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  cpSync(join(tools, "setup"), join(root, "tools/setup"), { recursive: true });
  cpSync(join(tools, "setup.mjs"), join(root, "tools/setup.mjs"));
  for (const path of ["package.json", "package-lock.json", "packages/one/package.json"]) write(path, "{}");
  for (const path of ["clients/python/pyproject.toml", "clients/python/requirements.lock"]) write(path, "");
  write("fake/npm-cli.cjs", NPM);
  write("fake/python3", PYTHON);
  chmodSync(join(root, "fake/python3"), 0o755);

  const env = (extra: Readonly<Record<string, string>>) => ({
    PATH: join(root, "fake"),
    FAKE_LOG: log,
    npm_execpath: join(root, "fake/npm-cli.cjs"),
    npm_config_user_agent: "npm/11.0.0 node/v20.0.0",
    ...extra,
  });
  const program = join(root, "tools/setup.mjs");
  return {
    root,
    write,
    /** What npm and Python were asked to do so far. */
    asked: (): readonly string[] => (existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : []),
    setup(args: readonly string[] = [], extra: Readonly<Record<string, string>> = {}): SetupRun {
      const done = spawnSync(process.execPath, [program, ...args], { env: env(extra), encoding: "utf8" });
      return { status: done.status, text: done.stdout + done.stderr };
    },
    /** The same without waiting in between, for two at once. */
    setupLater: () =>
      new Promise<SetupRun>((resolve) => {
        const child = spawn(process.execPath, [program], { env: env({}) });
        let text = "";
        child.stdout.on("data", (chunk) => (text += chunk));
        child.stderr.on("data", (chunk) => (text += chunk));
        child.on("close", (status) => resolve({ status, text }));
      }),
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}
