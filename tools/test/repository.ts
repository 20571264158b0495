import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout. */
export const root = fileURLToPath(new URL("../..", import.meta.url));

/** The text of a file of the checkout. */
export const read = (path: string): string => readFileSync(join(root, path), "utf8");

/** Every file that git has or would add, as paths from the checkout; a folder that is no checkout of git has none. */
export function ownFiles(): readonly string[] {
  const done = spawnSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: root, encoding: "utf8" });
  return done.stdout.split("\n").filter((path) => path !== "");
}

/** The TypeScript sources below a folder of the checkout, as paths from the checkout. */
export const sourcesBelow = (folder: string): readonly string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => `${folder}/${path}`)
    .sort();

/** The packages of the monorepo, by folder. */
export const packages: readonly string[] = readdirSync(join(root, "packages"));
