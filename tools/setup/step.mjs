// A step is made once and again only when what it is made from changes: its stamp holds the hash of that.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { root } from "./process.mjs";

/** The fields of a package.json that npm installs from: a changed script is no reason to install again. */
const INSTALLED = ["name", "version", "workspaces", "bin", "dependencies", "devDependencies", "optionalDependencies", "overrides"];

/** What counts of an input file. */
function content(file) {
  const text = readFileSync(join(root, file));
  if (basename(file) !== "package.json") return text;
  const manifest = JSON.parse(text);
  return JSON.stringify(INSTALLED.map((field) => manifest[field]));
}

/** The hash of the step's inputs, the machine and the place: a checkout that was moved has virtual environments that point elsewhere. */
function fingerprint(step) {
  const hash = createHash("sha256").update(`${process.platform} ${process.arch} ${root}`);
  for (const file of step.inputs) hash.update(`\0${file}\0`).update(content(file));
  return hash.digest("hex");
}

/** Whether the step has to run. */
export function stale(step) {
  const path = join(root, step.stamp);
  return !existsSync(path) || readFileSync(path, "utf8") !== fingerprint(step) || !step.usable();
}

/** Runs the step and stamps it; one that is interrupted leaves no stamp. */
export function runStep(step) {
  const path = join(root, step.stamp);
  const start = Date.now();
  console.log(`setup: ${step.title} …`);
  rmSync(path, { force: true });
  step.make();
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, fingerprint(step));
  console.log(`setup: ${step.title} done in ${((Date.now() - start) / 1000).toFixed(1)} s`);
}
