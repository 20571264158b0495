import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "./repository.ts";

const patches = readdirSync(join(root, "tools/mutants")).filter((name) => name.endsWith(".patch"));

test.each(patches)("the planted bug %s still fits the sources; `npm run test:mutants` shows that a test finds it", (name) => {
  const { status, stderr } = spawnSync("git", ["apply", "--check", join("tools/mutants", name)], { cwd: root, encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});
