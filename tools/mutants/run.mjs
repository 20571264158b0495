// Plants known bugs, one after another, in a copy of the checkout, and shows which test turns red: `npm run test:mutants [-- name …]`.
//
// A bug is a patch beside this file. Its first lines are `Bug: what is wrong` and `Test: folder: command`; the command must fail with the
// patch and succeed without it. Ends with 1 when a bug is not found, a patch no longer applies, or a test is red without any.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");
const TIMEOUT_MS = 300_000;

/** The bug, its test's folder and command, and the patch's path. */
function readMutant(path) {
  const header = (word) => new RegExp(`^${word}: (.*)$`, "m").exec(readFileSync(path, "utf8"))?.[1];
  const [, folder, command] = /^([^:]+): (.+)$/.exec(header("Test") ?? "") ?? [];
  const bug = header("Bug");
  if (bug === undefined || folder === undefined) throw new Error(`${path} does not begin with "Bug: …" and "Test: folder: command"`);
  return { name: basename(path, ".patch"), bug, folder, command, path };
}

/** The tracked files as they are now, with the installed packages, the workspace's own ones being the copy's. */
function copyCheckout(to) {
  const files = execFileSync("git", ["ls-files", "-z"], { cwd: root, encoding: "utf8" }).split("\0");
  for (const file of files.filter((each) => each !== "" && existsSync(join(root, each)))) cpSync(join(root, file), join(to, file));
  mkdirSync(join(to, "node_modules/@session-bridge"), { recursive: true });
  for (const entry of readdirSync(join(root, "node_modules"))) {
    if (entry !== "@session-bridge") symlinkSync(join(root, "node_modules", entry), join(to, "node_modules", entry));
  }
  symlinkSync(join(root, ".venv"), join(to, ".venv"));
  for (const entry of readdirSync(join(to, "packages"))) {
    symlinkSync(join(to, "packages", entry), join(to, "node_modules/@session-bridge", entry));
  }
}

/** Runs a test in the copy; `red` is its first failure, undefined when it succeeds. */
function runTest(copy, { folder, command }) {
  const bins = join(copy, "node_modules/.bin");
  const env = { ...process.env, NO_COLOR: "1", FORCE_COLOR: "0", PATH: `${bins}${delimiter}${process.env.PATH}` };
  const begun = performance.now();
  const { status, stdout, stderr } = spawnSync(command, {
    cwd: join(copy, folder),
    env,
    shell: true,
    encoding: "utf8",
    timeout: TIMEOUT_MS,
  });
  const output = `${stdout}\n${stderr}`;
  const seconds = ((performance.now() - begun) / 1_000).toFixed(0);
  if (status === 0) return { red: undefined, seconds, output };
  return { red: /^\s*FAILE?D?\s+(.*)$/m.exec(output)?.[1] ?? `ended with ${status ?? "a timeout"}`, seconds, output };
}

function main(wanted) {
  const mutants = readdirSync(here)
    .filter((file) => file.endsWith(".patch"))
    .map((file) => readMutant(join(here, file)))
    .filter(({ name }) => wanted.length === 0 || wanted.includes(name));
  const missing = wanted.filter((name) => !mutants.some((mutant) => mutant.name === name));
  if (missing.length > 0) throw new Error(`there is no tools/mutants/${missing[0]}.patch`);
  // Outside the checkout: git applies nothing to files that another repository ignores.
  const copy = mkdtempSync(join(tmpdir(), "session-bridge-mutants-"));
  try {
    copyCheckout(copy);
    return judge(copy, mutants);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** Prints a row for each mutant; the number of those that nobody found. */
function judge(copy, mutants) {
  const sound = new Map();
  let survivors = 0;
  const row = (...cells) => console.log(`| ${cells.join(" | ")} |`);
  row("bug", "what it does", "red", "s");
  row("---", "---", "---", "---");
  for (const mutant of mutants) {
    const test = `${mutant.folder}: ${mutant.command}`;
    if (!sound.has(test)) {
      const { red, output } = runTest(copy, mutant);
      if (red !== undefined) throw new Error(`red without any bug: ${test}\n${output.slice(-4_000)}`);
      sound.set(test, true);
    }
    const apply = (...flags) => spawnSync("git", ["apply", ...flags, mutant.path], { cwd: copy, encoding: "utf8" });
    const applied = apply();
    if (applied.status !== 0) throw new Error(`${mutant.name}.patch does not apply any more; renew it\n${applied.stderr}`);
    const { red, seconds } = runTest(copy, mutant);
    apply("--reverse");
    if (red === undefined) survivors += 1;
    row(mutant.name, mutant.bug, red ?? "NOT FOUND", seconds);
  }
  console.log(survivors === 0 ? `${mutants.length} of ${mutants.length} found` : `${survivors} of ${mutants.length} NOT FOUND`);
  return survivors;
}

try {
  process.exitCode = main(process.argv.slice(2)) === 0 ? 0 : 1;
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
