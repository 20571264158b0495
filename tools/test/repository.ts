import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../checks/modules.ts";

export { root } from "../checks/modules.ts";

/** The text of a file of the checkout. */
export const read = (path: string): string => readFileSync(join(root, path), "utf8");

/** Every file that git has or would add, as paths from the checkout. */
export function ownFiles(): readonly string[] {
  const done = spawnSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: root, encoding: "utf8" });
  if (done.status !== 0) throw new Error(`git ls-files: ${done.stderr}`);
  return done.stdout.split("\n").filter((path) => path !== "");
}
