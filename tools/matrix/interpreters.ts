/** The interpreters that the matrix asks for, and where this machine has them. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { root } from "../checks/modules.ts";

/** The lines of Node that we support. */
export const NODES = ["22", "24", "26"] as const;
/** The versions of Python that we support. */
export const PYTHONS = ["3.11", "3.12", "3.13"] as const;

const firstLine = (command: string, args: readonly string[]) => {
  const done = spawnSync(command, args, { encoding: "utf8" });
  return done.status === 0 ? done.stdout.trim() : undefined;
};

/** The program of a line of Node: 24 is the checkout's own, the others come from tools/matrix/package.json. */
export function findNode(line: string): string | undefined {
  const matrix = join(root, "tools/matrix/node_modules");
  const folders = existsSync(matrix) ? readdirSync(matrix).filter((name) => name.startsWith(`node${line}-`)) : [];
  const programs = [...folders.map((name) => join(matrix, name, "bin/node")), join(root, "node_modules/.bin/node"), process.execPath];
  return programs.find((path) => firstLine(path, ["--version"])?.startsWith(`v${line}.`));
}

/** A Python that really runs: a shim on the PATH may only say that its version is not chosen, so pyenv's own folder is asked too. */
export function findPython(version: string): string | undefined {
  const versions = join(process.env.PYENV_ROOT ?? join(homedir(), ".pyenv"), "versions");
  const installed = existsSync(versions) ? readdirSync(versions).filter((name) => name.startsWith(`${version}.`)) : [];
  const programs = [`python${version}`, ...installed.map((name) => join(versions, name, "bin/python"))];
  const probe = "import sys; print(sys.executable, '%d.%d' % sys.version_info[:2])";
  for (const program of programs) {
    const answer = firstLine(program, ["-c", probe]);
    if (answer?.endsWith(` ${version}`)) return answer.slice(0, -version.length - 1);
  }
  return undefined;
}
