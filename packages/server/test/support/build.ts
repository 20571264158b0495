import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Builds what has changed, so that a test never judges an old build. */
export function setup(): void {
  const root = fileURLToPath(new URL("../../../../", import.meta.url));
  execFileSync(`${root}node_modules/.bin/tsc`, ["-b", "packages/server"], { cwd: root, stdio: "inherit" });
}
